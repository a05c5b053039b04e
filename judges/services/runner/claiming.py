"""From open decisions to questions: what is on record is not asked again."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import cast

from arena.common.errors import ArenaError
from arena.models import Project
from judges.contracts import Backend, CallingKind, GroupKind, JudgeError
from judges.kinds import registry
from judges.models import Decision, Judge, Judgment
from judges.services import leases
from judges.services.cases import seed_of
from judges.services.runner import grouping
from judges.services.runner.work import PairQuestion, Question, Work

FRESH_SECONDS = 120.0
"""After this a judge is built anew, so that a changed key, price or limit takes effect."""


@dataclass
class Claimed:
    """What one claim brought. `answered` needs no call: all is on record, or none can be made.

    `dropped` are decisions that the run had in hand when the claim began.
    """

    questions: list[Question] = field(default_factory=list)
    answered: list[Work] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.questions or self.answered)


class Kinds:
    """The judges of a run, built and connected when they are first needed.

    `of` is called in a database thread, `retire` on the event loop.
    """

    def __init__(self, backend_of: Callable[[Project], Backend]) -> None:
        self._backend_of = backend_of
        self._built: dict[int, tuple[float, CallingKind | JudgeError]] = {}
        self.all: list[CallingKind] = []
        self._lock = threading.Lock()  # never held while a judge is being built

    def of(self, judge: Judge) -> CallingKind | JudgeError:
        """The judge, ready to be asked, or why it cannot be built."""
        with self._lock:
            at, kind = self._built.get(judge.pk, (0.0, None))
        if kind is None or time.monotonic() - at > FRESH_SECONDS:
            kind = self._build(judge)
            with self._lock:
                self._built[judge.pk] = (time.monotonic(), kind)
                if not isinstance(kind, JudgeError):
                    self.all.append(kind)
        return kind

    def retire(self, in_use: Collection[CallingKind]) -> list[CallingKind]:
        """Those that nobody will ask again."""
        used = {id(kind) for kind in in_use}
        with self._lock:
            wanted = used | {id(kind) for _, kind in self._built.values()}
            retired = [kind for kind in self.all if id(kind) not in wanted]
            self.all = [kind for kind in self.all if id(kind) in wanted]
        return retired

    def _build(self, judge: Judge) -> CallingKind | JudgeError:
        try:
            kind = cast("CallingKind", registry.build(judge.kind, judge.params))
            kind.connect(self._backend_of(judge.project))
        except ArenaError as error:
            # Stored params that an upgrade no longer understands.
            said = "; ".join([str(error), *(f"{k}: {v}" for k, v in error.fields.items())])
            return JudgeError(f"the judge cannot be built: {said}", permanent=True)
        return kind


class Claimer:
    """Claims on behalf of one run, under its lease."""

    def __init__(self, lease: str, kinds: Kinds) -> None:
        self.lease = lease
        self.kinds = kinds

    def claim(
        self, limit: int, *, not_judges: Collection[int], in_hand: Collection[int], alone: bool
    ) -> Claimed:
        """Claim up to `limit` decisions, and what else can be judged in one call with them.

        `in_hand` are decisions that this run has already. It may find them open again when its own
        lease ran out (the database was away for long): they are claimed anew and not asked twice.
        By the time the claim is done the run may have given one of them back, so they are told in
        `dropped`. A suspect is claimed only when the run is `alone` with it: nothing else is asked
        or written. What waits for an endpoint does not count, or one that always says "later"
        would keep all suspects waiting.
        """
        decisions = leases.claim(self.lease, limit, not_judges)
        if not decisions and alone:
            decisions = leases.claim_suspect(self.lease)
        claimed = Claimed()
        by_judge: defaultdict[Judge, list[Decision]] = defaultdict(list)
        for decision in _new(claimed, decisions, in_hand):
            by_judge[decision.judge].append(decision)
        for judge, of_judge in by_judge.items():
            self._add(claimed, judge, of_judge, in_hand)
        return claimed

    def _add(
        self, claimed: Claimed, judge: Judge, decisions: list[Decision], in_hand: Collection[int]
    ) -> None:
        kind = self.kinds.of(judge)
        if isinstance(kind, JudgeError):
            claimed.answered += [Work(decision, set(), [kind]) for decision in decisions]
            return
        if isinstance(kind, GroupKind) and all(d.losses == 0 for d in decisions):
            prompts = {decision.comparison.prompt_id for decision in decisions}
            more = leases.claim_of_prompts(self.lease, judge.pk, prompts)
            decisions = decisions + _new(claimed, more, in_hand)
        works = _works(kind, decisions)
        claimed.answered += [work for work in works if not work.missing]
        claimed.questions += _questions(kind, [work for work in works if work.missing])


def _new(
    claimed: Claimed, decisions: Sequence[Decision], in_hand: Collection[int]
) -> list[Decision]:
    """Those that are not in hand; the others are dropped."""
    claimed.dropped += [decision.pk for decision in decisions if decision.pk in in_hand]
    return [decision for decision in decisions if decision.pk not in in_hand]


def _works(kind: CallingKind, decisions: Sequence[Decision]) -> list[Work]:
    """The decisions with what is missing of each."""
    recorded: defaultdict[int, set[tuple[str, int]]] = defaultdict(set)
    rows = Judgment.objects.filter(
        judge=decisions[0].judge_id, comparison__in=[d.comparison_id for d in decisions]
    )
    for comparison_id, order, sample in rows.values_list("comparison_id", "order", "sample"):
        recorded[comparison_id].add((order, sample))
    works = []
    for decision in decisions:
        comparison = decision.comparison
        wanted = (
            grouping.presentations(kind, comparison)
            if isinstance(kind, GroupKind)
            else kind.presentations(seed_of(comparison))
        )
        done = recorded[comparison.pk]
        works.append(Work(decision, {p for p in wanted if (str(p.order), p.sample) not in done}))
    return works


def _questions(kind: CallingKind, works: Sequence[Work]) -> list[Question]:
    if not isinstance(kind, GroupKind):
        return [
            PairQuestion(kind, work, shown)
            for work in works
            for shown in sorted(work.missing, key=lambda shown: (shown.sample, shown.order))
        ]
    by_prompt: defaultdict[int, list[Work]] = defaultdict(list)
    for work in works:
        by_prompt[work.comparison.prompt_id].append(work)
    found: list[Question] = []
    for together in by_prompt.values():
        found += grouping.questions(kind, together)
    return found
