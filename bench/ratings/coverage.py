"""Coverage of 95 % intervals in simulated tournaments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.ratings.worlds import World, played
from tournaments.ratings import registry
from tournaments.ratings.base import ELO_SCALE

WORLDS = (
    World("20, 2,000 random", "random_pairs", 20, 2000),
    World("20, 150 random", "random_pairs", 20, 150),
    World("knock-out 16, 5 prompts", "knock_out", 16, 5),
    World("knock-out, 10", "knock_out", 16, 10),
    World("knock-out, 30", "knock_out", 16, 30),
    World("knock-out, 100", "knock_out", 16, 100),
    World("knock-out, 10, rho .5", "knock_out", 16, 10, 0.5),
    World("knock-out, 30, rho .5", "knock_out", 16, 30, 0.5),
    World("round robin 10, 5, rho .5", "round_robin", 10, 5, 0.5),
    World("round robin 10, 20, rho .5", "round_robin", 10, 20, 0.5),
    World("round robin 10, 100, rho .5", "round_robin", 10, 100, 0.5),
    World("cycle 16, 200, rho .5", "random_cycle", 16, 200, 0.5),
    World("disjoint pairs 16, 60, rho .5", "disjoint_pairs", 16, 60, 0.5),
    World("30 people, 40 prompts, rho .5", "crowd", 8, 40, 0.5),
    World("29 % ties, 2,000 random", "random_pairs", 20, 2000, 0.0, 1.0),
    World("Thompson chain, half random", "thompson_chain_half_random", 16, 100),
    World("the same, rho .5", "thompson_chain_half_random", 16, 100, 0.5),
)
LONG = (
    World("knock-out, 100, rho .5", "knock_out", 16, 100, 0.5),
    World("knock-out, 500, rho .5", "knock_out", 16, 500, 0.5),
    World("knock-out + random, 500, rho .5", "knock_out_half_random", 16, 500, 0.5),
)
BIASED = (*LONG, World("Thompson chain, all", "thompson_chain", 16, 100))
GOAL = (0.93, 0.975)


def coverage(times: int) -> bool:
    """Share of 95 % intervals that hold the truth; `top 2`: of the two best competitors."""
    print(f"{times} tournaments a row; +- is one standard error")
    print(f"{'world':<32} {'covered':>16} {'top 2':>6} {'width':>6} {'warned':>7}")
    passed = True
    for world in (*WORLDS, *LONG):
        row = _coverage_row(world, {}, times)
        passed &= GOAL[0] - 2 * row.error <= row.covered <= GOAL[1] + 2 * row.error
    print(f"goal {GOAL[0]} to {GOAL[1]}: {'ok' if passed else 'FAILED'} within two errors")
    print(
        'biased by the schedule, in a plain fit (response_effects "never"); all must be warned of:'
    )
    for world in BIASED:
        row = _coverage_row(world, {"response_effects": "never"}, times)
        passed &= row.warned > 0.99
    return passed


@dataclass(frozen=True)
class Row:
    """covered, error: the share of intervals that hold and its standard error. warned: a share."""

    covered: float
    error: float
    warned: float


def _coverage_row(world: World, params: dict, times: int) -> Row:
    rng = np.random.default_rng([2, sum(map(ord, world.name))])
    rule = registry.build("bradley_terry", params)
    held, top, width, warned = [], [], [], []
    for _ in range(times):
        data, theta = played(world, rng)
        truth = dict(zip(data.competitors, 1000 + ELO_SCALE * theta, strict=True))
        table = rule.rate(data)
        rows = sorted(table.rows, key=lambda row: -truth[row.competitor])
        inside = [row.ci_low <= truth[row.competitor] <= row.ci_high for row in rows]
        held.append(np.mean(inside))
        top.append(np.mean(inside[:2]))
        width.append(np.median([row.ci_high - row.ci_low for row in rows]))
        warned.append(any("too narrow" in warning for warning in table.warnings))
    row = Row(float(np.mean(held)), float(np.std(held) / np.sqrt(times)), float(np.mean(warned)))
    print(f"{world.name:<32} {row.covered:>8.3f} +- {row.error:.3f} {np.mean(top):>6.2f}"
          f" {np.mean(width):>6.0f} {row.warned:>7.0%}", flush=True)  # fmt: skip
    return row
