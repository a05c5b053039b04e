"""Finding what was left behind."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from tournaments.models import Bracket, RatingRun, Tournament, TournamentStatus


def left_behind() -> tuple[list[int], list[int]]:
    """Ids of running tournaments that can advance (or end), and of completed unrated ones."""
    brackets = Bracket.objects.filter(tournament=OuterRef("pk"))
    running = Tournament.objects.filter(status=TournamentStatus.RUNNING)
    stuck = running.filter(
        Exists(brackets.filter(dirty=True)) | ~Exists(brackets.filter(finished=False))
    )
    runs = RatingRun.objects.filter(tournament=OuterRef("pk"))
    unrated = Tournament.objects.filter(~Exists(runs), status=TournamentStatus.COMPLETED)
    return list(stuck.values_list("pk", flat=True)), list(unrated.values_list("pk", flat=True))
