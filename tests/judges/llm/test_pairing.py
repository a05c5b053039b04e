from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judges.contracts import Case, Preference, Silence, Turn
from judges.llm import pairing
from judges.llm.dialect import ResponseFormat
from judges.llm.pairing import Scored
from judges.llm.parsing import Unparsable
from judges.llm.reply import Reply
from judges.llm.transcript import Silenced

CASE = Case(prompt=(Turn("user", "p"),), first=("b",), second=("a",), seed=3)


def reply(text: str) -> Reply:
    return Reply(text, "m", "stop", ResponseFormat.TEXT)


@pytest.mark.parametrize("score", [3, 3.0, "3", "3/10"])
def test_scores_are_read_however_a_number_is_said(score: Any) -> None:
    text = json.dumps({"reason": "r", "score_a": score, "score_b": 7.5})
    assert pairing.read_scores(reply(text), 0, 10) == Scored(3.0, 7.5, "r")


@pytest.mark.parametrize(
    "said",
    [
        {"reason": "r", "score_a": 3},
        {"reason": "r", "score_a": 3, "score_b": None},
        {"reason": "r", "score_a": 3, "score_b": 10.5},
        {"reason": "r", "score_a": -1, "score_b": 10},
        {"score_a": 3, "score_b": 4},
    ],
)
def test_one_score_alone_or_off_the_scale_is_worth_nothing(said: dict[str, Any]) -> None:
    assert isinstance(pairing.read_scores(reply(json.dumps(said)), 0, 10), Unparsable)


def test_the_schema_puts_the_reason_first() -> None:
    schema = pairing.scores_schema(1, 10)
    assert list(schema["properties"]) == ["reason", "score_a", "score_b"]
    assert schema["properties"]["score_a"]["enum"][:4] == [1, 1.5, 2, 2.5]
    assert schema["properties"]["score_a"]["enum"][-1] == 10


@given(st.floats(0, 10), st.floats(0, 10), st.floats(0, 5))
def test_the_higher_score_wins_by_more_than_the_margin(a: float, b: float, margin: float) -> None:
    found = pairing.preference_of(a, b, margin)
    if abs(a - b) <= margin:
        assert found is Preference.TIE
    else:
        assert found is (Preference.FIRST if a > b else Preference.SECOND)


def test_a_canonical_case_does_not_know_which_answer_was_first() -> None:
    one, turned = pairing.canonical(CASE)
    other, straight = pairing.canonical(pairing.swapped(CASE))
    assert one == other
    assert (turned, straight) == (True, False)
    assert pairing.swapped(pairing.swapped(CASE)) == CASE


def test_of_several_silences_the_most_frequent_speaks() -> None:
    silent = [
        Silenced(Silence.REFUSED, "no"),
        Silenced(Silence.UNPARSABLE, "first"),
        Silenced(Silence.UNPARSABLE, "second"),
    ]
    found = pairing.prevailing(silent, "only 1 of 4")
    assert found.silence is Silence.UNPARSABLE
    assert str(found) == "only 1 of 4: first"
    assert str(pairing.prevailing([], "nobody")) == "nobody"


def test_the_mean() -> None:
    assert pairing.mean([1.0, 2.0, 6.0]) == 3.0
