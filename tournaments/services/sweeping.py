"""Finding what was left behind."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from judges.models import SETTLED, DecisionStatus
from tournaments.models import Bracket, Match, Tournament, TournamentStatus
from tournaments.services import lifecycle
from tournaments.services.refreshing import due


def left_behind() -> tuple[list[int], list[int]]:
    """Ids of running tournaments that can advance (or end), and of those whose ratings are due."""
    _mend()
    brackets = Bracket.objects.filter(tournament=OuterRef("pk"))
    running = Tournament.objects.filter(status=TournamentStatus.RUNNING)
    stuck = running.filter(
        Exists(brackets.filter(dirty=True)) | ~Exists(brackets.filter(finished=False))
    )
    return list(stuck.values_list("pk", flat=True)), list(due().values_list("pk", flat=True))


def _mend() -> None:
    """Wake brackets that wait for nothing, and ask again for matches that nobody judges.

    Neither should happen; a process that dies at the worst moment must not stop a tournament.
    """
    running = TournamentStatus.RUNNING
    unsettled = Match.objects.filter(bracket=OuterRef("pk")).exclude(decision__status__in=SETTLED)
    idle = Bracket.objects.filter(tournament__status=running, finished=False, dirty=False)
    idle.filter(~Exists(unsettled)).update(dirty=True)
    held = Match.objects.filter(tournament=OuterRef("pk"), decision__status=DecisionStatus.HELD)
    for tournament in Tournament.objects.filter(Exists(held), status=running):
        lifecycle.ask_again(tournament)
