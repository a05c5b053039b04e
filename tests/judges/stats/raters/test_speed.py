from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from judges.stats.raters.speed import LEAST, median_seconds, speed_p, too_fast
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


def told(seconds, gap=0.1):
    """Votes of an honest field, and of r03 with these seconds, each shown `gap` after the last."""
    cast = [vote for vote in ballots(*[honestly] * 4, votes=len(seconds)) if vote.rater != "r03"]
    mine = ballots(*[honestly] * 4, votes=len(seconds))[-len(seconds) :]
    at = np.cumsum(np.array(seconds) + gap)
    pairs = zip(mine, seconds, at, strict=True)
    timed = [dataclasses.replace(vote, seconds=s, at=float(t)) for vote, s, t in pairs]
    return columns([*cast, *timed])


def test_votes_that_an_outage_held_up_make_nobody_hasty():
    # On a line that is cut at every other vote, each of these arrives right behind the one before.
    outages = told([45.0, 0.1] * 15)

    assert not too_fast(outages).any()
    assert speed_p(outages)[3] == 1.0


def test_votes_of_one_screen_are_held_up_together():
    cast = ballots(*[honestly] * 4, votes=8)
    times = [(45.0, 45.0)] * 4 + [(0.1, 45.2)] * 4
    screens = [
        dataclasses.replace(vote, seconds=seconds, at=at)
        for vote, (seconds, at) in zip(cast[-8:], times, strict=True)
    ]

    assert not too_fast(columns([*cast[:-8], *screens])).any()


def test_who_never_reads_is_not_excused_by_one_long_vote():
    votes = told([600.0, *[1.0] * 29])

    assert too_fast(votes).sum() == 28
    assert speed_p(votes)[3] < 1e-6


def test_who_rushes_every_other_vote_without_an_outage_is_found():
    draw = np.random.default_rng(1)
    slow = 20 * np.exp(draw.normal(0, 0.3, 200))
    votes = told(np.where(draw.random(200) < 0.5, 1.0, slow).tolist())

    assert speed_p(votes)[3] < 1e-6


def test_a_vote_after_a_pause_has_no_excuse():
    votes = told([45.0, 0.1] * 15, gap=60.0)

    assert too_fast(votes).sum() == 15


def test_a_handful_of_fast_votes_says_nothing():
    assert speed_p(told([0.5] * (LEAST - 1)))[3] == 1.0
    assert speed_p(told([0.5] * 30))[3] < 1e-6
