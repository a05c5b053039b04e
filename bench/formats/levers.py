"""What each lever saves beside the schedule, what all together save, and whether intervals hold.

Levers: verdicts of three and five levels, a surrogate that knows something of each answer (as a
covariate of the fit), a guess of the strengths beforehand (as a prior), one call in random order
with a term for the first place instead of a call in each order, and effects of answers in the fit.
The bound is that of an oracle, see `tournaments.simulation.bounds`.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bench.formats.calls import MOST, SIZES
from bench.formats.contenders import (
    CHAIN,
    FIFTH,
    KNOCK_OUT,
    NAMES,
    PAIRS,
    ROBIN,
    SEED,
    games_a_prompt,
)
from tournaments.formats.beliefs import FloatArray
from tournaments.ratings import registry as ratings
from tournaments.ratings.base import Comparisons, RatingTable
from tournaments.simulation import trials as lab
from tournaments.simulation.bounds import Oracle
from tournaments.simulation.designs import design_of
from tournaments.simulation.estimates import Adjusted, Guess
from tournaments.simulation.sweeps import (
    Block,
    Estimator,
    Sweep,
    agreement,
    comparisons_of,
    names_of,
    plain,
)
from tournaments.simulation.trials import Contender, Cost, Mean
from tournaments.simulation.worlds import Setting, Synthetic

GOALS = (0.9, 0.95)
THREE = {"ties": 0.9}
FIVE = {"ties": 0.6, "slight": 2.0}
SURROGATE = 0.7
GUESS = 0.9
BIAS = 0.5


@dataclass(frozen=True)
class Lever:
    """setting: what differs in the world. surrogate, position, guess: what the fit uses."""

    name: str
    setting: dict[str, Any]
    surrogate: bool = False
    position: bool = False
    guess: bool = False
    price: int = 1

    def world(self, m: int, prompts: int, trials: int) -> Synthetic:
        return Synthetic(Setting(competitors=m, prompts=prompts, **self.setting), trials, SEED)

    def estimator(self, world: Synthetic) -> Estimator:
        covariates = self.covariates(world)
        guess = guessed(world) if self.guess else None
        return Adjusted(covariates, guess) if covariates or guess else plain

    def covariates(self, world: Synthetic) -> Callable[[Block], FloatArray] | None:
        used = [world.predicted] * self.surrogate + [world.first] * self.position
        if not used:
            return None
        return lambda block: np.column_stack(
            [of(block.trial, block.prompt, block.i, block.j) for of in used]
        )


def guessed(world: Synthetic) -> Guess:
    """A guess whose correlation with the true strengths is `GUESS`, at its right precision."""
    truth = world.strengths
    spread = float(truth.std())
    luck = np.random.default_rng(7).standard_normal(truth.shape)
    seen = GUESS * truth / spread + np.sqrt(1.0 - GUESS**2) * luck
    return Guess(GUESS * spread * seen, 1.0 / (spread**2 * (1.0 - GUESS**2)))


FORCED = Lever("forced choice", {})
ALL = {**FIVE, "surrogate": SURROGATE}
LEVERS = (
    FORCED,
    Lever("three levels", THREE),
    Lever("five levels", FIVE),
    Lever("surrogate", {"surrogate": SURROGATE}, surrogate=True),
    Lever("guess", {}, guess=True),
    Lever("five levels, surrogate", ALL, surrogate=True),
    Lever("all three", ALL, surrogate=True, guess=True),
)
ORDERS = (
    Lever("both orders", {"position": BIAS, "both_orders": True}, price=2),
    Lever("one order, no term", {"position": BIAS}),
    Lever("one order, with term", {"position": BIAS}, position=True),
    Lever("one order, all levers", {**ALL, "position": BIAS}, surrogate=True, position=True,
          guess=True),
)  # fmt: skip


def run(options: Namespace) -> None:
    for m in options.competitors:
        trials = options.trials or ({10: 400, 20: 120}.get(m, 60) if options.full else 60)
        _savings(m, trials)
    _orders(options.trials or (200 if options.full else 60))
    _responses(options.trials or (200 if options.full else 30))


def _savings(m: int, trials: int) -> None:
    robin = _costs(FORCED, ROBIN, m, trials)
    print(f"\n{m} competitors, rho 0.5, {trials} tournaments: calls / those of a round robin with "
          "a forced choice; coverage of 95 % intervals at tau 0.90\n"
          f"round robin by prompt: {robin[0].calls:,.0f} and {robin[1].calls:,.0f} calls; the "
          f"surrogate agrees with {_agreement(m):.2f} of verdicts; bound: an oracle")  # fmt: skip
    print(f"{'':<32}{'':<24}{'tau 0.9':>17}{'bound':>7}{'tau 0.95':>17}{'bound':>7}"
          f"{'coverage':>17}")  # fmt: skip
    for contender in (CHAIN, PAIRS, FIFTH):
        for lever in LEVERS:
            costs = _costs(lever, contender, m, trials)
            bounds = _bounds(lever, m, trials)
            cells = ""
            for found, base, least in zip(costs, robin, bounds, strict=True):
                ratio = found.over(base)
                cells += f"{ratio.value:>8.3f} +- {ratio.error:.3f}{least / base.calls:>7.3f}"
            held = _coverage(lever, contender, m, int(costs[0].calls), min(trials, 200))
            print(f"{NAMES[contender.label]:<32}{lever.name:<24}{cells}"
                  f"{held.value:>8.3f} +- {held.error:.3f}", flush=True)  # fmt: skip


def _costs(lever: Lever, contender: Contender, m: int, trials: int) -> list[Cost]:
    most = int(1000 * MOST[0.5][contender.label][SIZES.index(m)] * 1.2)
    world = lever.world(m, most // games_a_prompt(contender, m) + 2, trials)
    curve = lab.follow(
        world, contender, SEED, most=most, tau=0.956, best=0.0, estimate=lever.estimator(world)
    )
    return [_priced(lab.cost(curve, "tau", goal), lever.price) for goal in GOALS]


def _priced(cost: Cost, price: int) -> Cost:
    return Cost(price * cost.calls, price * cost.resampled)


def _bounds(lever: Lever, m: int, trials: int) -> list[float]:
    """Calls of the oracle in the same worlds, for both goals; a guess helps it not at all."""
    world = lever.world(m, 1, trials)
    oracle = Oracle(world.order, world.information())
    return [oracle.calls(goal) for goal in GOALS]


def _agreement(m: int) -> float:
    """Of the surrogate's preference, with all it knows of strengths, and the verdict."""
    world = Lever("", {"surrogate": SURROGATE}).world(m, 400, 20)
    rng = np.random.default_rng(3)
    trial, prompt = rng.integers(0, 20, 20_000), rng.integers(0, 400, 20_000)
    i = rng.integers(0, m, 20_000)
    j = (i + rng.integers(1, m, 20_000)) % m
    lead = world.order[trial, i] - world.order[trial, j]
    size = np.sqrt(0.5 * np.pi**2 / 6.0) * SURROGATE
    prefers = lead + size * world.predicted(trial, prompt, i, j) > 0
    return float((prefers == (world.verdicts(trial, prompt, i, j) > 0.5)).mean())


def _coverage(lever: Lever, contender: Contender, m: int, calls: int, trials: int) -> Mean:
    """Of the published intervals; of the lab's own with a guess, and with covariates of grades.

    Published ratings are on the scale of wins, whatever grades the verdicts have.
    """
    world = lever.world(m, calls // games_a_prompt(contender, m) + 2, trials)
    own = lever.guess or ("slight" in lever.setting and (lever.surrogate or lever.position))
    scale = {} if own else {"slight": 0.0}
    truth = replace(lever, setting={**lever.setting, "position": 0.0, **scale}).world(m, 1, trials)
    sweep = Sweep(world)
    design_of(contender.build(calls), sweep, SEED).play_on(sweep, calls)
    if own:
        return Mean.of(_lab_coverage(lever, sweep, truth.strengths))
    rule = ratings.build("bradley_terry", {
        "style_control": ["length"] if lever.surrogate else [],
        "position": "common" if lever.position else "ignore",
    })  # fmt: skip
    tables = [rule.rate(_rows(lever, world, block)) for block in sweep.rows()]
    return Mean.of(lab.coverage(tables, truth.strengths))


def _lab_coverage(lever: Lever, sweep: Sweep, truth: FloatArray) -> FloatArray:
    """By the larger of the model's error and one with a score for each prompt."""
    estimate = Adjusted(
        lever.covariates(sweep.world), guessed(sweep.world) if lever.guess else None
    )
    theta = estimate(sweep, estimate(sweep, None))
    m = theta.shape[1]
    centre = np.eye(m) - 1.0 / m
    inverse = np.linalg.inv(estimate.information)
    scores = estimate.scores(sweep, theta)
    sandwich = inverse @ (scores.transpose(0, 2, 1) @ scores) @ inverse
    errors = [
        np.sqrt(np.diagonal(centre @ covariance[:, :m, :m] @ centre, axis1=1, axis2=2))
        for covariance in (inverse, sandwich)
    ]
    held: FloatArray = (np.abs(theta @ centre - truth) <= 1.96 * np.maximum(*errors)).mean(axis=1)
    return held


def _rows(lever: Lever, world: Synthetic, block: Block) -> Comparisons:
    """What a published rating is given: the surrogate's preference takes the place of a style."""
    question = block.trial, block.prompt, block.i, block.j
    return replace(
        comparisons_of(block, world.competitors),
        first=world.first(*question).astype(np.int64) if lever.position else None,
        covariates={"length": world.predicted(*question)} if lever.surrogate else {},
    )


def _orders(trials: int) -> None:
    print(f"\n10 competitors, rho 0.5, the first is ahead by {BIAS}, {trials} tournaments: calls / "
          "those of both orders (known marks of a term: 0.76 +- 0.03, 0.82 +- 0.06)")  # fmt: skip
    print(f"{'':<32}{'':<24}{'tau 0.9':>17}{'tau 0.95':>17}{'coverage':>17}")
    for contender in (CHAIN, FIFTH):
        base: list[Cost] = []
        for lever in ORDERS:
            costs = _costs(lever, contender, 10, trials)
            base = base or costs
            ratios = [found.over(other) for found, other in zip(costs, base, strict=True)]
            cells = "".join(f"{ratio.value:>8.3f} +- {ratio.error:.3f}" for ratio in ratios)
            calls = int(costs[0].calls / lever.price)
            held = _coverage(lever, contender, 10, calls, min(trials, 200))
            print(f"{NAMES[contender.label]:<32}{lever.name:<24}{cells}"
                  f"{held.value:>8.3f} +- {held.error:.3f}", flush=True)  # fmt: skip


def _responses(trials: int) -> None:
    """Effects of answers in the fit: the same games rated with and without."""
    print(f"\n10 competitors, rho 0.5, 2,000 calls, {trials} tournaments: effects of answers in "
          "the fit, against the plain one")  # fmt: skip
    print(f"{'':<32}{'tau':>7}{'difference of tau':>21}{'plain coverage':>18}{'coverage':>17}")
    for contender in (KNOCK_OUT, CHAIN):
        world = FORCED.world(10, 240, trials)
        sweep = Sweep(world)
        design_of(contender.build(2000), sweep, SEED).play_on(sweep, 2000)
        data = sweep.comparisons()
        plain_, full = (
            [ratings.build("bradley_terry", {"response_effects": on}).rate(rows) for rows in data]
            for on in (False, True)
        )
        before, after = _tau(plain_, world), _tau(full, world)
        cells = [Mean.of(after - before), *(
            Mean.of(lab.coverage(tables, world.strengths)) for tables in (plain_, full)
        )]  # fmt: skip
        shown = "".join(f"{cell.value:>10.3f} +- {cell.error:.3f}" for cell in cells)
        print(f"{NAMES[contender.label]:<32}{after.mean():>7.3f}{shown}", flush=True)


def _tau(tables: list[RatingTable], world: Synthetic) -> FloatArray:
    found = [{row.competitor: row.rating for row in table.rows} for table in tables]
    theta = np.array([[by[name] for name in names_of(world.competitors)] for by in found])
    return agreement(theta, world.order)[0]
