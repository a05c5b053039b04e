"""What the runner has in hand: decisions, and the questions by which they are judged."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from arena.models import Comparison, Output
from judges.contracts import (
    Abstention,
    Answer,
    CallingKind,
    GroupAnswer,
    GroupKind,
    JudgeError,
    Order,
    Postponed,
    Presentation,
    Usage,
)
from judges.models import Decision
from judges.services.cases import case_of, group_case_of, pair_answer, row_of
from judges.services.recording import Row

MAX_ATTEMPTS = 5
"""Times that calls for a decision may fail before it is undecided."""

Reply = Answer | GroupAnswer | Abstention | JudgeError | Postponed


@dataclass(eq=False)
class Work:
    """A claimed decision, the presentations still to be asked, and what went wrong with them."""

    decision: Decision
    missing: set[Presentation]
    errors: list[JudgeError] = field(default_factory=list)
    wait: float | None = None
    """Seconds for which a call was postponed."""

    @property
    def comparison(self) -> Comparison:
        return self.decision.comparison

    @property
    def failure(self) -> str | None:
        """Why a call could not be had, in words."""
        return str(self.errors[-1]) if self.errors else None

    @property
    def failed(self) -> bool:
        """Whether a call failed that may do another time."""
        return any(not error.permanent for error in self.errors)

    def delay(self) -> timedelta | None:
        """How long to wait before what is missing is asked again; None when it is not."""
        waits = [] if self.wait is None else [timedelta(seconds=self.wait)]
        if self.failed:
            attempts = self.decision.attempts + 1
            if attempts >= MAX_ATTEMPTS:
                return None
            waits.append(backoff(attempts))
        return max(waits, default=None)

    def tick_off(self, shown: Presentation, reply: Reply) -> bool:
        """Take note of a reply; True when it was the last one that was missing."""
        if isinstance(reply, JudgeError):
            self.errors.append(reply)
        if isinstance(reply, Postponed):
            self.wait = max(self.wait or 0.0, reply.seconds)
        self.missing.discard(shown)
        return not self.missing


def backoff(attempts: int) -> timedelta:
    """2, 4, 8, 16 s."""
    return timedelta(seconds=2**attempts)


@dataclass(frozen=True)
class PairQuestion:
    """One presentation of one comparison."""

    kind: CallingKind
    work: Work
    shown: Presentation

    @property
    def parts(self) -> Sequence[tuple[Work, Presentation]]:
        return ((self.work, self.shown),)

    @property
    def owner(self) -> str:
        """Names the judgment, the same in every attempt."""
        return _owner(self.work, self.shown)

    async def ask(self) -> Answer | GroupAnswer | Abstention:
        return await self.kind.judge(case_of(self.work.comparison, self.shown))

    def rows(self, reply: Answer | GroupAnswer | Abstention) -> list[Row]:
        """The judgment that records the reply."""
        assert not isinstance(reply, GroupAnswer)
        decision = self.work.decision
        return [row_of(decision.judge_id, decision.comparison_id, self.shown, reply)]


@dataclass(frozen=True)
class GroupQuestion:
    """Several comparisons of one prompt, whose outputs are shown together in this order."""

    kind: GroupKind
    works: Sequence[Work]
    outputs: Sequence[Output]
    sample: int

    @property
    def parts(self) -> Sequence[tuple[Work, Presentation]]:
        return [(work, Presentation(self._order(work), self.sample)) for work in self.works]

    @property
    def owner(self) -> str:
        """Names the judgment, the same in every attempt at the same group."""
        return _owner(*self.parts[0])

    async def ask(self) -> Answer | GroupAnswer | Abstention:
        prompt = self.works[0].comparison.prompt
        return await self.kind.judge_group(group_case_of(prompt, self.outputs, self.sample))

    def rows(self, reply: Answer | GroupAnswer | Abstention) -> list[Row]:
        """A judgment for each comparison; the usage stands with the first, so that sums are right.

        They rest on one observation: `details.group` is the same in all of them.
        """
        assert not isinstance(reply, Answer)
        group, usage, rows = uuid.uuid4().hex, reply.usage, []
        for work, shown in self.parts:
            a, b = self._places(work)
            first, second = (a, b) if shown.order is Order.AB else (b, a)
            answer = pair_answer(reply, first, second, group, usage)
            rows.append(row_of(work.decision.judge_id, work.decision.comparison_id, shown, answer))
            usage = Usage(usd=None if usage.usd is None else 0.0)
        return rows

    def _order(self, work: Work) -> Order:
        a, b = self._places(work)
        return Order.AB if a < b else Order.BA

    def _places(self, work: Work) -> tuple[int, int]:
        ids = [output.pk for output in self.outputs]
        return ids.index(work.comparison.output_a_id), ids.index(work.comparison.output_b_id)


def _owner(work: Work, shown: Presentation) -> str:
    decision = work.decision
    return f"{decision.judge_id}:{decision.comparison_id}:{shown.order}:{shown.sample}"


Question = PairQuestion | GroupQuestion
