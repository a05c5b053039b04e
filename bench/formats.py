"""Formats: calls to a goal, Varco Arena's simulation, coverage of schedules, stopping, replays.

    python -m bench.formats [--full] [--only calls|graded|varco|coverage|stopping|replay]
                            [--competitors 10 20 50 100] [--trials N]

Every format plays the same worlds; +- is one standard error over the simulated tournaments. Known
marks are those of the study that the design rests on (the same worlds, 120 to 2,000 repetitions).
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scipy.stats import rankdata

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tournaments.formats.beliefs import believe  # noqa: E402
from tournaments.ratings import registry as ratings  # noqa: E402
from tournaments.simulation import trials as lab  # noqa: E402
from tournaments.simulation.designs import design_of  # noqa: E402
from tournaments.simulation.sweeps import Sweep, agreement  # noqa: E402
from tournaments.simulation.trials import Contender, Cost  # noqa: E402
from tournaments.simulation.worlds import Recorded, Setting, Synthetic  # noqa: E402

SHARED = Path(os.environ.get("ARENA_SHARED_DATA", ROOT.parent / "shared" / "data"))
SEED = 1

ROBIN = Contender("round_robin")
KNOCK_OUT = Contender("single_elimination")
RANDOM = Contender("adaptive", {"schedule": "pairs", "random_share": 1})
CHAIN = Contender("adaptive")
PAIRS = Contender("adaptive", {"schedule": "pairs"})
THIRD = Contender("adaptive", {"schedule": "pairs", "random_share": 0.33})
TOP = Contender("adaptive_top")
NAMES = {
    ROBIN.label: "round robin by prompt",
    KNOCK_OUT.label: "knock-out",
    RANDOM.label: "random pairs",
    CHAIN.label: "chain, half random",
    PAIRS.label: "rank-loss pairs, half random",
    THIRD.label: "rank-loss pairs, a third random",
    TOP.label: "top-1 pairs",
}
ALL = (ROBIN, KNOCK_OUT, RANDOM, CHAIN, PAIRS, THIRD, TOP)
GOALS = (("tau", 0.9), ("tau", 0.95), ("best", 0.9))

MARKS: dict[tuple[float, str, str, float], tuple[float, ...]] = {
    (0.5, KNOCK_OUT.label, "tau", 0.9): (0.50, 0.33, 0.162, 0.083),
    (0.5, KNOCK_OUT.label, "tau", 0.95): (0.52, 0.33, 0.156, 0.086),
    (0.5, RANDOM.label, "tau", 0.9): (0.43, 0.28, 0.129, 0.067),
    (0.5, RANDOM.label, "tau", 0.95): (0.43, 0.27, 0.120, 0.068),
    (0.5, CHAIN.label, "tau", 0.9): (0.42, 0.28, 0.137),
    (0.5, CHAIN.label, "tau", 0.95): (0.40, 0.27, 0.127),
    (0.5, PAIRS.label, "tau", 0.9): (0.35, 0.23, 0.114),
    (0.5, PAIRS.label, "tau", 0.95): (0.33, 0.209, 0.102),
    (0.0, KNOCK_OUT.label, "tau", 0.95): (1.02, 1.08, 1.07, 1.10),
    (0.0, RANDOM.label, "tau", 0.95): (1.00, 1.03, 0.99, 1.01),
    (0.0, KNOCK_OUT.label, "best", 0.9): (0.70, 0.59, 0.38, 0.35),
    (0.0, TOP.label, "best", 0.9): (0.34, 0.20, 0.12, 0.13),
}
SIZES = (10, 20, 50, 100)

MOST = {
    0.5: {
        ROBIN.label: (13, 45, 260, 950),
        KNOCK_OUT.label: (8, 17, 45, 90),
        RANDOM.label: (6, 13, 35, 75),
        CHAIN.label: (6, 13.5, 38, 80),
        PAIRS.label: (4.8, 10, 29, 60),
        THIRD.label: (4.5, 9.5, 28, 60),
        TOP.label: (2.5, 5, 12, 24),
    },
    0.0: {
        ROBIN.label: (5.6, 12, 32, 64),
        KNOCK_OUT.label: (5.6, 12.5, 33, 68),
        RANDOM.label: (5.6, 12, 32, 64),
        CHAIN.label: (5, 11, 28, 60),
        PAIRS.label: (4.5, 9.5, 24, 50),
        THIRD.label: (4.2, 9, 23, 48),
        TOP.label: (1.2, 2.5, 5, 8),
    },
}
"""Thousands of calls after which a run is given up, for the sizes above."""


def calls(sizes: list[int], full: bool, times: int | None) -> None:
    """Calls until a goal, as a multiple of a round robin on every prompt."""
    trials = {10: 1000, 20: 400, 50: 100, 100: 24} if full else {10: 150, 20: 50, 50: 12, 100: 4}
    trials = {m: times or known for m, known in trials.items()}
    for rho in (0.5, 0.0):
        for m in sizes:
            start = time.process_time()
            where = SIZES.index(m)
            print(f"\n{m} competitors, rho {rho}, {trials[m]} tournaments: calls / round robin's "
                  "(known mark)")  # fmt: skip
            print(f"{'':<32}" + "".join(f"{what + ' ' + str(goal):>22}" for what, goal in GOALS))
            base: dict[tuple[str, float], Cost] = {}
            for contender in ALL:
                most = MOST[rho][contender.label]
                only = ("best",) if contender is TOP else ("tau", "best")
                costs = _costs(contender, m, rho, trials[m], int(1000 * most[where]), only)
                base = base or costs
                cells = [_cell(costs.get(goal), base[goal], rho, contender, goal, where)
                         for goal in GOALS]  # fmt: skip
                print(f"{NAMES[contender.label]:<32}" + "".join(cells), flush=True)
            print(f"  ({time.process_time() - start:.0f} s)")


def _costs(
    contender: Contender, m: int, rho: float, trials: int, most: int, goals: tuple[str, ...]
) -> dict[tuple[str, float], Cost]:
    each = {ROBIN.label: m * (m - 1) // 2, KNOCK_OUT.label: m - 1, CHAIN.label: m - 1}
    prompts = most // each.get(contender.label, m // 2) + 2
    world = Synthetic(Setting(competitors=m, prompts=prompts, rho=rho), trials, SEED)
    tau = 0.956 if "tau" in goals else 0.0
    curve = lab.follow(world, contender, SEED, most=most, tau=tau, best=0.92)
    return {goal: lab.cost(curve, *goal) for goal in GOALS if goal[0] in goals}


def _cell(
    found: Cost | None, base: Cost, rho: float, contender: Contender, goal: tuple[str, float],
    where: int,
) -> str:  # fmt: skip
    if found is None:
        return f"{'':>22}"
    if contender is ROBIN:
        return f"{found.calls:>13,.0f} calls   "
    ratio = found.over(base)
    marks = MARKS.get((rho, contender.label, *goal), ())
    mark = f" ({marks[where]:g})" if where < len(marks) else ""
    return f"{ratio.value:>7.3f} +- {ratio.error:.3f}{mark:<7}".rjust(22)


GRADES = (
    ("forced choice", {}),
    ("three levels (ties within 0.6)", {"ties": 0.6}),
    ("five levels (ties 0.4, slight 1.3)", {"ties": 0.4, "slight": 1.3}),
)


def graded(full: bool) -> None:
    """What verdicts that say how clear they are save, as a multiple of the forced choice."""
    trials = 500 if full else 100
    print(
        f"\ngraded verdicts, 10 competitors, rho 0.5, {trials} tournaments: calls / forced choice"
    )
    print(f"{'':<32}{'':<36}" + "".join(f"{f'tau {goal}':>18}" for goal in (0.9, 0.95)))
    for contender in (CHAIN, PAIRS):
        base: list[Cost] = []
        for name, levels in GRADES:
            setting = Setting(competitors=10, prompts=1000, rho=0.5, **levels)
            world = Synthetic(setting, trials, SEED)
            curve = lab.follow(world, contender, SEED, most=5000, tau=0.956, best=0.0)
            costs = [lab.cost(curve, "tau", goal) for goal in (0.9, 0.95)]
            base = base or costs
            ratios = [found.over(other) for found, other in zip(costs, base, strict=True)]
            cells = "".join(f"{r.value:>9.3f} +- {r.error:.3f}" for r in ratios)
            print(f"{NAMES[contender.label]:<32}{name:<36}{cells}", flush=True)


# --- Varco Arena's simulation ------------------------------------------------------------------


BOARD = (
    (0.0, 893), (0.02, 925), (0.04, 985), (0.06, 1001), (0.25, 1035), (0.5, 1076),
    (0.75, 1113), (0.9, 1150), (0.95, 1190), (0.96, 1247), (1.0, 1251),
)  # fmt: skip
"""Quantiles of the Elo ratings of a public board of 51 models, February 2024."""


def varco(full: bool) -> None:
    """32 competitors, 400 prompts, one verdict in ten turned round; Spearman's correlation."""
    trials = 200 if full else 50
    elo = np.interp(np.arange(51) / 50, *zip(*BOARD, strict=True))
    given = tuple(((elo - elo.mean()) * np.log(10) / 400).tolist())
    setting = Setting(competitors=32, prompts=800, rho=0.0, flips=0.1, given=given, lead=0.0)
    world = Synthetic(setting, trials, SEED)
    budget = 31 * 400
    print(f"\n32 competitors, 400 prompts, accuracy 0.9, {trials} tournaments (published: bracket "
          "0.94, anchored 0.89)")  # fmt: skip
    print(f"{'':<32}{'calls':>8}{'Spearman, median':>18}{'mean':>18}{'best found':>16}")
    for name, contender in (
        ("anchored on the second best", None),
        ("bracket (Varco Arena)", KNOCK_OUT),
        ("random pairs", RANDOM),
        ("chain, half random", CHAIN),
        ("rank-loss pairs, half random", PAIRS),
    ):
        sweep = Sweep(world)
        if contender is None:
            _play_anchored(sweep, 400)
        else:
            design_of(contender.build(budget), sweep, SEED).play_on(sweep, budget)
        theta = believe(sweep.points).theta
        rho = _spearman(theta, world.order)
        best = agreement(theta, world.order)[1]
        error = rho.std() / np.sqrt(trials)
        best_error = np.sqrt(best.mean() * (1 - best.mean()) / trials)
        print(f"{name:<32}{sweep.calls.mean():>8,.0f}{np.median(rho):>18.3f}"
              f"{rho.mean():>10.3f} +- {error:.3f}{best.mean():>7.2f} +- {best_error:.2f}",
              flush=True)  # fmt: skip


def _play_anchored(sweep: Sweep, prompts: int) -> None:
    """Everybody against the truly second best, which differs from trial to trial."""
    order = np.argsort(-sweep.world.order, axis=1)
    others = np.delete(order, 1, axis=1)
    shape = (len(order), prompts, others.shape[1])
    trial, prompt, _ = np.indices(shape)
    i = np.broadcast_to(others[:, None, :], shape)
    j = np.broadcast_to(order[:, 1][:, None, None], shape)
    sweep.play(trial.ravel(), prompt.ravel(), i.ravel(), j.ravel())


def _spearman(theta: np.ndarray, truth: np.ndarray) -> np.ndarray:
    a, b = (rankdata(x, axis=1) - (x.shape[1] + 1) / 2 for x in (theta, truth))
    return (a * b).sum(axis=1) / np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))


# --- coverage and stopping ---------------------------------------------------------------------


def coverage(full: bool) -> None:
    """Coverage of the default rating's 95 % intervals under each schedule."""
    trials = 400 if full else 60
    print(f"\ncoverage of 95 % intervals, 16 competitors, 1,500 calls, {trials} tournaments "
          "(goal 0.93 to 0.975)")  # fmt: skip
    print(f"{'':<32}{'rho 0':>18}{'rho 0.5':>18}{'equals, rho 0':>18}")
    rows = (KNOCK_OUT, RANDOM, CHAIN, PAIRS, THIRD, TOP,
            Contender("adaptive", {"schedule": "pairs", "random_share": 0}))  # fmt: skip
    for contender in rows:
        cells = []
        for changes in ({"rho": 0.0}, {"rho": 0.5}, {"rho": 0.0, "spread": 1e-6, "lead": 0.0}):
            setting = replace(Setting(competitors=16, prompts=400), **changes)
            world = Synthetic(setting, trials, SEED)
            (found,) = lab.compare(world, [contender], ["bradley_terry"], 1500, SEED)
            cells.append(f"{found.coverage.value:>10.3f} +- {found.coverage.error:.3f}")
        name = NAMES.get(contender.label, "rank-loss pairs, none random")
        print(f"{name:<32}" + "".join(f"{cell:>18}" for cell in cells), flush=True)


def stopping(full: bool) -> None:
    """What is true when a rule stops a tournament; 10 competitors, rho 0.5."""
    trials = 200 if full else 40
    print(f"\nstopping, 10 competitors, 600 prompts, rho 0.5, {trials} tournaments")
    print(f"{'rule':<46}{'calls 10-50-90 %':>20}{'tau':>16}{'claim true':>16}{'coverage':>16}")
    chain = {"games": 5400}
    for title, contender, claim in (
        ("chain until tau 0.90", Contender("adaptive", {**chain, "until": "tau", "target": 0.9}),
         None),
        ("pairs until tau 0.90", Contender("adaptive", {
            **chain, "schedule": "pairs", "until": "tau", "target": 0.9}), None),
        ("chain until the best 3 are known", Contender("adaptive", {
            **chain, "until": "top", "best": 3}), 3),
        ("top-1 pairs until the best is known", Contender("adaptive_top", {
            **chain, "until": "top"}), 1),
        ("chain until neighbours within 60 Elo", Contender("adaptive", {
            **chain, "until": "separated", "margin": 60}), "margin"),
        ("chain until intervals are within 120 Elo", Contender("adaptive", {
            **chain, "until": "width", "width": 120}), None),
    ):  # fmt: skip
        print(_stopped(title, contender, claim, trials), flush=True)


def _stopped(title: str, contender: Contender, claim: int | str | None, trials: int) -> str:
    world = Synthetic(Setting(competitors=10, prompts=600), trials, SEED)
    sweep = Sweep(world)
    design_of(contender.build(None), sweep, SEED).play_on(sweep, 10**9)
    rule = ratings.build("bradley_terry")
    tables = [rule.rate(data) for data in sweep.comparisons()]
    theta = believe(sweep.points).theta
    tau, _ = agreement(theta, world.order)
    held = lab.coverage(tables, world.strengths)
    low, middle, high = np.quantile(sweep.calls, [0.1, 0.5, 0.9])
    stopped = sweep.calls < contender.params["games"]
    right = ""
    if claim is not None:
        true = _true_claims(theta, world, claim)[stopped]
        share = true.mean() if len(true) else float("nan")
        right = f"{share:.3f} of {len(true)}"
    error = lambda x: x.std() / np.sqrt(trials)  # noqa: E731
    spread = f"{low:,.0f} {middle:,.0f} {high:,.0f}"
    return (f"{title:<46}{spread:>20}{tau.mean():>9.3f} +- {error(tau):.3f}{right:>16}"
            f"{held.mean():>9.3f} +- {error(held):.3f}")  # fmt: skip


def _true_claims(theta: np.ndarray, world: Synthetic, claim: int | str) -> np.ndarray:
    """(R,): whether the best named are the true best, or no neighbours that are far apart in
    truth stand in the wrong order."""
    order = np.argsort(-theta, axis=1)
    if isinstance(claim, int):
        true = np.argsort(-world.order, axis=1)
        return np.array([set(a[:claim]) == set(b[:claim])
                         for a, b in zip(order, true, strict=True)])  # fmt: skip
    strengths = np.take_along_axis(world.strengths, order, axis=1) * 400 / np.log(10)
    return (strengths[:, :-1] - strengths[:, 1:] > -60).all(axis=1)


# --- replays -----------------------------------------------------------------------------------


def replay(full: bool) -> None:
    """Recorded verdicts: agreement with the order of the whole table, at equal calls."""
    trials = 200 if full else 40
    for data, judge in (("vicuna80_arena", "gpt-4"), ("ko_mtbench", "gpt-4o-mini")):
        folder = SHARED / data
        if not folder.is_dir():
            print(f"NOT RUN: {data} is not at {SHARED}")
            continue
        shares = _recorded(folder, judge)
        world = Recorded(shares, trials)
        m, played = world.competitors, int((~np.isnan(shares)).sum() // 2)
        print(f"\n{data}, {judge}: {m} competitors, {world.prompts} prompts, {played:,} verdicts, "
              f"{trials} orders of play; tau with the whole table")  # fmt: skip
        budgets = [int(played * share) for share in (0.05, 0.1, 0.2, 0.4)]
        print(f"{'':<32}" + "".join(f"{budget:>12,} calls" for budget in budgets))
        for contender in (ROBIN, KNOCK_OUT, RANDOM, CHAIN, PAIRS):
            cells = [_replayed(world, contender, budget) for budget in budgets]
            print(f"{NAMES[contender.label]:<32}" + "".join(f"{c:>18}" for c in cells), flush=True)


def _replayed(world: Recorded, contender: Contender, budget: int) -> str:
    """A knock-out ends with its last prompt; then it is not comparable."""
    sweep = Sweep(_shuffled(world))
    design_of(contender.build(budget), sweep, SEED).play_on(sweep, budget)
    if sweep.calls.mean() < 0.9 * budget:
        return "ended"
    tau, _ = agreement(believe(sweep.points).theta, world.order)
    return f"{tau.mean():.3f} +- {tau.std() / np.sqrt(len(tau)):.3f}"


class _Shuffled(Recorded):
    """Each trial has the prompts in another order."""

    def verdicts(self, trial, prompt, i, j):
        orders = np.array([np.random.default_rng(r).permutation(self.prompts)
                           for r in range(self.trials)])  # fmt: skip
        return self.shares[orders[trial, prompt], i, j]


def _shuffled(world: Recorded) -> Recorded:
    return _Shuffled(world.shares, world.trials)


def _recorded(folder: Path, judge: str) -> np.ndarray:
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true")
    parser.add_argument(
        "--only", choices=["calls", "graded", "varco", "coverage", "stopping", "replay"]
    )
    parser.add_argument("--competitors", type=int, nargs="+", choices=SIZES, default=[10, 20])
    parser.add_argument("--trials", type=int, help="tournaments for the part calls")
    options = parser.parse_args()
    parts: dict[str, Callable[[], None]] = {
        "calls": lambda: calls(options.competitors, options.full, options.trials),
        "graded": lambda: graded(options.full),
        "varco": lambda: varco(options.full),
        "coverage": lambda: coverage(options.full),
        "stopping": lambda: stopping(options.full),
        "replay": lambda: replay(options.full),
    }
    for name, part in parts.items():
        if options.only in (None, name):
            part()
    return 0


if __name__ == "__main__":
    sys.exit(main())
