"""One newcomer among those on a board: how far off its place is, and what it takes to know it."""

from __future__ import annotations

from argparse import Namespace

import numpy as np

from bench.formats.contenders import SEED
from tournaments.formats import registry
from tournaments.formats.beliefs import FloatArray, Prior, believe
from tournaments.ratings.base import CENTRE, ELO_SCALE
from tournaments.simulation.designs import WholeTournaments
from tournaments.simulation.sweeps import Sweep
from tournaments.simulation.trials import Mean
from tournaments.simulation.worlds import Setting, Synthetic

BOARD_ERROR = 0.1
PROMPTS = 400
MARGIN = 100.0


def run(options: Namespace) -> None:
    trials = options.trials or (200 if options.full else 40)
    print(f"\n19 on a board, 1 newcomer, rho 0.5, {PROMPTS} prompts, {trials} newcomers")
    print(f"{'method':<12}{'until':<8}{'games, 10-50-90 %':>20}{'rank error':>18}"
          f"{'Elo error':>16}{'claims true':>16}")  # fmt: skip
    for until, games in (("plan", PROMPTS), ("place", 2 * PROMPTS), ("width", 2 * PROMPTS)):
        for method in ("binary", "anchor", "adaptive"):
            print(_row(method, until, games, trials), flush=True)


def _row(method: str, until: str, games: int, trials: int) -> str:
    world = Synthetic(Setting(competitors=20, prompts=PROMPTS), trials, SEED)
    truth = world.strengths
    boards = _boards(truth)
    params = {"method": method, "until": until, "games": games, "margin": MARGIN, "width": 120.0}
    sweep = Sweep(world)
    format_ = registry.build("insertion", params)
    WholeTournaments(format_, SEED, boards).play_on(sweep, games)
    theta = _placed(sweep, boards)
    place, true = ((values[:, :-1] > values[:, -1:]).sum(axis=1) for values in (theta, truth))
    wrong = np.abs(place - true)
    off = np.abs(theta[:, -1] - truth[:, -1]) * ELO_SCALE
    low, middle, high = np.quantile(sweep.calls, [0.1, 0.5, 0.9])
    cells = [Mean.of(values.astype(np.float64)) for values in (wrong, off)]
    return (f"{method:<12}{until:<8}{f'{low:,.0f} {middle:,.0f} {high:,.0f}':>20}"
            f"{cells[0].value:>10.2f} +- {cells[0].error:.2f}"
            f"{cells[1].value:>9.0f} +- {cells[1].error:.0f}"
            f"{_claims(until, games, sweep, theta, truth):>16}")  # fmt: skip


def _boards(truth: FloatArray) -> list[dict[int, float]]:
    luck = np.random.default_rng(5).standard_normal(truth.shape)
    seen = CENTRE + ELO_SCALE * (truth + BOARD_ERROR * luck)
    return [dict(enumerate(row[:-1])) for row in seen.tolist()]


def _placed(sweep: Sweep, boards: list[dict[int, float]]) -> FloatArray:
    """(R, M) strengths by board and games."""
    placed = []
    for points, board in zip(sweep.points, boards, strict=True):
        m = len(points)
        mean = np.zeros(m)
        mean[:-1] = (np.array([board[who] for who in range(m - 1)]) - CENTRE) / ELO_SCALE
        precision = np.full(m, BOARD_ERROR**-2)
        precision[-1] = 1.5**-2
        placed.append(believe(points[None], prior=Prior(0.0, mean, precision)).theta[0])
    return np.array(placed)


def _claims(until: str, games: int, sweep: Sweep, theta: FloatArray, truth: FloatArray) -> str:
    """Of those that stopped because the place was known: no opponent that is more than the margin
    away in truth stands on the wrong side."""
    if until != "place":
        return ""
    stopped = sweep.calls < games
    lead, true = (values[:, -1:] - values[:, :-1] for values in (theta, truth))
    wrong = (lead * true < 0) & (np.abs(true) * ELO_SCALE > MARGIN)
    right = ~wrong.any(axis=1)[stopped]
    return f"{right.mean():.3f} of {len(right)}" if len(right) else "none stopped"
