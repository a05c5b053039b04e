"""Judges that differ: how sharply each tells strengths apart, and how it likes the first answer.

logit P(a beats b | judge k) = g_k (theta_a - theta_b) + c_k first, with the mean of g_k over all
comparisons 1. Fitted without any label: a judge whose verdicts scatter about those of the others
gets a small g_k and so counts for less. log g_k has a normal prior of standard deviation 1.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tournaments.ratings.base import FloatArray, IntArray
from tournaments.ratings.counts import Evidence, Pairs
from tournaments.ratings.design import Covariate, Design
from tournaments.ratings.links import HalfWin
from tournaments.ratings.paired import (
    COEFFICIENT_PRECISION,
    Fit,
    Prior,
    Units,
    fit,
    gram,
    predictor,
    prior_information,
)
from tournaments.ratings.sharpness import PRECISION, Posterior, by_sharpness


def fit_judges(evidence: Evidence, prior: Prior, first: IntArray | None) -> tuple[Design, Fit]:
    """Strengths, discriminations and position effects together.

    first: (N,) who was shown first, or None to leave the order out. RatingError when it does not
    converge.
    """
    units, judge, unit_of_row = _units(evidence, first)
    alike = fit(units, HalfWin(), prior)
    posterior = Posterior(units, judge, len(evidence.judges), prior)
    sharpness = posterior.sharpest(alike.theta, alike.beta)
    units = replace(units, slope=np.exp(sharpness)[judge])
    fitted = fit(units, HalfWin(), prior, alike.theta)
    return _with_sharpness(evidence, units, judge, unit_of_row, sharpness, fitted, prior)


def _units(evidence: Evidence, first: IntArray | None) -> tuple[Units, IntArray, IntArray]:
    """Units of one pair, judge and order; the judge of each; and the unit of each row."""
    judge, n_judges = evidence.ints("judge"), len(evidence.judges)
    shown = np.zeros_like(judge) if first is None else first
    keys, unit = np.unique(
        (evidence.pair_of_row * n_judges + judge) * 3 + shown + 1, return_inverse=True
    )
    rest, order = np.divmod(keys, 3)
    pair, judge = np.divmod(rest, n_judges)
    cells = np.bincount(3 * unit + evidence.outcome, evidence.weight, 3 * len(keys))
    outcomes = cells.astype(np.float64).reshape(-1, 3)
    pairs = Pairs(len(evidence.names), evidence.pairs.a[pair], evidence.pairs.b[pair], outcomes)
    x = (order - 1.0)[:, None] * (judge[:, None] == np.arange(n_judges))
    x = x[:, np.abs(x).any(axis=0)]
    return Units(pairs, x.copy(order="F"), np.ones(len(judge))), judge, unit


def _with_sharpness(
    evidence: Evidence,
    units: Units,
    judge: IntArray,
    unit_of_row: IntArray,
    sharpness: FloatArray,
    fitted: Fit,
    prior: Prior,
) -> tuple[Design, Fit]:
    """The fit as one of all parameters at once, linear in log g about where it ended."""
    shown = [name for k, name in enumerate(evidence.judges) if _ordered(units, judge, k)]
    n = len(sharpness)
    lead = predictor(units, fitted.theta, np.zeros(units.x.shape[1]))
    pull = np.bincount(judge, units.pairs.met, n) * np.exp(sharpness)
    apart = by_sharpness(lead, judge, pull / pull.sum())
    x = np.column_stack([units.x, apart]).copy(order="F")
    whole = replace(units, x=x)
    curvature = (
        HalfWin().terms(predictor(units, fitted.theta, fitted.beta), 0.0, units.pairs).curvature
    )
    information = gram(whole, curvature)
    precision = np.concatenate(
        [
            prior_information(fitted.theta, prior),
            np.full(len(fitted.beta), COEFFICIENT_PRECISION),
            np.full(n, PRECISION),
        ]
    )
    information.flat[:: len(information) + 1] += precision
    covariates = (
        *(Covariate(f"first position, {name}", _POSITION_MEANS) for name in shown),
        *(
            Covariate(f"discrimination, {name}", _SHARPNESS_MEANS, factor=True, base=float(value))
            for name, value in zip(evidence.judges, sharpness, strict=True)
        ),
    )
    design = Design(whole, unit_of_row, covariates)
    beta = np.concatenate([fitted.beta, np.zeros(n)])
    return design, replace(fitted, beta=beta, information=information)


_POSITION_MEANS = "log-odds of winning before this judge by being shown first"
_SHARPNESS_MEANS = "how sharply this judge tells strengths apart; 1 is the average judge"


def _ordered(units: Units, judge: IntArray, k: int) -> bool:
    return bool(np.abs(units.x[judge == k]).any())
