from __future__ import annotations

import dataclasses

import pytest

from judges.stats.raters.votes import FIRST, SECOND, Vote, columns
from judges.stats.verdicts import BOTH_BAD, NONE, TIE, A, B

VOTE = Vote("ann", "i1", first=7, second=4, choice="first", seconds=9.0, at=20.0)


def vote(**changes):
    return dataclasses.replace(VOTE, **changes)


def test_votes_stand_by_rater_and_time_and_speak_of_what_was_shown():
    found = columns(
        [vote(), vote(item="i2", at=10.0, choice="second", gold="tie"), vote(rater="abe", first=9)]
    )

    assert found.keys == ("abe", "ann")
    assert found.labels == (4, 7, 9)
    assert found.rater.tolist() == [0, 1, 1]
    assert found.at.tolist() == [20.0, 10.0, 20.0]
    assert found.choice.tolist() == [FIRST, SECOND, FIRST]
    assert found.gold.tolist() == [NONE, TIE, NONE]
    assert found.first.tolist() == [2, 1, 1]


def test_a_verdict_is_the_same_whichever_side_was_shown_first():
    shown = vote(first=4, second=7, choice="second"), vote(rater="ben", choice="first")

    assert columns(shown).verdict.tolist() == [B, B]
    assert columns([vote(choice="second")]).verdict.tolist() == [A]
    assert columns([vote(choice="both_bad")]).verdict.tolist() == [BOTH_BAD]


def test_lengths_and_prompts_may_be_unknown():
    found = columns([vote(), vote(item="i2", prompt="p", first_length=10, second_length=20)])

    assert found.lengths[1].tolist() == [10.0, 20.0]
    assert found.lengths[0].tolist() != found.lengths[0].tolist()  # nan
    assert found.prompts == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"second": 7}, "item i1: first and second"), ({"choice": "left"}, "choice 'left'")],
)
def test_a_vote_that_makes_no_sense_is_named(changes, words):
    with pytest.raises(ValueError, match=words):
        columns([vote(**changes)])


def test_no_votes_are_no_columns():
    assert columns([]).raters == 0
