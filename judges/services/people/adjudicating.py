"""Where raters could not agree: the queue of an owner, and their ruling."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, QuerySet
from django.utils import timezone

from arena.common.errors import Conflict
from arena.services import audit
from judges.contracts import Order, Preference
from judges.models import (
    SETTLED,
    Adjudication,
    Assignment,
    Campaign,
    Decision,
    Judgment,
    Participant,
    Quarantine,
)
from judges.services.people.assigning import screen_of
from judges.services.people.said import Said, write
from judges.services.settling import settle, settle_again

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def disagreements(campaign: Campaign) -> QuerySet[Decision]:
    """Settled decisions on which raters named different winners and nobody has ruled yet.

    Those on which they differ most come first. `heard` counts the raters, `named` the verdicts.
    """
    said = _that_count(campaign.judge_id).filter(comparison=OuterRef("comparison"))
    votes = said.order_by().values("comparison")
    ruled = Adjudication.objects.filter(decision=OuterRef("pk"))
    settled = Decision.objects.filter(
        ~Exists(ruled), judge=campaign.judge_id, status__in=SETTLED
    ).annotate(
        heard=votes.annotate(n=Count("pk")).values("n"),
        named=votes.annotate(n=Count("winner", distinct=True)).values("n"),
    )
    return settled.filter(named__gt=1).order_by(-F("named"), "-heard", "pk")


@transaction.atomic
def adjudicate(
    decision: Decision, preference: Preference, order: Order, *, by: User, reason: str = ""
) -> Judgment:
    """Rule on what raters could not agree on; the verdict is the owner's from now on.

    Their judgment is on record like any other, once for each owner. Raises Conflict when this
    owner has judged the comparison already.
    """
    _close_own(decision, by)
    locked = Decision.objects.select_for_update().get(pk=decision.pk)
    if locked.judgments().filter(rater=by).exists():
        raise Conflict("you have judged this comparison already; another owner has to rule")
    said = Said(preference, comment=reason)
    judgment = write(locked, by.pk, order, said, {"adjudication": True})
    Adjudication.objects.create(decision=locked, judgment=judgment)
    audit.record(
        locked.judge.project, by, "comparison.adjudicated", f"comparison {locked.comparison_id}",
        winner=judgment.winner,
    )  # fmt: skip
    (settle_again if locked.status in SETTLED else settle)([locked.pk])
    return judgment


def _close_own(decision: Decision, owner: User) -> None:
    """Take from the owner what they were handed of it as a rater: their word is the ruling.

    Locks in the order of `recording`.
    """
    mine = Participant.objects.filter(campaign__judge=decision.judge_id, user=owner)
    list(mine.select_for_update(of=("self",), no_key=True))
    now = timezone.now()
    handed = Assignment.objects.filter(decision=decision, rater=owner)
    handed.filter(answered_at__isnull=False, recorded_at=None).update(recorded_at=now)
    for row in handed.filter(answered_at=None, skipped_at=None):
        screen_of(row).filter(answered_at=None, skipped_at=None).update(skipped_at=now)


def open_to(owner: User, queue: QuerySet[Decision]) -> QuerySet[Decision]:
    """Those of the queue on which this owner may rule: they have not rated them."""
    rated = Judgment.objects.filter(
        judge=OuterRef("judge"), comparison=OuterRef("comparison"), rater=owner
    )
    return queue.filter(~Exists(rated))


def order_for(owner: User, decision: Decision) -> Order:
    """The order in which an owner sees it: drawn, and always the same."""
    return Random(f"{decision.pk}:{owner.pk}").choice([Order.AB, Order.BA])


def said_of(decision: Decision, order: Order) -> list[tuple[Preference, str]]:
    """What the raters said, in terms of what an owner is shown, with their comments."""
    rows = _that_count(decision.judge_id).filter(comparison=decision.comparison_id).order_by("pk")
    shown = {str(preference.winner(order)): preference for preference in Preference}
    return [(shown[str(row.winner)], row.reason) for row in rows.only("winner", "reason")]


def _that_count(judge: int) -> QuerySet[Judgment]:
    """Judgments that name a winner, of raters who are not left out."""
    banned = Quarantine.objects.filter(judge=judge, lifted_at=None)
    named = Judgment.objects.filter(judge=judge, winner__isnull=False)
    return named.exclude(rater__in=banned.values("rater"))
