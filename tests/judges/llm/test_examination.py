from __future__ import annotations

import json
from typing import Any

import pytest

from judges.llm.dialect import ResponseFormat
from judges.llm.examination import (
    Measures,
    Question,
    Said,
    Tally,
    answers_schema,
    measure,
    numbered,
    read_answers,
    read_questions,
    tally,
)
from judges.llm.parsing import Unparsable
from judges.llm.reply import Reply

Y, N, I = Said.YES, Said.NO, Said.IDK  # noqa: E741


def reply(said: Any) -> Reply:
    text = said if isinstance(said, str) else json.dumps(said)
    return Reply(text, "m", "stop", ResponseFormat.TEXT)


def counted(yes: int = 0, no: int = 0, idk: int = 0, controls: int = 0, wrong: int = 0) -> Tally:
    return Tally(yes, no, idk, controls, wrong)


def test_without_controls_the_measures_are_the_published_ones() -> None:
    of_document, of_answer = counted(yes=6, no=1, idk=3), counted(yes=9, no=0, idk=1)
    found = measure(of_document, of_answer, (200, 50))
    assert found.coverage == pytest.approx(70)
    assert found.conformity == pytest.approx(90)
    assert found.consistency == pytest.approx(90)
    assert found.conciseness == pytest.approx(75)
    assert found.overall == pytest.approx(250 / 3)


def test_a_claim_that_the_document_contradicts_counts_like_an_invented_one() -> None:
    words = (100, 100)
    invented = measure(counted(yes=10), counted(yes=8, idk=2), words)
    contradicted = measure(counted(yes=10), counted(yes=8, no=2), words)
    assert invented.consistency == contradicted.consistency == pytest.approx(80)


def test_yes_to_a_control_counts_against_conformity_and_consistency() -> None:
    one = counted(yes=10, controls=5, wrong=1)
    found = measure(one, one, (100, 100))
    assert found.conformity == found.consistency == pytest.approx(100 * (1 - 1 / 15))
    assert found.coverage == pytest.approx(100)


def test_who_says_yes_to_everything_has_shown_nothing() -> None:
    always = counted(yes=10, controls=3, wrong=3)
    found = measure(always, always, (100, 10))
    assert (found.coverage, found.conformity, found.consistency) == (0, 0, 0)
    honest = measure(counted(yes=3, idk=7, controls=3), counted(yes=2, idk=8, controls=3), (9, 9))
    assert honest.overall > found.overall


def test_an_answer_that_claims_nothing_earns_no_consistency() -> None:
    found = measure(counted(idk=10), None, (100, 1))
    assert (found.coverage, found.conformity, found.consistency) == (0, 100, 0)


def test_a_longer_answer_than_the_document_has_negative_conciseness() -> None:
    assert measure(counted(yes=1), counted(yes=1), (10, 25)).conciseness == pytest.approx(-150)
    assert measure(counted(yes=1), counted(yes=1), (0, 5)).conciseness == 0


def test_a_record_names_all_measures() -> None:
    assert Measures(1, 2, 3, 4).record() == {
        "coverage": 1,
        "conformity": 2,
        "consistency": 3,
        "conciseness": 4,
        "overall": 2,
    }


def test_a_tally_tells_questions_from_controls() -> None:
    asked = [Question("a"), Question("b", True), Question("c"), Question("d", True), Question("e")]
    assert tally(asked, [Y, Y, N, I, I]) == counted(1, 1, 1, controls=2, wrong=1)


def test_questions_are_kept_once_cut_to_the_number_and_mixed_with_controls() -> None:
    said = {"questions": ["a?", " a? ", "b?", "", "c?"], "controls": ["x?", "a?", "y?"]}
    found = read_questions(reply(said), 2, 1)
    assert isinstance(found, list)
    assert sorted((one.text, one.control) for one in found) == [
        ("a?", False),
        ("b?", False),
        ("x?", True),
    ]
    many = {"questions": [f"q{n}" for n in range(20)], "controls": [f"c{n}" for n in range(10)]}
    mixed = read_questions(reply(many), 20, 10)
    assert isinstance(mixed, list)
    kinds = [one.control for one in mixed]
    assert kinds not in (sorted(kinds), sorted(kinds, reverse=True))
    assert "control" not in numbered(mixed)


def test_a_source_that_states_nothing_has_no_questions_and_then_no_controls() -> None:
    assert read_questions(reply({"questions": [], "controls": ["x?"]}), 5, 5) == []


@pytest.mark.parametrize(
    "said",
    ["Is it so?", {"questions": "a?", "controls": []}, {"questions": [1], "controls": []}, {}],
)
def test_anything_else_is_no_set_of_questions(said: Any) -> None:
    assert isinstance(read_questions(reply(said), 5, 5), Unparsable)


def test_answers_are_read_in_their_order() -> None:
    assert read_answers(reply({"answers": ["yes", "NO.", " Idk "]}), 3) == [Y, N, I]
    assert read_answers(reply({"answers": {"2": "NO", "1": "YES", "3": "IDK"}}), 3) == [Y, N, I]


def test_the_schema_has_a_place_for_each_answer() -> None:
    answers = answers_schema(2)["properties"]["answers"]
    assert answers["required"] == ["1", "2"]
    assert answers["properties"]["2"]["enum"] == ["YES", "NO", "IDK"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"answers": ["YES"]}, "exactly 2"),
        ({"answers": ["YES"] * 3}, "exactly 2"),
        ({"answers": {"1": "YES"}}, "exactly 2"),
        ({"answers": {"1": "YES", "3": "NO"}}, "exactly 2"),
        ({"answers": {"1": "YES", "2": "NO", "3": "NO"}}, "exactly 2"),
        ({"answers": ["YES", "MAYBE"]}, "'MAYBE' is none of"),
        ({"answers": ["YES", None]}, "none of"),
        ("YES, NO", "no answer in the required form"),
    ],
)
def test_incomplete_answers_are_not_filled_up(said: Any, words: str) -> None:
    found = read_answers(reply(said), 2)
    assert isinstance(found, Unparsable)
    assert words in found.why
