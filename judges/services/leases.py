"""Claiming open decisions: a lease that expires, and a token that fences off who lost it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Min, Q, QuerySet
from django.utils import timezone

from judges.models import Decision, DecisionStatus
from judges.services.settling import rule_by_fits_in_force, settle, settle_waiting_juries

LEASE = timedelta(seconds=20)
"""How long a dead worker's claim stands. A living one renews it four times in this time."""

SUSPECT_LOSSES = 3
"""Workers lost with a decision in hand, after which it is judged alone: if it was the cause, its
neighbours do not die with it again."""

MOST_LOSSES = 5
"""Workers that one decision may cost."""


def claim(lease: str, limit: int, not_judges: Collection[int] = ()) -> list[Decision]:
    """Claim up to `limit` open decisions, oldest first; no two workers get the same.

    Prompts and outputs that several of them share are loaded once.
    """
    ready = _ready().filter(losses__lt=SUSPECT_LOSSES)
    if not_judges:
        ready = ready.exclude(judge_id__in=not_judges)
    return _claim(ready, lease, limit)


def claim_suspect(lease: str) -> list[Decision]:
    """Claim one decision that may have been the end of workers; for a run with nothing in hand."""
    return _claim(_ready().filter(losses__gte=SUSPECT_LOSSES), lease, 1)


def claim_of_prompts(lease: str, judge_id: int, prompt_ids: Collection[int]) -> list[Decision]:
    """Claim what else this judge has to decide on these prompts."""
    ready = _ready().filter(losses__lt=SUSPECT_LOSSES, judge_id=judge_id)
    return _claim(ready.filter(comparison__prompt__in=prompt_ids), lease, None)


def _ready() -> QuerySet[Decision]:
    return Decision.objects.filter(status=DecisionStatus.OPEN).filter(
        Q(not_before=None) | Q(not_before__lte=timezone.now())
    )


def _claim(ready: QuerySet[Decision], lease: str, limit: int | None) -> list[Decision]:
    with transaction.atomic():
        locked = ready.select_for_update(skip_locked=True, of=("self",)).order_by("id")
        ids = list(locked.values_list("pk", flat=True)[:limit])
        if not ids:
            return []
        Decision.objects.filter(pk__in=ids).update(
            status=DecisionStatus.LEASED, lease=lease, lease_until=timezone.now() + LEASE
        )
    return list(
        Decision.objects.filter(pk__in=ids)
        .select_related("comparison")
        .prefetch_related(
            "judge",
            "comparison__prompt",
            "comparison__output_a__competitor",
            "comparison__output_b__competitor",
        )
        .order_by("id")
    )


@transaction.atomic
def renew(lease: str) -> None:
    """Keep what this worker holds."""
    in_order(_held_by(lease)).update(lease_until=timezone.now() + LEASE)


@transaction.atomic
def release(lease: str, delays: Mapping[int, timedelta], *, failed: bool) -> None:
    """Give decisions back, to be tried again after their delays. `failed`: that was an attempt."""
    now = timezone.now()
    by_delay: dict[timedelta, list[int]] = {}
    for pk, delay in delays.items():
        by_delay.setdefault(delay, []).append(pk)
    for delay, pks in by_delay.items():
        in_order(_held_by(lease).filter(pk__in=pks)).update(
            status=DecisionStatus.OPEN,
            lease=None,
            lease_until=None,
            not_before=now + delay if delay else None,
            attempts=F("attempts") + int(failed),
        )


@transaction.atomic
def release_all(lease: str) -> int:
    """Give back everything that this worker still holds; say how much that was."""
    held = in_order(_held_by(lease))
    return held.update(status=DecisionStatus.OPEN, lease=None, lease_until=None)


def in_order(rows: QuerySet[Decision]) -> QuerySet[Decision]:
    """Those of the rows that are still so once they are locked, in the order that all keep to."""
    locked = rows.order_by("pk").select_for_update(of=("self",))
    return Decision.objects.filter(pk__in=list(locked.values_list("pk", flat=True)))


def _held_by(lease: str) -> QuerySet[Decision]:
    return Decision.objects.filter(lease=lease, status=DecisionStatus.LEASED)


def free_all() -> None:
    """Free every lease. Only for a process that knows that no other worker lives."""
    _free(Decision.objects.filter(status=DecisionStatus.LEASED))


def sweep() -> bool:
    """Free expired leases; say whether there is work that can be done now."""
    _free(Decision.objects.filter(status=DecisionStatus.LEASED, lease_until__lt=timezone.now()))
    settle_waiting_juries()
    rule_by_fits_in_force()
    return _ready().exists()


def next_due() -> datetime | None:
    """When the first decision that has to wait may be tried again."""
    waiting = Decision.objects.filter(
        status=DecisionStatus.OPEN, not_before__gt=timezone.now()
    ).aggregate(first=Min("not_before"))
    first: datetime | None = waiting["first"]
    return first


@transaction.atomic
def _free(lost: QuerySet[Decision]) -> None:
    """Give back what a lost worker had. A decision that costs worker after worker ends."""
    lost = in_order(lost).filter(status=DecisionStatus.LEASED)
    lost.filter(losses__lt=MOST_LOSSES - 1).update(
        status=DecisionStatus.OPEN, lease=None, lease_until=None, losses=F("losses") + 1
    )
    deadly = list(lost.values_list("pk", flat=True))
    if deadly:
        note = f"{MOST_LOSSES} workers ended while they judged this"
        settle(deadly, failures=dict.fromkeys(deadly, note))
