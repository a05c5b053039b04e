from __future__ import annotations

import dataclasses

import numpy as np

from judges.stats.raters.bursts import burst
from judges.stats.raters.field import expect
from judges.stats.raters.votes import columns
from tests.judges.stats.raters.crowd import ballots, for_, honestly


def highest(cast):
    votes = columns(cast)
    return votes, burst(expect(votes, np.arange(votes.raters) < 15))


def test_a_raid_of_several_accounts_is_found():
    cast = ballots(*[honestly] * 15, *[for_(3)] * 6, votes=60)
    raid = [
        dataclasses.replace(vote, at=5e5 + vote.at % 3000) if int(vote.rater[1:]) >= 15 else vote
        for vote in cast
    ]

    _, found = highest(raid)

    assert found.competitor == 3
    assert found.p <= 0.01
    assert found.start <= 5e5 + 3000
    assert found.end >= 5e5
    assert found.wins > found.expected + 10
    assert found.raters[15:].sum() >= 5


def test_honest_raters_make_no_burst():
    p = [highest(ballots(*[honestly] * 15, votes=60, seed=seed))[1].p for seed in range(10)]

    assert min(p) > 0.01


def test_one_moment_is_no_time():
    cast = [dataclasses.replace(vote, at=1.0) for vote in ballots(honestly, votes=20)]

    assert burst(expect(columns(cast), np.ones(1, dtype=bool))) is None
