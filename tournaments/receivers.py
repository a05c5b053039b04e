"""News from below: a decided comparison wakes the tournaments that wait for it."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from judges.signals import comparison_decided
from tournaments.models import Bracket, News, TournamentStatus
from tournaments.services import lifecycle


@receiver(comparison_decided)
def wake_tournaments(*, decision_ids: list[int], **_: Any) -> None:
    """Leave word in the transaction of the verdicts; then wake who waits for them.

    Those that run ask what to play next; completed ones are rated again. What was scheduled
    stands, although a verdict that was ruled anew would have scheduled otherwise.
    """
    status = TournamentStatus
    touched = Bracket.objects.filter(matches__decision__in=decision_ids)
    fields = ("pk", "tournament_id", "tournament__status")
    rows = list(touched.exclude(tournament__status=status.CANCELLED).values_list(*fields))
    brackets = sorted({bracket for bracket, _, _ in rows})
    News.objects.bulk_create([News(bracket_id=pk) for pk in brackets], batch_size=2000)
    # One that is being completed at this moment still counts as running; the sweep rates it.
    for tournament in sorted({cup for _, cup, status_ in rows if status_ == status.RUNNING}):
        lifecycle.wake(tournament)
    for tournament in sorted({cup for _, cup, status_ in rows if status_ == status.COMPLETED}):
        lifecycle.have_rated(tournament)
