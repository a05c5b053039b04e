"""What is true when a rule stops a tournament; 10 competitors, rho 0.5."""

from __future__ import annotations

from argparse import Namespace

import numpy as np

from bench.formats.contenders import SEED
from tournaments.formats.beliefs import believe
from tournaments.ratings import registry as ratings
from tournaments.simulation import trials as lab
from tournaments.simulation.designs import design_of
from tournaments.simulation.sweeps import Sweep, agreement
from tournaments.simulation.trials import Contender
from tournaments.simulation.worlds import Setting, Synthetic

MARGIN = 120


def run(options: Namespace) -> None:
    """What is true when a rule stops a tournament; 10 competitors, rho 0.5."""
    trials = options.trials or (200 if options.full else 40)
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
        ("pairs until neighbours are apart or within 120", Contender("adaptive", {
            **chain, "schedule": "pairs", "until": "separated", "margin": MARGIN}), "margin"),
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
    return (strengths[:, :-1] - strengths[:, 1:] > -MARGIN).all(axis=1)
