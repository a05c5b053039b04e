"""Leaving a rater's judgments out of verdicts, asking others instead, and taking them in again.

Every act is logged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from arena.common.errors import Conflict
from arena.services import audit
from judges.models import (
    SETTLED,
    Adjudication,
    Campaign,
    Decision,
    Judge,
    Judgment,
    Participant,
    Quarantine,
)
from judges.services import decisions
from judges.services.evidence import raters_of
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
        audit.record(judge.project, by, "rater.quarantined", _called(judge, rater), reason=reason)
        _rule_anew(judge, rater)
    return found


@transaction.atomic
def lift(quarantine: Quarantine, *, by: User | None) -> None:
    """Take the rater's judgments in again."""
    in_force = Quarantine.objects.filter(pk=quarantine.pk, lifted_at=None)
    if in_force.update(lifted_at=timezone.now(), lifted_by=by):
        judge, rater = quarantine.judge, quarantine.rater
        audit.record(judge.project, by, "rater.restored", _called(judge, rater))
        _rule_anew(judge, rater)


def thinned(campaign: Campaign) -> QuerySet[Decision]:
    """What rests on fewer raters than the campaign asks for, because some are left out; `heard`
    counts those that are left.

    An owner's ruling needs no more raters, and nobody else can vote on somebody's live battle.
    """
    if campaign.is_live:
        return Decision.objects.none()
    judge = campaign.judge
    banned = Quarantine.objects.filter(judge=judge, lifted_at=None).values("rater")
    said = Judgment.objects.filter(
        judge=judge, comparison=OuterRef("comparison"), rater__isnull=False
    )
    left = said.exclude(rater__in=banned).order_by().values("comparison")
    ruled = Adjudication.objects.filter(decision=OuterRef("pk"))
    settled = Decision.objects.filter(
        Exists(said.filter(rater__in=banned)), ~Exists(ruled), judge=judge, status__in=SETTLED
    )
    heard = Coalesce(Subquery(left.annotate(n=Count("pk")).values("n")), 0)
    return settled.annotate(heard=heard).filter(heard__lt=raters_of(judge)).order_by("pk")


@transaction.atomic
def ask_others(campaign: Campaign, *, by: User | None) -> int:
    """Have others judge what was thinned; return how many comparisons wait for them.

    These have no verdict until as many raters as the campaign asks for have judged them. Raises
    Conflict when nobody would be given them.
    """
    if not campaign.is_open:
        raise Conflict("this campaign is not open: reopen it, or set a later deadline")
    count = decisions.reopen(thinned(campaign))
    if count:
        audit.record(
            campaign.judge.project, by, "campaign.others_asked", campaign.title, count=count
        )
    return count


def _called(judge: Judge, rater: User) -> str:
    """As the campaign's list of raters calls them."""
    found = Participant.objects.filter(campaign__judge=judge, user=rater).first()
    return found.known_as if found else rater.get_username()


def _rule_anew(judge: Judge, rater: User) -> None:
    theirs = Judgment.objects.filter(judge=judge, rater=rater).values("comparison")
    judged = Decision.objects.filter(judge=judge, comparison__in=theirs)
    pks = list(judged.values_list("pk", flat=True))
    settle(pks)  # what waits may have enough votes now
    settle_again(pks)
