from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from arena.common.errors import InvalidInput
from judges.contracts import Answer, Case, Order, Preference, Source, Turn, Usage
from judges.kinds import registry
from judges.kinds.surrogate import Surrogate

FULL = (
    "Salt lowers the freezing point of water. On an icy road it dissolves in the thin film of "
    "water that is always there, and the brine melts more ice until the balance is reached. "
    "Below about minus ten degrees this becomes slow, and sand is used instead."
)
CASE = Case(
    prompt=(Turn("user", "Why is salt strewn on icy roads?"),),
    first=(FULL,),
    second=("It melts the ice",),
)


def judge(case: Case, **params: object) -> Answer:
    kind = registry.build("surrogate", params)
    assert isinstance(kind, Surrogate)
    return asyncio.run(kind.judge(case))


def swapped(case: Case) -> Case:
    return replace(case, first=case.second, second=case.first)


def test_the_fuller_answer_is_preferred_and_a_swap_flips() -> None:
    forward, back = judge(CASE), judge(swapped(CASE))
    assert forward.preference is Preference.FIRST
    assert back.preference is Preference.SECOND
    assert forward.probability is not None
    assert back.probability == pytest.approx(1 - forward.probability, abs=1e-15)


def test_the_same_case_gets_the_same_answer() -> None:
    assert judge(CASE) == judge(replace(CASE, seed=99))


def test_it_says_what_it_is_before_it_says_what_it_prefers() -> None:
    reason = judge(CASE).reason
    assert reason.startswith("A statistical surrogate (general) fitted on text features, held-out")
    assert "knows no facts" in reason
    assert "Prefers the first answer" in reason
    assert "more new material (+" in reason
    assert "more new material (+" in judge(swapped(CASE)).reason


def test_at_most_three_reasons_and_all_speak_for_the_preference() -> None:
    answer = judge(CASE).reason.split("chiefly for: ")[1]
    assert 1 <= answer.count("(") <= 3
    assert "(-" not in answer


def test_it_costs_nothing_and_leaves_a_trace() -> None:
    answer = judge(CASE)
    assert answer.usage == Usage()
    assert answer.details["surrogate"] == "general"
    assert len(answer.details["version"]) == 12


def test_equal_answers_tie_and_the_margin_widens_the_tie() -> None:
    same = replace(CASE, second=CASE.first)
    answer = judge(same, tie_margin=0.0)
    assert answer.preference is Preference.TIE
    assert answer.probability == 0.5
    assert "Too close to call" in answer.reason
    assert judge(CASE, tie_margin=0.49).preference is Preference.TIE


def test_only_what_the_user_said_is_the_prompt() -> None:
    more = (Turn("system", "Be brief."), *CASE.prompt, Turn("assistant", FULL))
    assert judge(replace(CASE, prompt=more)) == judge(CASE)


def test_all_turns_of_an_answer_are_read() -> None:
    two = replace(CASE, first=("It melts the ice", FULL))
    assert judge(two).preference is Preference.FIRST


@pytest.mark.parametrize(
    "hostile", ["", "\x00\ud800", "[" * 300_000, "word " * 400_000, "\u202e" * 1000, "```" * 999]
)
def test_hostile_text_is_judged_like_any_other(hostile: str) -> None:
    for case in (replace(CASE, first=(hostile,)), replace(CASE, prompt=(Turn("user", hostile),))):
        answer = judge(case)
        assert answer.probability is not None
        assert 0 < answer.probability < 1
    assert judge(Case(prompt=(), first=(), second=())).preference is Preference.TIE


def test_an_empty_or_looping_answer_loses() -> None:
    assert judge(replace(CASE, second=("",))).preference is Preference.FIRST
    assert judge(replace(CASE, second=("It melts. " * 500,))).preference is Preference.FIRST


def test_one_presentation_is_enough() -> None:
    kind = registry.build("surrogate")
    assert isinstance(kind, Surrogate)
    assert [item.order for item in kind.presentations(5)] == [Order.AB]
    assert kind.source is Source.CALLS
    asyncio.run(kind.close())


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"name": "nobody"}, "params.name"),
        ({"tie_margin": 0.5}, "params.tie_margin"),
        ({"margin": 0.1}, "params.margin"),
    ],
)
def test_bad_params_are_refused_by_name(params: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        registry.build("surrogate", params)
    assert field in caught.value.fields
