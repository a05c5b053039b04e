"""Which tournament wants a comparison judged, and since when: who asked first is charged for it."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet
from django.utils import timezone

from tournaments.models import Match, Tournament


def want(matches: QuerySet[Match]) -> None:
    """Their tournament wants them judged. Who asked before keeps its turn."""
    matches.filter(asked_at=None).update(asked_at=timezone.now())
    matches.exclude(asked_until=None).update(asked_until=None)


def let_go(matches: QuerySet[Match]) -> None:
    """Their tournament has taken the question back; what was paid until now stays charged to it."""
    matches.filter(asked_until=None).exclude(asked_at=None).update(asked_until=timezone.now())


def let_others_go(tournament: Tournament, decision_ids: Collection[int]) -> None:
    """What this tournament asks anew, when all had their answer, is not charged to others."""
    let_go(Match.objects.filter(~Q(tournament=tournament.pk), decision__in=decision_ids))
