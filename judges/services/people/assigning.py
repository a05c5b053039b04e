"""Handing comparisons to raters, and taking their verdicts."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from arena.common.errors import Conflict
from arena.models import Project
from judges.contracts import Answer, Order, Preference, Presentation
from judges.kinds.human import Human
from judges.models import Assignment, Decision, DecisionStatus, Judge
from judges.services.cases import judgment_of
from judges.services.settling import settle

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LEASE = timedelta(minutes=30)
"""How long a comparison is kept for a rater who says nothing."""

TRIES = 5
"""Candidates that are locked at once, in case that others take the first of them."""


def waiting_for(rater: User, project: Project) -> QuerySet[Decision]:
    """Decisions that still want a verdict of people and were not handed to this rater yet."""
    mine = Assignment.objects.filter(decision=OuterRef("pk"), rater=rater)
    return _waiting(project).filter(~Exists(mine))


@transaction.atomic
def next_assignment(rater: User, project: Project) -> Assignment | None:
    """What the rater shall judge next: what they already hold, else something new, else None."""
    held = Assignment.objects.filter(
        rater=rater,
        answered_at=None,
        skipped_at=None,
        decision__status=DecisionStatus.WAITING,
        decision__judge__project=project,
    ).first()
    if held is not None:
        Assignment.objects.filter(pk=held.pk).update(lease_until=timezone.now() + LEASE)
        return held
    for judge in Judge.objects.filter(project=project, kind="human").order_by("-pk"):
        raters = Human(Human.Params.model_validate(judge.params)).params.raters
        decision = _lock_one(waiting_for(rater, project).filter(judge=judge), raters)
        if decision is not None:
            return _assign(decision, rater)
    return None


@transaction.atomic
def vote(assignment: Assignment, preference: Preference, comment: str = "") -> None:
    """Record the rater's verdict. Raises Conflict when the assignment was answered already."""
    now = timezone.now()
    mine = Assignment.objects.filter(pk=assignment.pk, answered_at=None, skipped_at=None)
    if not mine.update(answered_at=now):
        raise Conflict("this comparison was answered already")
    decision = Decision.objects.select_for_update().get(pk=assignment.decision_id)
    judgment = judgment_of(
        decision.judge_id,
        decision.comparison_id,
        Presentation(Order(assignment.order), decision.judgments().count()),
        Answer(preference, reason=comment, details={"seconds": _seconds(assignment, now)}),
    )
    judgment.rater = assignment.rater
    judgment.save(force_insert=True)
    settle([decision.pk])


def skip(assignment: Assignment) -> None:
    """Leave the comparison to somebody else."""
    Assignment.objects.filter(pk=assignment.pk, answered_at=None).update(skipped_at=timezone.now())


def take_back(rater: User, project: Project) -> int:
    """Give the rater what they skipped and nobody has decided since; return how many."""
    skipped = Assignment.objects.filter(
        rater=rater,
        answered_at=None,
        skipped_at__isnull=False,
        decision__in=_waiting(project),
    )
    return skipped.update(skipped_at=None, lease_until=timezone.now() + LEASE)


def _waiting(project: Project) -> QuerySet[Decision]:
    return Decision.objects.filter(
        judge__project=project, judge__kind="human", status=DecisionStatus.WAITING
    )


def _taken(decision: OuterRef | int) -> QuerySet[Assignment]:
    """Assignments that hold a place: answered ones, and those whose lease runs."""
    live = Q(answered_at__isnull=False) | Q(skipped_at=None, lease_until__gt=timezone.now())
    return Assignment.objects.filter(live, decision=decision)


def _lock_one(waiting: QuerySet[Decision], raters: int) -> Decision | None:
    """Lock the waiting decision with the most verdicts so far that has a place left."""
    counts = _taken(OuterRef("pk")).order_by().values("decision").annotate(n=Count("*"))
    free = waiting.annotate(taken=Coalesce(Subquery(counts.values("n")), 0)).filter(
        taken__lt=raters
    )
    locked = free.select_for_update(skip_locked=True, of=("self",))
    for decision in locked.order_by(F("taken").desc(), "pk")[:TRIES]:
        # Somebody may have taken the last place between the subquery and the lock.
        if _taken(decision.pk).count() < raters:
            return decision
    return None


def _seconds(assignment: Assignment, now: datetime) -> float:
    return round((now - assignment.created_at).total_seconds(), 1)


def _assign(decision: Decision, rater: User) -> Assignment:
    order = Random(f"{decision.pk}:{rater.pk}").choice([Order.AB, Order.BA])
    return Assignment.objects.create(
        decision=decision,
        rater=rater,
        order=order,
        lease_until=timezone.now() + LEASE,
    )
