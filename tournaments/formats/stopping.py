"""When a tournament knows enough: rules on the games so far, looked at after every wave.

Who looks again and again and stops when the result pleases is wrong more often than an ordinary
95 % interval says. `top` and `separated` therefore use intervals that hold at every look
(`tournaments.ratings.anytime`). They stop when all their claims hold together, so Holm's step-down
replaces Bonferroni: the claim in most doubt is tested at the whole level, the second at a half, and
so on (a leader needs no correction at all against the runner-up: Hung & Fithian, 2019). `tau` asks
for a little more than the target instead, by a margin that was measured. `width` reads ordinary
intervals: how wide they are depends on the number of games and hardly on their results.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field as Param
from scipy.special import ndtr

from arena.common import plugins
from tournaments.ratings.anytime import widening
from tournaments.ratings.base import ELO_SCALE, Comparisons, FloatArray
from tournaments.ratings.counts import gather
from tournaments.ratings.links import HalfWin
from tournaments.ratings.paired import Prior, Units, fit
from tournaments.ratings.strengths import strengths_spread
from tournaments.ratings.uncertainty import clustered_covariance, model_covariance

TAU_MARGIN = 0.015
"""Adaptive games make the expected tau this much too large (docs/figures.md, "Calls")."""

Until = Literal["plan", "tau", "top", "separated", "width"]


class StoppingParams(plugins.Params):
    """When to stop before all planned games are played."""

    until: Until = Param(
        default="plan",
        description="plan: play all planned games; tau: until the order is expected to agree with "
        "the true one (target); top: until the best are known (best); separated: until every "
        "neighbour is separated or practically equal (margin); width: until all intervals are "
        "narrower than width",
    )
    target: float = Param(default=0.95, gt=0, lt=1, description="Kendall's tau to reach, for tau")
    best: int = Param(default=1, ge=1, le=1000, description="how many of the best, for top")
    margin: float = Param(
        default=30.0, ge=0, description="Elo points that make no practical difference"
    )
    width: float = Param(default=100.0, gt=0, description="Elo points from end to end of intervals")
    confidence: float = Param(default=0.95, gt=0.5, lt=1)


@dataclass(frozen=True)
class Standing:
    """What is known at a look, on the natural-log scale.

    strengths: (M,). variances: (M, M) of their differences. half: (M,) half-widths of ordinary
    intervals. games: decided so far.
    """

    strengths: FloatArray
    variances: FloatArray
    half: FloatArray
    games: int


def standing(comparisons: Comparisons, confidence: float) -> Standing | None:
    """The Bradley-Terry fit with the larger of model-based and prompt-clustered errors.

    None while somebody has not played.
    """
    evidence = gather(comparisons)
    if evidence.unrated or len(evidence.names) < 2:
        return None
    units, link, prior = Units.plain(evidence.pairs), HalfWin(), Prior(1.0)
    found = fit(units, link, prior)
    model = model_covariance(found, units, link, prior)
    clustered = clustered_covariance(found, units, link, evidence, evidence.pair_of_row)
    m = len(evidence.names)
    centred = np.eye(m) - 1.0 / m
    spread = strengths_spread(centred, model, clustered, evidence.n_prompts, confidence)
    place = [evidence.names.index(name) for name in comparisons.competitors]
    return Standing(
        strengths=found.theta[place],
        variances=spread.variances[np.ix_(place, place)],
        half=spread.half[place],
        games=len(evidence.a),
    )


def enough(now: Standing, params: StoppingParams, planned: int) -> bool:
    """Whether the rule of `params` is met. planned: games that were expected at most."""
    rules: dict[Until, Callable[[], bool]] = {
        "plan": lambda: False,
        "tau": lambda: expected_tau(now) >= min(params.target + TAU_MARGIN, 0.999),
        "top": lambda: top_known(now, params.best, planned, params.confidence),
        "separated": lambda: neighbours_known(now, params.margin, planned, params.confidence),
        "width": lambda: _widest(now) <= params.width,
    }
    return rules[params.until]()


def finding(now: Standing, params: StoppingParams) -> str:
    """How near the rule of `params` is to being met, in words; empty without a rule."""
    words: dict[Until, Callable[[], str]] = {
        "plan": lambda: "",
        "tau": lambda: f"expected tau {expected_tau(now):.2f}, asked for {params.target:g}",
        "top": lambda: f"the best {params.best} above all others",
        "separated": lambda: f"neighbours separated, or within {params.margin:g} Elo points",
        "width": lambda: (
            f"the widest interval {_widest(now):.0f} Elo points, asked for {params.width:g}"
        ),
    }
    return words[params.until]()


def expected_tau(now: Standing) -> float:
    """Kendall's tau of the estimated with the true order, as the standing expects it."""
    i, j = np.triu_indices(len(now.strengths), 1)
    lead = np.abs(now.strengths[i] - now.strengths[j])
    return float(1.0 - 2.0 * ndtr(-lead / np.sqrt(now.variances[i, j])).mean())


def top_known(now: Standing, best: int, planned: int, confidence: float) -> bool:
    """Whether each of the best `best` is above each of the others, all pairs together."""
    order = np.argsort(-now.strengths, kind="stable")
    leaders, others = order[:best], order[best:]
    lead = (now.strengths[leaders][:, None] - now.strengths[others][None, :]).ravel()
    variance = now.variances[np.ix_(leaders, others)].ravel()
    return all_hold(lead / np.sqrt(variance), now.games, planned, confidence)


def neighbours_known(now: Standing, margin: float, planned: int, confidence: float) -> bool:
    """Whether all neighbours in the order are separated, or surely closer than `margin` Elo."""
    order = np.argsort(-now.strengths, kind="stable")
    above, below = order[:-1], order[1:]
    lead = now.strengths[above] - now.strengths[below]
    room = np.maximum(lead, margin / ELO_SCALE - lead)
    return all_hold(room / np.sqrt(now.variances[above, below]), now.games, planned, confidence)


def all_hold(evidence: FloatArray, games: int, planned: int, confidence: float) -> bool:
    """Whether claims hold all together and at every look (Holm, 1979).

    evidence: (K,) by how many standard errors each estimate is on the right side.
    """
    for rank, found in enumerate(np.sort(evidence).tolist(), start=1):
        if found <= widening(games, _expected(planned), 1.0 - (1.0 - confidence) / rank):
            return False
    return True


def _widest(now: Standing) -> float:
    return float(2.0 * ELO_SCALE * now.half.max())


def _expected(planned: int) -> float:
    """Where intervals that hold at every look are narrowest: at a tenth of the plan.

    To be too early costs little: at the end of the plan they are 6 % wider than at their best, but
    tuned for the end they would be half as wide again at a twentieth of it.
    """
    return max(planned / 10.0, 1.0)
