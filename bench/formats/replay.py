"""Recorded verdicts: agreement with the order of the whole table, at equal calls."""

from __future__ import annotations

import gzip
import json
from argparse import Namespace
from collections import defaultdict
from pathlib import Path

import numpy as np

from bench.formats.contenders import (
    CHAIN,
    FIFTH,
    KNOCK_OUT,
    NAMES,
    PAIRS,
    RANDOM,
    ROBIN,
    SEED,
    SHARED,
)
from tournaments.formats.beliefs import FloatArray, IntArray, believe
from tournaments.simulation.designs import design_of
from tournaments.simulation.sweeps import Sweep, agreement
from tournaments.simulation.trials import Contender, Mean
from tournaments.simulation.worlds import Recorded

CONTENDERS = (ROBIN, KNOCK_OUT, RANDOM, CHAIN, PAIRS, FIFTH)


def run(options: Namespace) -> None:
    trials = options.trials or (200 if options.full else 40)
    for data, judge in (("vicuna80_arena", "gpt-4"), ("ko_mtbench", "gpt-4o-mini")):
        folder = SHARED / data
        if not folder.is_dir():
            print(f"NOT RUN: {data} is not at {SHARED}")
            continue
        world = Shuffled(_recorded(folder, judge), trials)
        played = int((~np.isnan(world.shares)).sum() // 2)
        print(f"\n{data}, {judge}: {world.competitors} competitors, {world.prompts} prompts, "
              f"{played:,} verdicts, {trials} orders of play; tau with the whole table, and what "
              "is lost to the best plan")  # fmt: skip
        _table(world, [int(played * share) for share in (0.05, 0.1, 0.2, 0.4)])


def _table(world: Recorded, budgets: list[int]) -> None:
    found = {c.label: [_replayed(world, c, budget) for budget in budgets] for c in CONTENDERS}
    print(f"{'':<32}" + "".join(f"{budget:>18,} calls" for budget in budgets))
    for label, taus in found.items():
        cells = []
        for tau, rivals in zip(taus, zip(*found.values(), strict=True), strict=True):
            known = [rival for rival in rivals if rival is not None]
            best = max(known, key=lambda rival: float(rival.mean()))
            cells.append("ended" if tau is None else _cell(tau, best))
        print(f"{NAMES[label]:<32}" + "".join(f"{cell:>24}" for cell in cells), flush=True)


def _cell(tau: FloatArray, best: FloatArray) -> str:
    lost = Mean.of(best - tau)
    return f"{tau.mean():.3f} ({-lost.value:.3f} +- {lost.error:.3f})"


def _replayed(world: Recorded, contender: Contender, budget: int) -> FloatArray | None:
    """Tau of each order of play; a knock-out ends with its last prompt, then it is None."""
    sweep = Sweep(world, keep=False)
    design_of(contender.build(budget), sweep, SEED).play_on(sweep, budget)
    if sweep.calls.mean() < 0.9 * budget:
        return None
    return agreement(believe(sweep.points).theta, world.order)[0]


class Shuffled(Recorded):
    """Each trial has the prompts in another order."""

    def __init__(self, shares: FloatArray, trials: int) -> None:
        super().__init__(shares, trials)
        self._orders = np.array(
            [np.random.default_rng(r).permutation(self.prompts) for r in range(trials)]
        )

    def verdicts(self, trial: IntArray, prompt: IntArray, i: IntArray, j: IntArray) -> FloatArray:
        return super().verdicts(trial, self._orders[trial, prompt], i, j)


def _recorded(folder: Path, judge: str) -> FloatArray:
    """(P, M, M): the mean of the recorded orders; competitors that met everybody."""
    votes: defaultdict[tuple[str, str, str], list[float]] = defaultdict(list)
    with gzip.open(folder / "judgments.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if row["judge"] == judge:
                share = {"a": 1.0, "b": 0.0}.get(row["winner"], 0.5)
                votes[row["prompt_id"], row["model_a"], row["model_b"]].append(share)
                votes[row["prompt_id"], row["model_b"], row["model_a"]].append(1.0 - share)
    names = sorted({a for _, a, _ in votes})
    prompts = sorted({prompt for prompt, _, _ in votes})
    shares = np.full((len(prompts), len(names), len(names)), np.nan)
    for (prompt, a, b), cast in votes.items():
        agreed = cast[0] if len(set(cast)) == 1 else 0.5
        shares[prompts.index(prompt), names.index(a), names.index(b)] = agreed
    met = (~np.isnan(shares)).mean(axis=0)
    while (met + np.eye(len(met))).min() < 0.9:  # drop who met fewest until the table is full
        out = int(met.sum(axis=1).argmin())
        shares = np.delete(np.delete(shares, out, axis=1), out, axis=2)
        met = (~np.isnan(shares)).mean(axis=0)
    return shares
