"""Finding what was left behind."""

from __future__ import annotations

from collections.abc import Callable, Collection

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from judges.models import SETTLED, DecisionStatus
from tournaments.models import Bracket, Match, News, Tournament, TournamentStatus
from tournaments.services import lifecycle
from tournaments.services.advancing import to_be_asked
from tournaments.services.refreshing import due

STOPPED = (TournamentStatus.PAUSED, TournamentStatus.CANCELLED, TournamentStatus.FAILED)


def left_behind() -> tuple[list[int], list[int]]:
    """Ids of running tournaments that can advance (or end), and of those whose ratings are due."""
    _mend()
    playing = Bracket.objects.filter(tournament=OuterRef("pk"), finished=False)
    running = Tournament.objects.filter(status=TournamentStatus.RUNNING)
    stuck = running.filter(Exists(to_be_asked(playing)) | ~Exists(playing))
    return list(stuck.values_list("pk", flat=True)), list(due().values_list("pk", flat=True))


def _mend() -> None:
    """Wake brackets that wait for nothing, and ask again for matches that nobody judges.

    Neither should happen; a process that dies at the worst moment must not stop a tournament.
    What a worker had in hand when a tournament was stopped, and has given back since, is held.
    """
    running = TournamentStatus.RUNNING
    unsettled = Match.objects.filter(bracket=OuterRef("pk")).exclude(decision__status__in=SETTLED)
    heard = ~Exists(News.objects.filter(bracket=OuterRef("pk")))
    idle = Bracket.objects.filter(heard, tournament__status=running, finished=False, dirty=False)
    idle = idle.filter(~Exists(unsettled))
    News.objects.bulk_create([News(bracket_id=pk) for pk in idle.values_list("pk", flat=True)])
    held = Match.objects.filter(tournament=OuterRef("pk"), decision__status=DecisionStatus.HELD)
    for tournament in Tournament.objects.filter(Exists(held), status=running):
        _while_it_is(tournament, [running], lifecycle.ask_again)
    for tournament in Tournament.objects.filter(Exists(_given_back()), status__in=STOPPED):
        _while_it_is(tournament, STOPPED, lifecycle.hold_matches)


@transaction.atomic
def _while_it_is(
    tournament: Tournament, statuses: Collection[str], mend: Callable[[Tournament], None]
) -> None:
    """Mend it with its row locked, unless it was resumed or stopped since it was found."""
    rows = Tournament.objects.select_for_update().filter(pk=tournament.pk, status__in=statuses)
    if still := rows.first():
        mend(still)


def _given_back() -> QuerySet[Match]:
    """Matches of a tournament (of the outer query) that may be judged, and that nobody wants."""
    wanted = Match.objects.filter(decision=OuterRef("decision")).exclude(
        tournament__status__in=STOPPED
    )
    given_back = Match.objects.filter(
        tournament=OuterRef("pk"), decision__status=DecisionStatus.OPEN
    )
    return given_back.filter(~Exists(wanted))
