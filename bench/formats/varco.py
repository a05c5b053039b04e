"""Varco Arena's simulation: 32 competitors, 400 prompts, one verdict in ten turned round."""

from __future__ import annotations

from argparse import Namespace

import numpy as np
from scipy.stats import rankdata

from bench.formats.contenders import CHAIN, FIFTH, KNOCK_OUT, PAIRS, RANDOM, SEED
from tournaments.formats.beliefs import FloatArray, believe
from tournaments.simulation.designs import design_of
from tournaments.simulation.sweeps import Sweep, agreement
from tournaments.simulation.trials import Contender, Mean
from tournaments.simulation.worlds import Setting, Synthetic

BOARD = (
    (0.0, 893), (0.02, 925), (0.04, 985), (0.06, 1001), (0.25, 1035), (0.5, 1076),
    (0.75, 1113), (0.9, 1150), (0.95, 1190), (0.96, 1247), (1.0, 1251),
)  # fmt: skip
"""Quantiles of the Elo ratings of a public board of 51 models, February 2024."""


BUDGET = 31 * 400


def run(options: Namespace) -> None:
    """Spearman's correlation with the true order, and paired differences to the bracket."""
    trials = options.trials or (500 if options.full else 50)
    elo = np.interp(np.arange(51) / 50, *zip(*BOARD, strict=True))
    given = tuple(((elo - elo.mean()) * np.log(10) / 400).tolist())
    setting = Setting(competitors=32, prompts=800, rho=0.0, flips=0.1, given=given, lead=0.0)
    world = Synthetic(setting, trials, SEED)
    print(f"\n32 competitors, 400 prompts, accuracy 0.9, {trials} tournaments (published: bracket "
          "0.94, anchored 0.89)")  # fmt: skip
    print(f"{'':<34}{'calls':>7}{'median':>8}{'mean':>17}{'minus bracket':>18}{'best found':>16}"
          f"{'minus bracket':>18}")  # fmt: skip
    bracket = _played(world, KNOCK_OUT)
    for name, contender in (
        ("anchored on the second best", None),
        ("bracket (Varco Arena)", KNOCK_OUT),
        ("random pairs", RANDOM),
        ("chain, half random", CHAIN),
        ("rank-loss pairs, half random", PAIRS),
        ("rank-loss pairs, a fifth random", FIFTH),
    ):
        played = bracket if contender is KNOCK_OUT else _played(world, contender)
        print(_row(name, played, bracket), flush=True)


def _played(world: Synthetic, contender: Contender | None) -> tuple[float, FloatArray, FloatArray]:
    """Mean calls, and of each trial Spearman's correlation and whether the best was found."""
    sweep = Sweep(world, keep=False)
    if contender is None:
        _play_anchored(sweep, 400)
    else:
        design_of(contender.build(BUDGET), sweep, SEED).play_on(sweep, BUDGET)
    theta = believe(sweep.points).theta
    return (
        float(sweep.calls.mean()),
        _spearman(theta, world.order),
        agreement(theta, world.order)[1],
    )


def _row(
    name: str,
    played: tuple[float, FloatArray, FloatArray],
    bracket: tuple[float, FloatArray, FloatArray],
) -> str:
    calls, rho, best = played
    cells = [Mean.of(values) for values in (rho, rho - bracket[1], best, best - bracket[2])]
    shown = "".join(f"{cell.value:>9.4f} +- {cell.error:.4f}" for cell in cells)
    return f"{name:<34}{calls:>7,.0f}{np.median(rho):>8.3f}{shown}"


def _play_anchored(sweep: Sweep, prompts: int) -> None:
    """Everybody against the truly second best, which differs from trial to trial."""
    order = np.argsort(-sweep.world.order, axis=1)
    others = np.delete(order, 1, axis=1)
    shape = (len(order), prompts, others.shape[1])
    trial, prompt, _ = np.indices(shape)
    i = np.broadcast_to(others[:, None, :], shape)
    j = np.broadcast_to(order[:, 1][:, None, None], shape)
    sweep.play(trial.ravel(), prompt.ravel(), i.ravel(), j.ravel())


def _spearman(theta: FloatArray, truth: FloatArray) -> FloatArray:
    a, b = (rankdata(x, axis=1) - (x.shape[1] + 1) / 2 for x in (theta, truth))
    correlation: FloatArray = (a * b).sum(axis=1) / np.sqrt(
        (a * a).sum(axis=1) * (b * b).sum(axis=1)
    )
    return correlation
