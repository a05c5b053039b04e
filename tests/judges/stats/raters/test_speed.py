from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from judges.stats.raters.speed import median_seconds, speed_p, too_fast
from judges.stats.raters.votes import columns
from tests.judges.stats.raters.crowd import ballots, crowd, honestly


def test_medians_are_of_each_rater():
    votes = crowd(*[honestly] * 4, votes=31)

    expected = [np.median(votes.seconds[votes.rater == rater]) for rater in range(4)]
    assert median_seconds(votes).tolist() == pytest.approx(expected)


def test_who_does_not_read_is_found_and_who_reads_fast_is_not():
    cast = ballots(*[honestly] * 8, votes=50)
    pace = {"r06": 0.4, "r07": 0.05}
    cast = [
        dataclasses.replace(vote, seconds=vote.seconds * pace.get(vote.rater, 1)) for vote in cast
    ]

    p = speed_p(columns(cast))

    assert p[7] < 1e-6
    assert p[:7].min() > 0.05


def test_short_answers_may_be_answered_fast():
    cast = ballots(honestly, votes=20)
    hurried = [
        dataclasses.replace(
            vote, item=f"{vote.item}{size}", seconds=0.5, first_length=size, second_length=size
        )
        for vote in cast
        for size in (50, 5000)
    ]
    votes = columns([*cast, *ballots(*[honestly] * 2, votes=20), *hurried])

    fast = too_fast(votes)

    assert not fast[votes.lengths[:, 0] == 50].any()
    assert fast[votes.lengths[:, 0] == 5000].all()
