"""How far campaigns have come, how fast they go, and when they will be done."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from judges.models import Adjudication, Campaign, Decision, DecisionStatus, Judgment, Quarantine
from judges.services.evidence import raters_of
from judges.services.people.campaigns import State, state_of

WINDOW = timedelta(days=7)
"""The pace is that of this time, or of the time since the first judgment in it."""

SHORTEST = timedelta(days=1)
"""What was judged in less counts as judged in this: nobody goes on all night."""


@dataclass(frozen=True)
class Progress:
    """How a campaign stands. Judgments in quarantine do not count.

    `needed` judgments are still to be made; `pace` is judgments a day; `ends_at` is when they will
    be made at this pace, None where nobody is at it or nothing waits.
    """

    state: State
    raters_each: int
    decided: int = 0
    undecided: int = 0
    waiting: int = 0
    judgments: int = 0
    raters: int = 0
    needed: int = 0
    pace: float | None = None
    ends_at: datetime | None = None

    @property
    def total(self) -> int:
        return self.decided + self.undecided + self.waiting


def progress_of(campaigns: Collection[Campaign]) -> dict[int, Progress]:
    """{campaign: its progress}; three queries for all of them."""
    judges = [campaign.judge_id for campaign in campaigns]
    now = timezone.now()
    counts = _counts(judges)
    judged = _judged(judges, now)
    given = _given_to_waiting(judges)
    return {
        campaign.pk: _progress(
            campaign,
            counts.get(campaign.judge_id, (0, 0, 0)),
            judged.get(campaign.judge_id, (0, 0, 0, None)),
            given.get(campaign.judge_id, ()),
            now,
        )
        for campaign in campaigns
    }


def _progress(
    campaign: Campaign,
    counts: tuple[int, int, int],
    judged: tuple[int, int, int, datetime | None],
    given: Iterable[int],
    now: datetime,
) -> Progress:
    decided, undecided, waiting = counts
    judgments, raters, lately, since = judged
    each = raters_of(campaign.judge)
    needed = waiting * each - sum(min(count, each) for count in given)
    pace = lately / (max(now - since, SHORTEST) / timedelta(days=1)) if since else None
    return Progress(
        state=state_of(campaign),
        raters_each=each,
        decided=decided,
        undecided=undecided,
        waiting=waiting,
        judgments=judgments,
        raters=raters,
        needed=needed,
        pace=pace,
        ends_at=now + timedelta(days=needed / pace) if pace and needed else None,
    )


def _counts(judges: Collection[int]) -> dict[int, tuple[int, int, int]]:
    """{judge: decided, undecided, waiting}."""
    rows = (
        Decision.objects.filter(judge__in=judges)
        .order_by()
        .values_list("judge_id")
        .annotate(
            decided=Count("pk", filter=Q(status=DecisionStatus.DECIDED)),
            undecided=Count("pk", filter=Q(status=DecisionStatus.UNDECIDED)),
            waiting=Count("pk", filter=Q(status=DecisionStatus.WAITING)),
        )
    )
    return {pk: (decided, undecided, waiting) for pk, decided, undecided, waiting in rows}


def _judged(
    judges: Collection[int], now: datetime
) -> dict[int, tuple[int, int, int, datetime | None]]:
    """{judge: judgments, raters, judgments of the window, the first of these}."""
    lately = Q(created_at__gte=now - WINDOW)
    ruled = Adjudication.objects.filter(judgment=OuterRef("pk"))  # an owner is no rater
    rows = (
        Judgment.objects.filter(
            ~Exists(_banned()), ~Exists(ruled), judge__in=judges, rater__isnull=False
        )
        .order_by()
        .values_list("judge_id")
        .annotate(
            judgments=Count("pk"),
            raters=Count("rater", distinct=True),
            lately=Count("pk", filter=lately),
            since=Min("created_at", filter=lately),
        )
    )
    return {pk: (judgments, raters, n, since) for pk, judgments, raters, n, since in rows}


def _given_to_waiting(judges: Collection[int]) -> dict[int, list[int]]:
    """{judge: for each waiting comparison that somebody has judged, by how many}."""
    waiting = Decision.objects.filter(
        judge=OuterRef("judge"), comparison=OuterRef("comparison"), status=DecisionStatus.WAITING
    )
    rows = (
        Judgment.objects.filter(
            ~Exists(_banned()), Exists(waiting), judge__in=judges, rater__isnull=False
        )
        .order_by()
        .values_list("judge_id", "comparison_id")
        .annotate(n=Count("pk"))
    )
    found: dict[int, list[int]] = {}
    for judge, _comparison, count in rows:
        found.setdefault(judge, []).append(count)
    return found


def _banned() -> QuerySet[Quarantine]:
    return Quarantine.objects.filter(
        judge=OuterRef("judge"), rater=OuterRef("rater"), lifted_at=None
    )
