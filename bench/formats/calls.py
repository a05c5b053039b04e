"""Calls until a goal, as a multiple of a round robin on every prompt, with the known marks."""

from __future__ import annotations

import time
from argparse import Namespace

from bench.formats.contenders import (
    CHAIN,
    FIFTH,
    KNOCK_OUT,
    NAMES,
    PAIRS,
    RANDOM,
    ROBIN,
    SEED,
    TOP,
    games_a_prompt,
)
from tournaments.simulation import trials as lab
from tournaments.simulation.trials import Contender, Cost
from tournaments.simulation.worlds import Setting, Synthetic

GOALS = (("tau", 0.9), ("tau", 0.95), ("best", 0.9))
SIZES = (10, 20, 50, 100)
FULL = {10: 1000, 20: 300, 50: 200, 100: 40}
SHORT = {10: 150, 20: 50, 50: 12, 100: 4}

MARKS: dict[tuple[float, str, str, float], tuple[float, ...]] = {
    (0.5, KNOCK_OUT.label, "tau", 0.9): (0.50, 0.33, 0.162, 0.083),
    (0.5, KNOCK_OUT.label, "tau", 0.95): (0.52, 0.33, 0.156, 0.086),
    (0.5, KNOCK_OUT.label, "best", 0.9): (0.34, 0.185, 0.081, 0.056),
    (0.5, RANDOM.label, "tau", 0.9): (0.43, 0.28, 0.129, 0.067),
    (0.5, RANDOM.label, "tau", 0.95): (0.43, 0.27, 0.120, 0.068),
    (0.5, RANDOM.label, "best", 0.9): (0.45, 0.32, 0.17, 0.11),
    (0.5, CHAIN.label, "tau", 0.9): (0.42, 0.28, 0.137),
    (0.5, CHAIN.label, "tau", 0.95): (0.40, 0.27, 0.127),
    (0.5, CHAIN.label, "best", 0.9): (0.42, 0.28, 0.13),
    (0.5, PAIRS.label, "tau", 0.9): (0.35, 0.23, 0.114),
    (0.5, PAIRS.label, "tau", 0.95): (0.33, 0.209, 0.102),
    (0.5, PAIRS.label, "best", 0.9): (0.37, 0.28, 0.21),
    (0.0, KNOCK_OUT.label, "tau", 0.95): (1.02, 1.08, 1.07, 1.10),
    (0.0, RANDOM.label, "tau", 0.95): (1.00, 1.03, 0.99, 1.01),
    (0.0, KNOCK_OUT.label, "best", 0.9): (0.70, 0.59, 0.38, 0.35),
    (0.0, TOP.label, "best", 0.9): (0.34, 0.20, 0.12, 0.13),
}
"""Of a study in the same worlds, 120 to 2,000 repetitions."""

MOST = {
    0.5: {
        ROBIN.label: (13, 45, 260, 950),
        KNOCK_OUT.label: (8, 17, 45, 90),
        RANDOM.label: (6, 13, 35, 75),
        CHAIN.label: (6, 13.5, 38, 80),
        PAIRS.label: (4.8, 10, 29, 60),
        FIFTH.label: (4.5, 9.5, 28, 60),
        TOP.label: (2.5, 5, 12, 24),
    },
    0.0: {
        ROBIN.label: (5.6, 12, 32, 64),
        KNOCK_OUT.label: (5.6, 12.5, 33, 68),
        RANDOM.label: (5.6, 12, 32, 64),
        CHAIN.label: (5, 11, 28, 60),
        PAIRS.label: (4.5, 9.5, 24, 50),
        FIFTH.label: (4.2, 9, 23, 48),
        TOP.label: (1.2, 2.5, 5, 8),
    },
}
"""Thousands of calls after which a run is given up, for the sizes above."""


def run(options: Namespace) -> None:
    """The whole order: Kendall's tau with the true one."""
    contenders = (ROBIN, KNOCK_OUT, RANDOM, CHAIN, PAIRS, FIFTH)
    for rho in options.rho:
        for m in options.competitors:
            _table(
                m,
                rho,
                options.trials or (FULL if options.full else SHORT)[m],
                contenders,
                GOALS[:2],
            )


def run_best(options: Namespace) -> None:
    """The best one alone, which varies more and so takes more tournaments."""
    for rho in options.rho:
        for m in options.competitors:
            trials = options.trials or (20 if options.full else 5) * SHORT[m]
            _table(m, rho, trials, (ROBIN, KNOCK_OUT, TOP), GOALS[2:])


def _table(
    m: int,
    rho: float,
    trials: int,
    contenders: tuple[Contender, ...],
    goals: tuple[tuple[str, float], ...],
) -> None:
    start, where = time.process_time(), SIZES.index(m)
    print(f"\n{m} competitors, rho {rho}, {trials} tournaments: calls / round robin's "
          "(known mark)")  # fmt: skip
    print(f"{'':<32}" + "".join(f"{what + ' ' + str(goal):>24}" for what, goal in goals))
    base: dict[tuple[str, float], Cost] = {}
    for contender in contenders:
        most = int(1000 * MOST[rho][contender.label][where])
        costs = _costs(contender, m, rho, trials, most, goals)
        base = base or costs
        cells = [_cell(costs[goal], base[goal], rho, contender, goal, where) for goal in goals]
        print(f"{NAMES[contender.label]:<32}" + "".join(cells), flush=True)
    print(f"  ({time.process_time() - start:.0f} s)")


def _costs(
    contender: Contender,
    m: int,
    rho: float,
    trials: int,
    most: int,
    goals: tuple[tuple[str, float], ...],
) -> dict[tuple[str, float], Cost]:
    prompts = most // games_a_prompt(contender, m) + 2
    world = Synthetic(Setting(competitors=m, prompts=prompts, rho=rho), trials, SEED)
    wanted = {what for what, _ in goals}
    tau, best = 0.956 if "tau" in wanted else 0.0, 0.93 if "best" in wanted else 0.0
    curve = lab.follow(world, contender, SEED, most=most, tau=tau, best=best)
    return {goal: lab.cost(curve, *goal) for goal in goals}


def _cell(
    found: Cost,
    base: Cost,
    rho: float,
    contender: Contender,
    goal: tuple[str, float],
    where: int,
) -> str:
    if contender is ROBIN:
        return f"{found.calls:>15,.0f} calls   "
    ratio = found.over(base)
    marks = MARKS.get((rho, contender.label, *goal), ())
    mark = f" ({marks[where]:g})" if where < len(marks) else ""
    return f"{ratio.value:>8.3f} +- {ratio.error:.3f}{mark:<8}".rjust(24)
