"""Leaving a rater's judgments out of verdicts, and taking them in again. Every act is logged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from arena.services import audit
from judges.models import Decision, Judge, Judgment, Quarantine
from judges.services.settling import settle, settle_again

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@transaction.atomic
def impose(judge: Judge, rater: User, *, reason: str, by: User | None) -> Quarantine:
    """Leave the rater's judgments for this judge out; verdicts and rankings follow."""
    found, created = Quarantine.objects.get_or_create(
        judge=judge, rater=rater, lifted_at=None, defaults={"reason": reason, "by": by}
    )
    if created:
        audit.record(judge.project, by, "rater.quarantined", rater.username, reason=reason)
        _rule_anew(judge, rater)
    return found


@transaction.atomic
def lift(quarantine: Quarantine, *, by: User | None) -> None:
    """Take the rater's judgments in again."""
    in_force = Quarantine.objects.filter(pk=quarantine.pk, lifted_at=None)
    if in_force.update(lifted_at=timezone.now(), lifted_by=by):
        judge, rater = quarantine.judge, quarantine.rater
        audit.record(judge.project, by, "rater.restored", rater.username)
        _rule_anew(judge, rater)


def _rule_anew(judge: Judge, rater: User) -> None:
    theirs = Judgment.objects.filter(judge=judge, rater=rater).values("comparison")
    decisions = Decision.objects.filter(judge=judge, comparison__in=theirs)
    pks = list(decisions.values_list("pk", flat=True))
    settle(pks)  # what waits may have enough votes now
    settle_again(pks)
