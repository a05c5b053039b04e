"""What all kinds share that ask a language model: orders, transcript, accounts."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from judges.contracts import Abstention, Answer, Backend, Case, Presentation, Source
from judges.llm.model import Model
from judges.llm.params import AskParams
from judges.llm.transcript import Finding, Silenced, Transcript


class ModelJudge(ABC):
    """A kind that reaches its verdict by one or more calls of a model.

    A kind gives `decide` (its protocol) and `calls_each` (calls of one presentation). Calls of one
    judgment are asked through the transcript, which repairs, counts and keeps them.
    """

    source: ClassVar[Source] = Source.CALLS

    def __init__(self, params: AskParams) -> None:
        self.params = params
        self.model = Model(params, Backend(environ=os.environ))

    def connect(self, backend: Backend) -> None:
        """Use these endpoints, stored replies and limits from now on."""
        self.model = Model(self.params, backend)

    def presentations(self, seed: int) -> tuple[Presentation, ...]:
        """Every order that is asked, as often as `samples` says."""
        return self.params.presentations(seed)

    @abstractmethod
    def calls_each(self) -> int:
        """Calls of one presentation when nothing has to be repeated."""

    @abstractmethod
    async def decide(self, case: Case, talk: Transcript) -> Finding:
        """Reach a finding by asking through `talk`; Silenced, JudgeError and Postponed pass."""

    @abstractmethod
    def about(self, case: Case) -> Mapping[str, Any]:
        """What reproduces the prompts of this case beside the model: templates and the like."""

    def planned_calls(self) -> int:
        """The calls of all presentations."""
        return len(self.presentations(seed=0)) * self.calls_each()

    def most_calls(self) -> int:
        """As planned, and a follow-up for each call where replies may be repaired."""
        return self.planned_calls() * (2 if self.params.repair else 1)

    async def judge(self, case: Case) -> Answer | Abstention:
        """Judge one presentation. Raises JudgeError when a reply could not be had, Postponed."""
        return await self.converse(case, Transcript(self.model, case))

    async def converse(self, case: Case, talk: Transcript) -> Answer | Abstention:
        """The same through a transcript of the caller, who can then read all exchanges; they stay
        in it when this raises."""
        try:
            finding = await self.decide(case, talk)
        except Silenced as silenced:
            return talk.abstention(silenced, self.about(case))
        return talk.answer(finding, self.about(case))

    async def close(self) -> None:
        """Close the connections."""
        await self.model.close()
