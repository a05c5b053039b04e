"""How near the schedules are to an oracle that knows the truth and spreads its calls best."""

from __future__ import annotations

from argparse import Namespace

from bench.formats.contenders import SEED
from tournaments.simulation.bounds import Oracle
from tournaments.simulation.worlds import Setting, Synthetic


def run(options: Namespace) -> None:
    print("\ncalls of random pairs and of an oracle, by the Cramer-Rao bound on fresh answers; "
          "rho 0.5")  # fmt: skip
    print(f"{'':<16}{'tau 0.9: random':>17}{'oracle':>9}{'ratio':>15}"
          f"{'tau 0.95: random':>18}{'oracle':>9}{'ratio':>15}")  # fmt: skip
    for m in options.competitors:
        trials = options.trials or {10: 400, 20: 200, 50: 40, 100: 8}[m]
        world = Synthetic(Setting(competitors=m, prompts=1), trials, SEED)
        oracle = Oracle(world.order, world.information())
        cells = ""
        for goal in (0.9, 0.95):
            alike = oracle.calls(goal, best_design=False)
            best = oracle.calls(goal)
            cells += f"{alike:>14,.0f}{best:>9,.0f}{best / alike:>12.3f}   "
        print(f"{m:>3} competitors {cells}", flush=True)
