"""Reads that join several models."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from arena.common.errors import NotFound
from arena.models import Project
from judges.contracts import Order, Silence, Source, Winner
from judges.kinds import registry
from judges.models import SETTLED, Decision, DecisionStatus, Judge, Judgment

RECORDED = "recorded"
LONG_FIELDS = (
    "comparison__output_a__turns", "comparison__output_b__turns", "comparison__prompt__messages",
    "comparison__prompt__contexts", "comparison__prompt__images", "comparison__prompt__metadata",
)  # fmt: skip


@dataclass(frozen=True)
class Verdicts:
    """The decisions of a judge, by how they stand."""

    decisive: int = 0
    tie: int = 0
    both_bad: int = 0
    undecided: int = 0
    failed: int = 0
    waiting: int = 0

    @property
    def decided(self) -> int:
        return self.decisive + self.tie + self.both_bad

    @property
    def total(self) -> int:
        return self.decided + self.undecided + self.failed + self.waiting


@dataclass(frozen=True)
class Replies:
    """The judgments behind the decisions, added up. `usd` is None when none has a price.

    `ab` counts judgments for one side that saw a first, `ab_first` those of them for a; `ba` and
    `ba_first` likewise for b.
    """

    judgments: int = 0
    ab: int = 0
    ab_first: int = 0
    ba: int = 0
    ba_first: int = 0
    unparsable: int = 0
    refused: int = 0
    abstained: int = 0
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float | None = None
    priced: int = 0
    timed: int = 0
    total_ms: int = 0

    @property
    def first_share(self) -> float | None:
        """How often the side shown first was preferred, in per cent; 50 without position bias.

        The mean of both orders, so that it does not matter whether a or b is the better one more
        often. None when only one order was shown: bias and quality cannot be told apart then.
        """
        if not self.ab or not self.ba:
            return None
        return 50 * (self.ab_first / self.ab + self.ba_first / self.ba)

    @property
    def ordered(self) -> int:
        return self.ab + self.ba

    @property
    def mean_seconds(self) -> float | None:
        return self.total_ms / self.timed / 1000 if self.timed else None

    def __add__(self, other: Replies) -> Replies:
        names = [item.name for item in fields(self)]
        sums = {name: _sum(getattr(self, name), getattr(other, name)) for name in names}
        return replace(self, **sums)


@dataclass(frozen=True)
class JudgeSummary:
    """A judge and what it has done so far. The replies of a jury's members count as theirs."""

    judge: Judge
    label: str
    description: str
    verdicts: Verdicts
    replies: Replies


@dataclass(frozen=True)
class VerdictWithEvidence:
    """A settled decision, and the judgments of the judge or of its members."""

    decision: Decision
    judgments: list[Judgment]


def judge_of(project: Project, pk: int) -> Judge:
    """A judge of this project, any version; NotFound otherwise."""
    found = project.judges.filter(pk=pk).first()
    if found is None:
        raise NotFound(f"no judge {pk} in {project.slug}")
    return found


def versions_of(judge: Judge) -> QuerySet[Judge]:
    """All versions of a judge, newest first, with `verdict_count`."""
    same = Judge.objects.filter(project=judge.project_id, name=judge.name)
    return same.annotate(
        verdict_count=Count("decisions", filter=Q(decisions__status__in=SETTLED))
    ).order_by("-version")


def summaries_of(judges: Collection[Judge]) -> list[JudgeSummary]:
    """What each of the judges (of one project) has done; a constant number of queries."""
    verdicts = _verdicts([judge.pk for judge in judges])
    evidence = evidence_of(judges)
    replies = _replies({pk for pks in evidence.values() for pk in pks})
    return [
        JudgeSummary(
            judge=judge,
            label=registry.get(judge.kind).label,
            description=registry.get(judge.kind).description,
            verdicts=verdicts[judge.pk],
            replies=_total(judge, replies, evidence),
        )
        for judge in judges
    ]


def evidence_of(judges: Collection[Judge]) -> dict[int, set[int]]:
    """{judge: the judges whose judgments it rests on}: itself, those it reads, its members."""
    project = {judge.project_id for judge in judges}
    imported: defaultdict[str, set[int]] = defaultdict(set)
    for pk, name in Judge.objects.filter(project__in=project, kind=RECORDED).values_list(
        "pk", "name"
    ):
        imported[name].add(pk)
    known = Judge.objects.filter(project__in=project).prefetch_related("seats")
    by_pk = {judge.pk: judge for judge in known}

    def read(judge: Judge) -> set[int]:
        if judge.kind == RECORDED:
            return imported[judge.params["judge"]]
        members = [read(by_pk[seat.member_id]) for seat in judge.seats.all()]
        return set().union(*members) if members else {judge.pk}

    return {judge.pk: read(by_pk[judge.pk]) for judge in judges}


def latest_verdicts(judge: Judge, limit: int) -> list[VerdictWithEvidence]:
    """The newest settled decisions of a judge, each with the judgments that it rests on."""
    settled = Decision.objects.filter(judge=judge, status__in=SETTLED).select_related(
        "comparison__prompt", "comparison__output_a__competitor", "comparison__output_b__competitor"
    )
    decisions = list(settled.defer(*LONG_FIELDS).order_by("-settled_at", "-pk")[:limit])
    evidence: defaultdict[int, list[Judgment]] = defaultdict(list)
    judgments = Judgment.objects.filter(
        judge__in=evidence_of([judge])[judge.pk],
        comparison__in=[decision.comparison_id for decision in decisions],
    ).select_related("judge")
    for judgment in judgments.defer("raw", "details").order_by("judge__name", "order", "sample"):
        evidence[judgment.comparison_id].append(judgment)
    return [VerdictWithEvidence(item, evidence[item.comparison_id]) for item in decisions]


def _verdicts(judges: Collection[int]) -> defaultdict[int, Verdicts]:
    status, failed = DecisionStatus, Q(silence=Silence.FAILED)
    rows = (
        Decision.objects.filter(judge__in=judges)
        .values("judge_id")
        .annotate(
            decisive=Count("pk", filter=Q(winner__in=(Winner.A, Winner.B))),
            tie=Count("pk", filter=Q(winner=Winner.TIE)),
            both_bad=Count("pk", filter=Q(winner=Winner.BOTH_BAD)),
            undecided=Count("pk", filter=Q(status=status.UNDECIDED) & ~failed),
            failed=Count("pk", filter=failed),
            waiting=Count("pk", filter=Q(status__in=(status.OPEN, status.LEASED, status.WAITING))),
        )
        .order_by()
    )
    return _by_judge(rows, Verdicts)


def _replies(judges: Collection[int]) -> defaultdict[int, Replies]:
    decisive = Q(winner__in=(Winner.A, Winner.B))
    sums = {name: Sum(name) for name in ("calls", "tokens_in", "tokens_out", "usd")}
    silences = (Silence.UNPARSABLE, Silence.REFUSED, Silence.ABSTAINED)
    rows = (
        Judgment.objects.filter(judge__in=judges)
        .values("judge_id")
        .annotate(
            judgments=Count("pk"),
            ab=Count("pk", filter=decisive & Q(order=Order.AB)),
            ab_first=Count("pk", filter=Q(winner=Winner.A, order=Order.AB)),
            ba=Count("pk", filter=decisive & Q(order=Order.BA)),
            ba_first=Count("pk", filter=Q(winner=Winner.B, order=Order.BA)),
            priced=Count("usd"),
            timed=Count("pk", filter=Q(latency_ms__gt=0)),
            total_ms=Sum("latency_ms"),
            **{str(why): Count("pk", filter=Q(silence=why)) for why in silences},
            **sums,
        )
        .order_by()
    )
    return _by_judge(rows, Replies)


def _total(
    judge: Judge, replies: Mapping[int, Replies], evidence: Mapping[int, Collection[int]]
) -> Replies:
    if registry.get(judge.kind).source is Source.MEMBERS:
        return Replies()
    return sum((replies[pk] for pk in evidence[judge.pk]), Replies())


def _by_judge(rows: QuerySet[Any, Any], shape: type[Any]) -> defaultdict[int, Any]:
    return defaultdict(shape, {row.pop("judge_id"): shape(**row) for row in map(dict, rows)})


def _sum(one: Any, two: Any) -> Any:
    return None if one is None and two is None else (one or 0) + (two or 0)
