"""News from below: a decided comparison wakes the tournaments that wait for it."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from judges.signals import comparison_decided
from tournaments.models import Bracket, TournamentStatus
from tournaments.services import lifecycle


@receiver(comparison_decided)
def wake_tournaments(*, decision_ids: list[int], **_: Any) -> None:
    """Mark the brackets, in the transaction of the verdicts; then wake their tournaments."""
    touched = Bracket.objects.filter(
        matches__decision__in=decision_ids, tournament__status=TournamentStatus.RUNNING
    )
    brackets = dict(touched.values_list("pk", "tournament_id"))
    Bracket.objects.filter(pk__in=brackets, finished=False).update(dirty=True)
    for tournament in set(brackets.values()):
        lifecycle.wake(tournament)
