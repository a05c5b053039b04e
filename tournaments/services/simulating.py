"""Verdicts of a finished tournament as a world to replay other formats in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from arena.common.errors import Conflict, NotFound
from arena.models import Project
from tournaments.formats.beliefs import FloatArray
from tournaments.models import Tournament, TournamentStatus
from tournaments.services import histories
from tournaments.simulation.designs import game_points
from tournaments.simulation.sweeps import Curve
from tournaments.simulation.trials import Contender, Cost, cost, follow
from tournaments.simulation.worlds import Recorded

_MOST_MISSING = 0.5

FORMATS = ("round_robin", "random_pairs", "single_elimination", "swiss", "adaptive")
"""What a finished round robin is replayed by."""

GOALS = (("tau", 0.9), ("tau", 0.95), ("best", 0.9))
"""(what, level): Kendall's tau with the final order, or the share of replays that find the best."""

SHUFFLES, DRAWS = 8, 2
"""Orders of the prompts, and draws of the lots in each, over which a replay is averaged."""

SEED = 1
_LOOKS = 60
AFFORDABLE = 40_000
"""Verdicts up to which a replay answers while somebody waits: 10 s or so."""


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


@dataclass(frozen=True)
class Replay:
    """A format on a record. calls, tau: (L,) its curve. costs: calls to each of `GOALS`."""

    format: str
    calls: FloatArray
    tau: FloatArray
    costs: tuple[Cost, ...]


def replays(record: Record, names: Sequence[str] = FORMATS) -> list[Replay]:
    """What each format would have reached with which calls, on average over shuffles and draws.

    Conflict for a record so large that nobody would wait for it.
    """
    if record.calls > AFFORDABLE:
        raise Conflict(
            f"a replay of {record.calls:,} verdicts takes minutes; `manage.py arena_simulate`"
            " does it on the command line"
        )
    return [_replay(record, name) for name in names]


def _replay(record: Record, name: str) -> Replay:
    rng = np.random.default_rng(SEED)
    curves = [
        follow(
            Recorded(record.shares[rng.permutation(len(record.shares))], DRAWS),
            Contender(name),
            SEED + shuffle,
            most=record.calls,
        )
        for shuffle in range(SHUFFLES)
    ]
    curve = _together(curves)
    costs = tuple(cost(curve, *goal) for goal in GOALS)
    return Replay(name, curve.calls, curve.tau.mean(axis=1), costs)


def _together(curves: Sequence[Curve]) -> Curve:
    """All trials of some curves as one, at calls that all of them have seen."""
    first, last = max(c.calls[0] for c in curves), min(c.calls[-1] for c in curves)
    calls = np.unique(np.geomspace(first, max(first, last), _LOOKS))

    def at(curve: Curve, values: FloatArray) -> list[FloatArray]:
        return [np.interp(calls, curve.calls, column) for column in values.T]

    tau = [column for curve in curves for column in at(curve, curve.tau)]
    best = [column for curve in curves for column in at(curve, curve.best)]
    return Curve(calls, np.column_stack(tau), np.column_stack(best))
