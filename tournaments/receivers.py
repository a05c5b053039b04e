"""News from below: a decided comparison wakes the tournaments that wait for it."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import receiver

from judges.signals import comparison_decided
from tournaments.models import Bracket, TournamentStatus
from tournaments.services import lifecycle


@receiver(comparison_decided)
def wake_tournaments(*, decision_ids: list[int], **_: Any) -> None:
    """Mark what waits for the verdicts, in their transaction; then wake it.

    Those that run ask what to play next; completed ones are rated again. What was scheduled
    stands, although a verdict that was ruled anew would have scheduled otherwise.
    """
    touched = Bracket.objects.filter(matches__decision__in=decision_ids)
    fields = ("pk", "tournament_id", "finished", "tournament__status")
    rows = list(touched.values_list(*fields).distinct())
    running = TournamentStatus.RUNNING
    playing = {bracket: cup for bracket, cup, _, status in rows if status == running}
    Bracket.objects.filter(pk__in=playing, finished=False).update(dirty=True)
    for tournament in set(playing.values()):
        lifecycle.wake(tournament)
    lifecycle.mark_changed({cup for _, cup, _, status in rows if status != running})
    # One that is being completed at this moment has no place yet where a change could be marked.
    if late := {cup for _, cup, finished, status in rows if finished and status == running}:
        transaction.on_commit(partial(lifecycle.mark_changed, late))
