"""Claiming open decisions: a lease that expires, and a token that fences off who lost it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from judges.models import Decision, DecisionStatus
from judges.services.settling import settle_waiting_juries

LEASE = timedelta(seconds=20)
"""How long a dead worker's claim stands. A living one renews it four times in this time."""


def claim(lease: str, limit: int) -> list[Decision]:
    """Claim up to `limit` open decisions, oldest first; no two workers get the same."""
    now = timezone.now()
    ready = Decision.objects.filter(status=DecisionStatus.OPEN).filter(
        Q(not_before=None) | Q(not_before__lte=now)
    )
    with transaction.atomic():
        locked = ready.select_for_update(skip_locked=True).order_by("id")
        ids = list(locked.values_list("pk", flat=True)[:limit])
        Decision.objects.filter(pk__in=ids).update(
            status=DecisionStatus.LEASED,
            lease=lease,
            lease_until=now + LEASE,
            attempts=F("attempts") + 1,
        )
    return list(
        Decision.objects.filter(pk__in=ids)
        .select_related(
            "judge",
            "comparison__prompt",
            "comparison__output_a__competitor",
            "comparison__output_b__competitor",
        )
        .order_by("id")
    )


def renew(lease: str) -> None:
    """Keep what this worker holds."""
    Decision.objects.filter(lease=lease, status=DecisionStatus.LEASED).update(
        lease_until=timezone.now() + LEASE
    )


def release(lease: str, delays: Mapping[int, timedelta]) -> None:
    """Give decisions back, to be tried again after their delays (0: at once)."""
    now = timezone.now()
    for pk, delay in delays.items():
        Decision.objects.filter(pk=pk, lease=lease, status=DecisionStatus.LEASED).update(
            status=DecisionStatus.OPEN, lease=None, lease_until=None, not_before=now + delay
        )


def release_all(lease: str) -> None:
    """Give back everything that this worker still holds."""
    Decision.objects.filter(lease=lease, status=DecisionStatus.LEASED).update(
        status=DecisionStatus.OPEN, lease=None, lease_until=None
    )


def free_all() -> None:
    """Free every lease. Only for a process that knows that no other worker lives."""
    Decision.objects.filter(status=DecisionStatus.LEASED).update(
        status=DecisionStatus.OPEN, lease=None, lease_until=None
    )


def sweep() -> bool:
    """Free expired leases; say whether there is work that can be done now."""
    now = timezone.now()
    Decision.objects.filter(status=DecisionStatus.LEASED, lease_until__lt=now).update(
        status=DecisionStatus.OPEN, lease=None, lease_until=None
    )
    settle_waiting_juries()
    ready = Decision.objects.filter(status=DecisionStatus.OPEN)
    return ready.filter(Q(not_before=None) | Q(not_before__lte=now)).exists()
