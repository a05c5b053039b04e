"""Larger waves: how many plans they save, and what they cost in agreement at equal calls."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace

import numpy as np

from bench.formats.contenders import CHAIN, NAMES, PAIRS, SEED
from tournaments.formats.beliefs import FloatArray, believe
from tournaments.formats.planning import RANDOM, Planner
from tournaments.formats.pool import Pool, wave_rng
from tournaments.formats.waves import WaveFormat
from tournaments.simulation.designs import Waves
from tournaments.simulation.sweeps import Sweep, agreement
from tournaments.simulation.trials import Contender, Mean
from tournaments.simulation.worlds import Setting, Synthetic

CALLS = 6500
GROWTHS = (0.06, 0.12, 0.25, 0.5)


def run(options: Namespace) -> None:
    trials = options.trials or (600 if options.full else 100)
    print(f"\nwaves, 20 competitors, rho 0.5, {trials} tournaments of {CALLS:,} calls; planned: "
          "waves of a run of 190,000 games (10,000 prompts)")  # fmt: skip
    print(f"{'':<32}{'growth':>8}{'planned':>9}{'tau':>9}{'minus the first':>22}")
    for contender in (CHAIN, PAIRS):
        first: FloatArray | None = None
        for growth in GROWTHS:
            planner = replace(_format(contender).lab_planner, growth=growth)
            tau = _tau(contender, planner, trials)
            first = tau if first is None else first
            lost = Mean.of(tau - first)
            print(f"{NAMES[contender.label]:<32}{growth:>8}{_planned(planner):>9}"
                  f"{tau.mean():>9.4f}{lost.value:>+12.4f} +- {lost.error:.4f}",
                  flush=True)  # fmt: skip


def _format(contender: Contender) -> WaveFormat:
    return contender.build(CALLS)


def _tau(contender: Contender, planner: Planner, trials: int) -> FloatArray:
    world = Synthetic(Setting(competitors=20, prompts=700), trials, SEED)
    sweep = Sweep(world, keep=False)
    Waves(_format(contender), planner, sweep, SEED).play_on(sweep, CALLS)
    return agreement(believe(sweep.points).theta, world.order)[0]


def _planned(planner: Planner) -> int:
    """Their number depends on sizes alone, so random ones will do."""
    pool, waves = Pool(np.ones((10_000, 20), dtype=bool)), 0
    random = replace(planner, random_share=1.0)
    while random.place(pool, RANDOM, wave_rng(SEED, waves), 190_000 - pool.scheduled):
        waves += 1
    return waves
