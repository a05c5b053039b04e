from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judges.contracts import Preference
from judges.llm import ranking
from judges.llm.dialect import ResponseFormat
from judges.llm.parsing import Unparsable
from judges.llm.ranking import Ranked
from judges.llm.reply import Reply


def reply(places: Any, **more: Any) -> Reply:
    text = json.dumps({"reason": "r", "ranking": places} | more)
    return Reply(text, "m", "stop", ResponseFormat.TEXT)


@pytest.mark.parametrize(
    ("places", "ranks"),
    [
        (["B", "A", "C"], ((1,), (0,), (2,))),
        ([["B"], ["A", "C"]], ((1,), (0, 2))),
        (["b", [" a "], "C"], ((1,), (0,), (2,))),
        ([["C", "A", "B"]], ((2, 0, 1),)),
        ([[], ["A"], "B", ["C"], []], ((0,), (1,), (2,))),
    ],
)
def test_an_order_is_read_in_either_form(places: Any, ranks: Any) -> None:
    assert ranking.read(reply(places, checklist=["x"]), 3, ties=True) == Ranked(ranks, "r")


@pytest.mark.parametrize(
    ("places", "words"),
    [
        (["A", "B"], "leaves out C"),
        (["A"], "leaves out B, C"),
        (["A", "B", "C", "A"], "names A twice"),
        (["A", "B", "D"], "names 'D', which is no label"),
        (["A", "B", "C", "ANSWER C"], "no label"),
        ([["A", "B"], "C", ["C"]], "names C twice"),
        ("A > B > C", "no list of labels"),
        ([], "leaves out A, B, C"),
        ([1, 2, 3], "no label"),
        ([{"A": 1}, "B", "C"], "no label"),
    ],
)
def test_an_order_that_is_not_one_is_not_mended(places: Any, words: str) -> None:
    found = ranking.read(reply(places), 3, ties=True)
    assert isinstance(found, Unparsable)
    assert words in found.why


def test_ties_that_were_not_allowed_are_not_broken_for_the_judge() -> None:
    found = ranking.read(reply([["A", "B"], "C"]), 3, ties=False)
    assert isinstance(found, Unparsable)
    assert isinstance(ranking.read(reply([["A"], "B", "C"]), 3, ties=False), Ranked)


@given(st.permutations(range(6)), st.lists(st.booleans(), min_size=5, max_size=5))
def test_any_order_survives_being_said(order: list[int], tied: list[bool]) -> None:
    places: list[list[int]] = [[order[0]]]
    for index, with_last in zip(order[1:], tied, strict=True):
        if with_last:
            places[-1].append(index)
        else:
            places.append([index])
    names = ranking.labels(6)
    said = [[names[index] for index in place] for place in places]
    found = ranking.read(reply(said), 6, ties=True)
    assert isinstance(found, Ranked)
    assert found.ranks == tuple(tuple(place) for place in places)


def test_an_order_of_two_is_a_verdict() -> None:
    assert ranking.preference_of(((0,), (1,))) is Preference.FIRST
    assert ranking.preference_of(((1,), (0,))) is Preference.SECOND
    assert ranking.preference_of(((1, 0),)) is Preference.TIE
    assert ranking.preference_of(((2,), (1,), (0,))) is Preference.SECOND


def test_an_order_in_words() -> None:
    assert ranking.words(((1,), (2, 0))) == "B > A = C"


def test_the_schema_offers_the_labels_that_are_there() -> None:
    tied = ranking.schema(3, ties=True, checklist=True)
    assert list(tied["properties"]) == ["checklist", "reason", "ranking"]
    assert tied["properties"]["ranking"]["items"]["items"]["enum"] == ["A", "B", "C"]
    strict = ranking.schema(2, ties=False, checklist=False)
    assert list(strict["properties"]) == ["reason", "ranking"]
    assert strict["properties"]["ranking"]["items"]["enum"] == ["A", "B"]
