from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from judges.stats.raters.drift import drift
from judges.stats.raters.votes import columns
from tests.judges.stats.raters.crowd import ballots, honestly


def better(first, second, rng):
    return "first" if first < second else "second"


def test_who_tires_is_seen_and_who_does_not_is_not():
    calls = iter(range(200))

    def tires(first, second, rng):
        if next(calls) < 100:
            return better(first, second, rng)
        return "first" if rng.random() < 0.5 else "second"

    found = drift(columns(ballots(*[better] * 6, tires, votes=200)))

    assert found.p[6, 0] < 1e-6
    assert found.agreement[6, 0] == pytest.approx(1.0, abs=0.1)
    assert found.agreement[6, 1] == pytest.approx(0.5, abs=0.15)


def test_who_hurries_is_seen():
    cast = ballots(*[honestly] * 4, votes=100)
    middle = np.median([vote.at for vote in cast if vote.rater == "r00"])
    hurried = [
        dataclasses.replace(vote, seconds=vote.seconds / 2)
        if vote.rater == "r00" and vote.at > middle
        else vote
        for vote in cast
    ]

    found = drift(columns(hurried))

    assert found.p[0, 1] < 1e-6
    assert found.seconds[0, 0] / found.seconds[0, 1] == pytest.approx(2, rel=0.2)
    assert found.p[1:, 1].min() > 0.01


def test_a_few_votes_say_nothing():
    found = drift(columns(ballots(*[honestly] * 3, votes=10)))

    assert found.p.tolist() == [[1.0, 1.0]] * 3
