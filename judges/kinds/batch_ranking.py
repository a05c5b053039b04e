"""One call that puts several answers to a prompt in order."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any, ClassVar

from pydantic import Field, ValidationInfo, field_validator

from judges.contracts import Abstention, Case, GroupAnswer, GroupCase, Task
from judges.kinds import registry
from judges.llm import pairing, prompting, ranking
from judges.llm.judging import ModelJudge
from judges.llm.params import CallParams, PromptParams
from judges.llm.parsing import Unparsable
from judges.llm.prompting import Prompt, Style
from judges.llm.ranking import Ranked
from judges.llm.reply import Reply
from judges.llm.transcript import Finding, Silenced, Transcript

OWN = frozenset({"answers", "labels", "checklist", "ties", "strict"})
REQUIRED = frozenset({"prompt", "answers"})


@registry.register("batch_ranking")
class BatchRanking(ModelJudge):
    """Batch ranking of MLLM-as-a-Judge, with the checklist of CHOPS.

    The judge first writes down what a good answer to this prompt must do, then puts all answers in
    order. The order is read as one dependent observation of all pairs in it.
    """

    label: ClassVar[str] = "Batch ranking"
    description: ClassVar[str] = (
        "One call puts 3 to 8 answers to a prompt in order, after a checklist of what a good one "
        "must do: few calls for many comparisons."
    )

    class Params(PromptParams, CallParams):
        least: int = Field(default=3, ge=2, le=8, description="answers that a group has at least")
        most: int = Field(default=8, ge=2, le=8, description="answers that a group has at most")
        checklist: bool = Field(
            default=True, description="write a checklist for the prompt before ranking"
        )
        allow_ties: bool = Field(default=True, description="answers may share a place")
        template: str = Field(
            default="batch_ranking_v1",
            min_length=1,
            description="a template that comes with Arena, or the text of one (several lines)",
        )

        @field_validator("most")
        @classmethod
        def _a_range(cls, value: int, info: ValidationInfo) -> int:
            if value < info.data.get("least", value):
                raise ValueError("may not be below least")
            return value

        @field_validator("template")
        @classmethod
        def _usable_template(cls, value: str) -> str:
            prompting.load_template(value, REQUIRED, OWN)
            return value

    params: Params

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        self.template = prompting.load_template(params.template, REQUIRED, OWN)

    @property
    def group_size(self) -> range:
        """How many answers one call may put in order."""
        return range(self.params.least, self.params.most + 1)

    def calls_each(self) -> int:
        """One: for a pair, or for a whole group with all the comparisons in it."""
        return 1

    def most_calls(self) -> int:
        """Half as much again: a group that gets no verdict is asked pair by pair.

        It has two pairs at least, so its own call is half a call more for each of them.
        """
        return math.ceil(1.5 * super().most_calls())

    async def decide(self, case: Case, talk: Transcript) -> Finding:
        """Judge a pair in the same form, for comparisons that make no group."""
        return await self._rank(_group(case), talk)

    async def judge_group(self, case: GroupCase) -> GroupAnswer | Abstention:
        """Put the answers in order. Raises JudgeError when no reply could be had, Postponed."""
        about = self.about(_bare(case))
        talk = Transcript(self.model, _all_in_one(case))
        try:
            finding = await self._rank(case, talk)
        except Silenced as silenced:
            return talk.abstention(silenced, about)
        answer = talk.answer(finding, about)
        return GroupAnswer(
            ranks=tuple(tuple(place) for place in answer.details["ranks"]),
            reason=answer.reason,
            raw=answer.raw,
            details=answer.details,
            usage=answer.usage,
        )

    def about(self, case: Case) -> dict[str, Any]:
        """The template, by name and hash."""
        return pairing.hashes(self.template)

    def render(self, case: GroupCase) -> Prompt:
        """What is sent for a group."""
        names = ranking.labels(len(case.answers))
        bare = _bare(case)
        mark = prompting.mark_of(bare, *(turn for answer in case.answers for turn in answer))
        limit = self._limit(case)
        own = {
            "answers": "\n\n".join(
                prompting.answer(name, bare, turns, limit, mark)
                for name, turns in zip(names, case.answers, strict=True)
            ),
            "labels": ", ".join(names),
            "checklist": "yes" if self.params.checklist else "",
            "ties": "yes" if self.params.allow_ties else "",
            "strict": "" if self.params.allow_ties else "yes",
        }
        return prompting.render(bare, self._style(), own, mark)

    async def _rank(self, case: GroupCase, talk: Transcript) -> Finding:
        count, ties = len(case.answers), self.params.allow_ties

        def read(reply: Reply) -> Ranked | Unparsable:
            return ranking.read(reply, count, ties)

        prompt = self.render(case)
        schema = ranking.schema(count, ties, self.params.checklist)
        ranked = await talk.ask("ranking", prompt.messages, read, schema)
        return Finding(
            preference=ranking.preference_of(ranked.ranks),
            reason=f"{ranking.words(ranked.ranks)}. {ranked.reason}",
            details={
                "ranks": [list(place) for place in ranked.ranks],
                "answers": count,
                **self._shown(case),
            },
        )

    def _style(self) -> Style:
        return pairing.style_of(self.template, self.params, self.params.max_chars)

    def _limit(self, case: GroupCase) -> int:
        """Characters of a turn: the longest conversation sets the share, so all are cut alike."""
        return max(1, self.params.max_chars // max(1, *(len(turns) for turns in case.answers)))

    def _shown(self, case: GroupCase) -> dict[str, Any]:
        """What a record has to say of what was shown: what was cut, and which images."""
        cut = [prompting.excess(turns, self._limit(case)) for turns in case.answers]
        of_case = prompting.shown(_bare(case), self._style())
        truncated = {"max_chars": self.params.max_chars, "answers": cut} if any(cut) else None
        return {**of_case, "truncated": truncated}


def _group(case: Case) -> GroupCase:
    """A pair as a group of two."""
    return GroupCase(answers=(case.first, case.second), **_task(case))


def _all_in_one(case: GroupCase) -> Case:
    """The case with all that was answered as one: what a reply may quote from."""
    everything = tuple(turn for turns in case.answers for turn in turns)
    return replace(_bare(case), first=everything)


def _bare(case: GroupCase) -> Case:
    """All of the case but its answers, which are shown by themselves."""
    return Case(first=(), second=(), **_task(case))


def _task(case: Task) -> dict[str, Any]:
    """All that a case says beside its answers."""
    return {field.name: getattr(case, field.name) for field in fields(Task)}
