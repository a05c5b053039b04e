from __future__ import annotations

import dataclasses

import numpy as np

from judges.stats.raters.copying import copies
from judges.stats.raters.field import expect
from judges.stats.raters.votes import columns
from tests.judges.stats.raters.crowd import ballots, honestly


def found(cast):
    votes = columns(cast)
    return votes, copies(expect(votes, np.ones(votes.raters, dtype=bool)), 0.3, 0.01)


def test_two_accounts_of_one_person_are_found():
    cast = ballots(*[honestly] * 12, votes=80, items=120)
    cast += [dataclasses.replace(vote, rater="twin") for vote in cast if vote.rater == "r03"]

    votes, (group,) = found(cast)

    assert {votes.keys[rater] for rater in group.raters} == {"r03", "twin"}
    assert group.same == group.shared


def test_honest_raters_agree_because_of_the_answers_only():
    for seed in range(5):
        assert found(ballots(*[honestly] * 15, votes=80, items=120, seed=seed))[1] == []


def test_raters_with_different_items_cannot_be_compared():
    assert found(ballots(*[honestly] * 3, votes=10, items=2000))[1] == []
