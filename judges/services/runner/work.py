"""What the runner has in hand: decisions, and the questions by which they are judged."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
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
    Silence,
    Usage,
)
from judges.models import Decision
from judges.services.cases import case_of, group_case_of, pair_answer, row_of
from judges.services.recording import Row

MAX_ATTEMPTS = 5
"""Times that calls for a decision may fail before it is undecided."""

NOTHING = Usage(usd=0.0)

APART = (Silence.REFUSED, Silence.UNPARSABLE)
"""Silences of a group after which its comparisons are asked one by one."""

Reply = Answer | GroupAnswer | Abstention | JudgeError | Postponed


@dataclass(eq=False)
class Work:
    """A claimed decision, the presentations still to be asked, and what went wrong with them."""

    decision: Decision
    missing: set[Presentation]
    errors: list[JudgeError] = field(default_factory=list)
    wait: float | None = None
    """Seconds for which a call was postponed."""

    unborne: set[str] = field(default_factory=set)
    """Keys of replies that were paid for judgments that did not come about."""

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
    """One presentation of one comparison.

    `silent`: what came of the group in which it was asked before. `paid`: what that took, told by
    one pair of the group.
    """

    kind: CallingKind
    work: Work
    shown: Presentation
    silent: Abstention | None = None
    paid: Usage = NOTHING

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
        if self.silent is not None:
            before = {"silence": str(self.silent.why), "reason": self.silent.reason}
            details = {**reply.details, "group_before": before}
            reply = replace(reply, details=details, usage=_sum(self.paid, reply.usage))
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


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(
        one.calls + other.calls,
        one.cache_hits + other.cache_hits,
        one.tokens_in + other.tokens_in,
        one.tokens_out + other.tokens_out,
        None if one.usd is None or other.usd is None else one.usd + other.usd,
        one.latency_ms + other.latency_ms,
    )


def _owner(work: Work, shown: Presentation) -> str:
    decision = work.decision
    return f"{decision.judge_id}:{decision.comparison_id}:{shown.order}:{shown.sample}"


Question = PairQuestion | GroupQuestion


def one_by_one(question: Question, reply: Reply) -> list[PairQuestion]:
    """The comparisons of a group that got no verdict, as pairs; none when it has one.

    One answer may be the cause, and is not to silence what can be said of the others.
    """
    if not isinstance(question, GroupQuestion) or len(question.works) == 1:
        return []
    if not isinstance(reply, Abstention) or reply.why not in APART:
        return []
    paid = [reply.usage] + [NOTHING] * (len(question.works) - 1)
    return [
        PairQuestion(question.kind, work, shown, reply, usage)
        for (work, shown), usage in zip(question.parts, paid, strict=True)
    ]
