"""How uncertain fitted strengths are: by the model, by how prompts differ, and the larger of both.

The model's part takes the weak prior and ties into account and is right for few, independent
comparisons. The clustered part (a sandwich with one score a prompt; Liang & Zeger, 1986) is right
when comparisons on one prompt depend on each other, given enough prompts. The larger of the two,
competitor by competitor and pair by pair, holds in both cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from scipy.optimize import brentq
from scipy.sparse import csr_array
from scipy.special import expit

from tournaments.ratings.base import FloatArray, IntArray
from tournaments.ratings.counts import Evidence
from tournaments.ratings.links import HalfWin, Link
from tournaments.ratings.paired import (
    COEFFICIENT_PRECISION,
    Fit,
    Prior,
    Units,
    gram,
    predictor,
    prior_information,
)

_BORROWED = 10.0
"""Prompts that the design effect of the whole field is worth, to a single competitor."""

_TINY = 1e-300

_DENSE = 2**25
"""Entries of a table of scores by prompt; larger ones are kept sparse."""


@dataclass(frozen=True)
class Spread:
    """Standard errors and the like of the K entries of a contrast of the strengths.

    half: (K,) half-widths of the intervals. variances: (K, K) of the difference of two entries,
    such that a normal quantile fits. covariance: (K, K) with the same standard errors, to draw
    from.
    """

    half: FloatArray
    variances: FloatArray
    covariance: FloatArray


def quantile(confidence: float) -> float:
    """Of the normal distribution, two-sided: 1.96 for 0.95."""
    return NormalDist().inv_cdf((1.0 + confidence) / 2)


def hybrid(
    model: FloatArray, clustered: FloatArray | None, clusters: int, confidence: float
) -> Spread:
    """The larger of two covariances (K, K), for intervals at `confidence`.

    The clustered one, from so many clusters, is None where there are too few to compute it.
    """
    normal = quantile(confidence)
    if clustered is None:
        return Spread(normal * _errors(model), _differences(model), model)
    steady = _steadied(model, clustered, clusters)
    errors = np.maximum(_errors(model), _errors(steady))
    both = model + steady
    ratio = errors / np.maximum(_errors(both), _TINY)
    return Spread(
        half=normal * errors,
        variances=np.maximum(_differences(model), _differences(steady)),
        covariance=both * ratio[:, None] * ratio[None, :],
    )


def _steadied(model: FloatArray, clustered: FloatArray, clusters: int) -> FloatArray:
    """The clustered covariance, steadied where prompts are few.

    Of few prompts a single competitor's variance is mostly luck, but the ratio of all variances
    to those of the model (the design effect) is not. So the model's, times that ratio, counts as
    ten further prompts. In simulations this holds from 3 prompts on, where Student's t on the
    plain sandwich is either too wide or too narrow.
    """
    size = _size(model)
    effect = max(1.0, _size(clustered) / size) if size > _TINY else 1.0
    own = clusters - 1.0
    result: FloatArray = (own * clustered + _BORROWED * effect * model) / (own + _BORROWED)
    return result


def _size(covariance: FloatArray) -> float:
    """The sum of the variances of all differences: the same from whatever point one measures."""
    n = len(covariance)
    if n == 1:
        return float(covariance[0, 0])
    return float(n * np.trace(covariance) - covariance.sum())


def model_covariance(
    fit: Fit, units: Units, link: Link, prior: Prior, inverse: FloatArray | None = None
) -> FloatArray:
    """(D, D) of all parameters, by the model.

    For half-win ties the inverse information would take a tie, which varies less than a win or a
    loss, for either: the variance of a score is p (1 - p) - t / 4, with the chance t of a tie
    from Davidson's model, so the middle of a sandwich replaces it. inverse: of the information,
    where it is known already.
    """
    if inverse is None:
        inverse = fit.covariance
    if not isinstance(link, HalfWin) or not units.pairs.outcomes[:, 1].any():
        return inverse
    p = expit(predictor(units, fit.theta, fit.beta))
    variance = p * (1.0 - p) - tie_chances(p, units.pairs.outcomes) / 4
    m = units.pairs.n
    middle = gram(units, units.pairs.met * variance)
    diagonal = np.concatenate(
        [prior_information(fit.theta, prior), np.full(len(fit.beta), COEFFICIENT_PRECISION)]
    )
    middle.flat[:: m + len(fit.beta) + 1] += diagonal
    result: FloatArray = inverse @ middle @ inverse
    return result


def tie_chances(p: FloatArray, outcomes: FloatArray) -> FloatArray:
    """(U,): the chance of a tie of units with expected scores `p`, by one Davidson parameter.

    It makes as many ties as there were, together with one game between equals, half tied.
    """
    met, tied = outcomes.sum(axis=1), float(outcomes[:, 1].sum()) + 0.5

    def excess(log_nu: float) -> float:
        return float((met * _davidson(p, log_nu)).sum()) + float(_davidson(0.5, log_nu)) - tied

    return np.asarray(_davidson(p, brentq(excess, -40.0, 40.0)))


def _davidson(p: FloatArray | float, log_nu: float) -> FloatArray:
    """Chance of a tie where the expected score is p: nu / (2 c + nu), c = cosh(eta / 2).

    With x = p - 1/2, x (2 c + nu) = sinh(eta / 2) is a quadratic equation in c.
    """
    nu = np.exp(log_nu)
    square = np.minimum((np.asarray(p) - 0.5) ** 2, 0.25 - 1e-12)
    left = 1.0 - 4.0 * square
    root = np.sqrt(4.0 * square**2 * nu**2 + left * (square * nu**2 + 1.0))
    cosh = (2.0 * square * nu + root) / left
    chance: FloatArray = nu / (2.0 * cosh + nu)
    return chance


def clustered_covariance(
    fit: Fit, units: Units, link: Link, evidence: Evidence, unit_of_row: IntArray
) -> FloatArray | None:
    """(D, D) of all parameters, from the variation between prompts; None for a single prompt."""
    if evidence.n_prompts < 2:
        return None
    by_eta, by_tie = link.scores(predictor(units, fit.theta, fit.beta), fit.tie)
    rows = unit_of_row, evidence.outcome
    eta, tie = by_eta[rows], by_tie[rows]
    if (weight := evidence.weight) is not None:
        eta, tie = eta * weight, tie * weight
    return score_covariance(
        fit.covariance, evidence, units, unit_of_row, eta, tie if link.ties else None
    )


def row_covariance(fit: Fit, units: Units, link: Link, inverse: FloatArray) -> FloatArray:
    """(D, D) the sandwich of comparisons that are each on a prompt of their own: counts suffice.

    For links without a tie parameter.
    """
    by_eta, _ = link.scores(predictor(units, fit.theta, fit.beta), fit.tie)
    middle = gram(units, (units.pairs.outcomes * by_eta**2).sum(axis=1))
    result: FloatArray = inverse @ middle @ inverse
    return result


def score_covariance(
    inverse: FloatArray,
    evidence: Evidence,
    units: Units,
    unit_of_row: IntArray,
    eta: FloatArray,
    tie: FloatArray | None = None,
) -> FloatArray:
    """(D, D): the sandwich of the inverse information (D, D) and the scores of prompts.

    eta, tie: (N,) derivatives of each row's log-likelihood by its predictor and the tie parameter.
    """
    middle = _middle(evidence, units, unit_of_row, eta, tie)
    correction = evidence.n_prompts / (evidence.n_prompts - 1.0)
    result: FloatArray = correction * inverse @ middle @ inverse
    return result


def _middle(
    evidence: Evidence,
    units: Units,
    unit_of_row: IntArray,
    eta: FloatArray,
    tie: FloatArray | None,
) -> FloatArray:
    """(D, D): the sum over prompts of the outer product of the prompt's score."""
    m, n_prompts, prompt = units.pairs.n, evidence.n_prompts, evidence.prompt
    sloped = eta if units.slope is None else eta * units.slope[unit_of_row]
    others = [np.bincount(prompt, eta * column[unit_of_row], n_prompts) for column in units.x.T]
    if tie is not None:
        others.append(np.bincount(prompt, tie, n_prompts))
    if n_prompts * m <= _DENSE:
        strengths = evidence.by_prompt(sloped, -sloped)
        scores = np.column_stack([strengths, *others])
        product: FloatArray = scores.T @ scores
        return product
    place = np.concatenate([prompt, prompt]), np.concatenate([evidence.a, evidence.b])
    sparse = csr_array((np.concatenate([sloped, -sloped]), place), shape=(n_prompts, m))
    result = np.empty((m + len(others),) * 2)
    result[:m, :m] = (sparse.T @ sparse).toarray()
    rest = np.column_stack(others) if others else np.empty((n_prompts, 0))
    result[:m, m:] = sparse.T @ rest
    result[m:, :m] = result[:m, m:].T
    result[m:, m:] = rest.T @ rest
    return result


def _errors(covariance: FloatArray) -> FloatArray:
    errors: FloatArray = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    return errors


def _differences(covariance: FloatArray) -> FloatArray:
    """(K, K): var(x_i - x_j)."""
    own = np.diag(covariance)
    return np.maximum(own[:, None] + own[None, :] - 2.0 * covariance, 0.0)
