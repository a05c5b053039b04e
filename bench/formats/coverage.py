"""Coverage of the default rating's 95 % intervals under each schedule."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace

from bench.formats.contenders import (
    CHAIN,
    FIFTH,
    KNOCK_OUT,
    NAMES,
    PAIRS,
    RANDOM,
    SEED,
    THIRD,
    TOP,
)
from tournaments.simulation import trials as lab
from tournaments.simulation.trials import Contender
from tournaments.simulation.worlds import Setting, Synthetic

NOTHING_RANDOM = Contender("adaptive", {"schedule": "pairs", "random_share": 0})
WORLDS = ({"rho": 0.0}, {"rho": 0.5}, {"rho": 0.0, "spread": 1e-6, "lead": 0.0})


def run(options: Namespace) -> None:
    trials = options.trials or (400 if options.full else 60)
    print(f"\ncoverage of 95 % intervals, 16 competitors, 1,500 calls, {trials} tournaments "
          "(goal 0.93 to 0.975)")  # fmt: skip
    print(f"{'':<32}{'rho 0':>18}{'rho 0.5':>18}{'equals, rho 0':>18}")
    for contender in (KNOCK_OUT, RANDOM, CHAIN, PAIRS, THIRD, FIFTH, NOTHING_RANDOM, TOP):
        cells = []
        for changes in WORLDS:
            setting = replace(Setting(competitors=16, prompts=400), **changes)
            world = Synthetic(setting, trials, SEED)
            (found,) = lab.compare(world, [contender], ["bradley_terry"], 1500, SEED)
            cells.append(f"{found.coverage.value:>10.3f} +- {found.coverage.error:.3f}")
        name = NAMES.get(contender.label, "rank-loss pairs, none random")
        print(f"{name:<32}" + "".join(f"{cell:>18}" for cell in cells), flush=True)
