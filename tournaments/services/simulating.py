"""Verdicts of a finished tournament as a world to replay other formats in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from arena.common.errors import Conflict, NotFound
from arena.models import Project
from tournaments.formats.beliefs import FloatArray
from tournaments.models import Tournament, TournamentStatus
from tournaments.services import histories
from tournaments.simulation.designs import game_points
from tournaments.simulation.worlds import Recorded

_MOST_MISSING = 0.5


@dataclass(frozen=True)
class Record:
    """shares: (P, M, M) i's share of the point, NaN without verdict. missing: share of those."""

    shares: FloatArray
    calls: int
    missing: float

    def world(self, trials: int) -> Recorded:
        return Recorded(self.shares, trials)


def record_of(project: Project, tournament_id: int) -> Record:
    """What a completed round robin recorded.

    NotFound or Conflict say what is missing: other formats ask about any pair on any prompt.
    """
    tournament = Tournament.objects.filter(project=project, pk=tournament_id).first()
    if tournament is None:
        raise NotFound(f"{project.slug!r} has no tournament {tournament_id}")
    if tournament.status != TournamentStatus.COMPLETED:
        raise Conflict("only a completed tournament can be replayed")
    games = [
        game
        for bracket in tournament.brackets.all()
        for game in histories.games_of(tournament, bracket)
    ]
    prompts = sorted({game.pairing.prompt for game in games})
    entrants = sorted({who for game in games for who in (game.pairing.a, game.pairing.b)})
    shares = game_points(games, prompts, entrants)
    pairs = len(prompts) * len(entrants) * (len(entrants) - 1) // 2
    calls = int((~np.isnan(shares)).sum()) // 2
    if not pairs or 1.0 - calls / pairs > _MOST_MISSING:
        raise Conflict(
            "most pairs have no verdict on most prompts; a replay needs a finished round robin"
        )
    return Record(shares, calls, 1.0 - calls / pairs)
