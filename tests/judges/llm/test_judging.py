from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from judges.contracts import Abstention, Answer, Case, Preference, Silence, Turn
from judges.llm.judging import ModelJudge
from judges.llm.params import AskParams, CallParams
from judges.llm.transcript import Finding, Silenced, Transcript

CASE = Case(prompt=(Turn("user", "2 + 2?"),), first=("4",), second=("5",))


class Partial(ModelJudge):
    """Prefers the first; with an empty one it has nothing to say."""

    def calls_each(self) -> int:
        return 3

    async def decide(self, case: Case, talk: Transcript) -> Finding:
        if not case.first[0]:
            raise Silenced(Silence.ABSTAINED, "nothing to judge")
        return Finding(Preference.FIRST, details={"seen": case.first[0]})

    def about(self, case: Case) -> Mapping[str, Any]:
        return {"template": "t"}


@pytest.mark.parametrize(
    ("params", "planned", "most"),
    [
        (CallParams(model="m"), 6, 12),
        (CallParams(model="m", repair=False, orders="ab", samples=4), 12, 12),
        (AskParams(model="m"), 3, 6),
    ],
)
def test_calls_are_those_of_all_presentations(params: AskParams, planned: int, most: int) -> None:
    judge = Partial(params)
    assert (judge.planned_calls(), judge.most_calls()) == (planned, most)


def test_a_finding_becomes_an_answer_and_silence_an_abstention() -> None:
    judge = Partial(CallParams(model="m"))
    answer = asyncio.run(judge.judge(CASE))
    assert isinstance(answer, Answer)
    assert (answer.details["template"], answer.details["seen"]) == ("t", "4")
    silent = asyncio.run(judge.judge(Case(prompt=CASE.prompt, first=("",), second=("5",))))
    assert isinstance(silent, Abstention)
    assert (silent.why, silent.reason) == (Silence.ABSTAINED, "nothing to judge")
    assert silent.details["template"] == "t"
