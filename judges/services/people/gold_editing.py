"""The gold questions of a campaign: adding, importing and retiring them. Every act is logged.

The same comparison is never both asked and gold in one campaign: a rater would see it twice. What
waits for people cannot become gold, and gold is left out where comparisons are selected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet
from django.utils import timezone
from pydantic import AliasChoices, Field, model_validator

from arena.common.bulk import Faults, batches
from arena.common.errors import BulkInvalid, Conflict, InvalidInput, NotFound
from arena.datasets.records import Key, Name, Record, Text, fault
from arena.models import Comparison
from arena.services import audit, comparisons
from arena.services.counts import Counts
from judges.contracts import Winner
from judges.models import (
    SETTLED,
    Adjudication,
    Campaign,
    Decision,
    GoldQuestion,
    Judgment,
    Quarantine,
)
from judges.services.people.asking import first_outputs

if TYPE_CHECKING:
    from typing import Self

    from django.contrib.auth.models import User

MAX_EXPLANATION = 20_000
LEAST_UNANIMOUS = 2

_IS_ASKED = "is open for rating in this campaign, and a rater must not see it twice"
_SWAPPED = {Winner.A: Winner.B, Winner.B: Winner.A}


class GoldRecord(Record):
    """A comparison whose answer is known; `a` and `b` are the competitors as named here."""

    prompt: Key = Field(validation_alias=AliasChoices("prompt", "prompt_id"))
    competitor_a: Name = Field(validation_alias=AliasChoices("competitor_a", "model_a"))
    competitor_b: Name = Field(validation_alias=AliasChoices("competitor_b", "model_b"))
    expected: Winner = Field(description="the right verdict")
    explanation: Text = Field(
        "",
        description="Markdown: why it is right; shown in the warm-up, where the order of the two "
        "is drawn, so that A and B mean nothing",
    )
    warm_up: bool = Field(False, description="asked before a rater begins, with its explanation")

    @model_validator(mode="after")
    def _settle(self) -> Self:
        if self.competitor_a == self.competitor_b:
            raise fault("competitor_b", "is the same as competitor_a")
        if len(self.explanation) > MAX_EXPLANATION:
            raise fault("explanation", f"is longer than {MAX_EXPLANATION:,} characters")
        if self.metadata:
            raise fault(min(self.metadata), "is not known here")
        return self


@dataclass(frozen=True)
class Unanimous:
    """A comparison on which all its raters agreed."""

    comparison: Comparison
    winner: str
    raters: int


def gold_of(campaign: Campaign) -> QuerySet[GoldQuestion]:
    """All gold questions with how often each was `answered` and answered as expected (`right`).

    `is_also_asked`: a tournament has asked the campaign for this comparison since.
    """
    asked = Decision.objects.filter(judge=campaign.judge_id, comparison=OuterRef("comparison"))
    answered = Q(assignments__answered_at__isnull=False)
    says_first = Q(assignments__answer__preference="first")
    says_second = Q(assignments__answer__preference="second")
    ab = Q(assignments__order="ab")
    said_a = (says_first & ab) | (says_second & ~ab)
    said_b = (says_second & ab) | (says_first & ~ab)
    right = (
        (said_a & Q(expected=Winner.A))
        | (said_b & Q(expected=Winner.B))
        | Q(assignments__answer__preference="tie", expected=Winner.TIE)
        | Q(assignments__answer__preference="both_bad", expected=Winner.BOTH_BAD)
    )
    return (
        campaign.gold.select_related(
            "comparison__prompt",
            "comparison__output_a__competitor",
            "comparison__output_b__competitor",
        )
        .defer("comparison__output_a__turns", "comparison__output_b__turns")
        .annotate(
            answered=Count("assignments", filter=answered),
            right=Count("assignments", filter=answered & right),
            is_also_asked=Exists(asked.exclude(status__in=SETTLED)),
        )
    )


def unanimous(campaign: Campaign, limit: int, only: int | None = None) -> list[Unanimous]:
    """Comparisons on which at least two people of the project judged, all of them alike, and that
    could be gold questions of this campaign; those with most raters first."""
    asked = Decision.objects.filter(judge=campaign.judge_id, comparison=OuterRef("comparison"))
    gold = campaign.gold.filter(comparison=OuterRef("comparison"))
    banned = Quarantine.objects.filter(
        judge=OuterRef("judge"), rater=OuterRef("rater"), lifted_at=None
    )
    said = Judgment.objects.filter(
        Q() if only is None else Q(comparison=only),
        ~Exists(asked.exclude(status__in=SETTLED)),
        ~Exists(gold),
        ~Exists(banned),
        ~Exists(Adjudication.objects.filter(judgment=OuterRef("pk"))),  # an owner is no rater
        judge__project=campaign.judge.project_id,
        judge__kind="human",
        rater__isnull=False,
    )
    rows = (
        said.order_by()
        .values("comparison_id")
        .annotate(
            raters=Count("rater", distinct=True),
            named=Count("winner", distinct=True),
            spoke=Count("winner"),
            all=Count("pk"),
            verdict=Max("winner"),
        )
        .filter(raters__gte=LEAST_UNANIMOUS, named=1, spoke=F("all"))
        .order_by("-raters", "comparison_id")
        .values_list("comparison_id", "verdict", "raters")[:limit]
    )
    shown = Comparison.objects.select_related(
        "prompt", "output_a__competitor", "output_b__competitor"
    ).in_bulk([pk for pk, _, _ in rows])
    return [Unanimous(shown[pk], verdict, raters) for pk, verdict, raters in rows]


@transaction.atomic
def make_gold(campaign: Campaign, comparison_id: int, *, by: User | None) -> GoldQuestion:
    """Make a gold question of a comparison on which all raters agreed, in one step.

    Raises Conflict when it is none (any more).
    """
    locked = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    found = unanimous(locked, 1, only=comparison_id)
    if not found:
        raise Conflict(
            "raters do not agree on this comparison, or it is asked here or gold already"
        )
    made = GoldQuestion.objects.create(
        campaign=locked, comparison=found[0].comparison, expected=found[0].winner
    )
    audit.record(
        campaign.judge.project, by, "gold.added", campaign.title,
        prompt=found[0].comparison.prompt.key, expected=made.expected, raters=found[0].raters,
    )  # fmt: skip
    return made


@transaction.atomic
def put(campaign: Campaign, record: GoldRecord, *, by: User | None) -> GoldQuestion:
    """Add a gold question, or change one. Raises InvalidInput that names the field; see
    `import_gold`."""
    state = _Import(Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk))
    try:
        _import_batch(state, [(1, record)])
        state.faults.raise_if_any()
    except BulkInvalid as error:
        fields = {item.field: item.message for item in error.errors}
        raise InvalidInput("the gold question is not valid", fields) from None
    if not state.counts.unchanged:
        audit.record(
            campaign.judge.project, by,
            "gold.added" if state.counts.created else "gold.changed", campaign.title,
            prompt=record.prompt, competitors=[record.competitor_a, record.competitor_b],
            expected=record.expected, warm_up=record.warm_up,
        )  # fmt: skip
    return state.written[0]


@transaction.atomic
def import_gold(
    campaign: Campaign, records: Iterable[tuple[int, GoldRecord]], *, by: User | None
) -> Counts:
    """Add many, all or nothing; one that is sent again changes nothing.

    Raises BulkInvalid by line and field: an unknown prompt or output, a comparison that the
    campaign has open for rating, another verdict or place than raters were already held to.
    """
    state = _Import(Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk))
    for batch in batches(state.faults.watch(records), lambda record: len(record.explanation)):
        _import_batch(state, batch)
    state.faults.raise_if_any()
    counts = state.counts
    if counts.created or counts.updated:
        audit.record(
            campaign.judge.project, by, "gold.uploaded", campaign.title,
            created=counts.created, updated=counts.updated,
        )  # fmt: skip
    return counts


@transaction.atomic
def retire(campaign: Campaign, pk: int, *, by: User | None) -> None:
    """Ask this question no more; answers to it still count. Again, it changes nothing."""
    found = campaign.gold.select_for_update(of=("self",)).select_related("comparison__prompt")
    question = found.filter(pk=pk).first()
    if question is None:
        raise NotFound("there is no such gold question")
    if question.retired_at is None:
        question.retired_at = timezone.now()
        question.save(update_fields=["retired_at"])
        audit.record(
            campaign.judge.project, by, "gold.retired", campaign.title,
            prompt=question.comparison.prompt.key,
        )  # fmt: skip


@dataclass
class _Import:
    """The state of one import. The campaign's row is locked, so that nothing is asked meanwhile."""

    campaign: Campaign
    faults: Faults = field(default_factory=Faults)
    counts: Counts = field(default_factory=Counts)
    written: list[GoldQuestion] = field(default_factory=list)


def _import_batch(state: _Import, batch: Sequence[tuple[int, GoldRecord]]) -> None:
    prompts = {record.prompt for _, record in batch}
    known = first_outputs(state.campaign.judge.project, prompts)
    resolved: list[tuple[int, GoldRecord, tuple[int, int]]] = []
    for line, record in batch:
        pair = _pair(state.faults, line, record, known)
        if pair:
            resolved.append((line, record, pair))
    ids = comparisons.ensure(pair for _, _, pair in resolved)
    gold = state.campaign.gold.filter(comparison__in=ids.values())
    questions = {row.comparison_id: row for row in gold}
    decisions = Decision.objects.filter(judge=state.campaign.judge_id, comparison__in=ids.values())
    open_ones = set(decisions.exclude(status__in=SETTLED).values_list("comparison_id", flat=True))
    for line, record, pair in resolved:
        compared = ids[min(pair), max(pair)]
        if state.faults.is_repeated(compared, line, "prompt", "this comparison"):
            continue
        if compared in open_ones:
            state.faults.add(line, "prompt", _IS_ASKED)
            continue
        swapped = pair[0] > pair[1]
        expected = _SWAPPED.get(record.expected, record.expected) if swapped else record.expected
        _keep(state, line, record, questions.get(compared), compared, expected)


def _keep(
    state: _Import,
    line: int,
    record: GoldRecord,
    row: GoldQuestion | None,
    comparison_id: int,
    expected: Winner,
) -> None:
    """Write one question, unless raters were held to another answer."""
    if row is None:
        made = GoldQuestion.objects.create(
            campaign=state.campaign,
            comparison_id=comparison_id,
            expected=expected,
            explanation=record.explanation,
            is_warm_up=record.warm_up,
        )
        state.counts.created += 1
        state.written.append(made)
        return
    changed = [
        ("expected", row.expected, expected),
        ("warm_up", row.is_warm_up, record.warm_up),
        ("explanation", row.explanation, record.explanation),
    ]
    differing = [name for name, before, after in changed if before != after]
    if {"expected", "warm_up"} & set(differing) and _is_answered(row):
        state.faults.add(line, differing[0], "has been answered as it was; retire it instead")
        return
    state.written.append(row)
    if not differing and row.retired_at is None:
        state.counts.unchanged += 1
        return
    row.expected, row.explanation, row.is_warm_up = expected, record.explanation, record.warm_up
    row.retired_at = None
    row.save()
    state.counts.updated += 1


def _is_answered(row: GoldQuestion) -> bool:
    return row.assignments.filter(answered_at__isnull=False).exists()


def _pair(
    faults: Faults, line: int, record: GoldRecord, known: Mapping[tuple[str, str], int]
) -> tuple[int, int] | None:
    found = []
    for name in ("competitor_a", "competitor_b"):
        pk = known.get((record.prompt, getattr(record, name)))
        if pk is None:
            competitor = getattr(record, name)
            faults.add(line, name, f"no output of {competitor!r} to {record.prompt!r} is known")
        else:
            found.append(pk)
    return (found[0], found[1]) if len(found) == 2 else None
