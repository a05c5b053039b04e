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

from tournaments.ratings.base import BoolArray, FloatArray, IntArray
from tournaments.ratings.counts import Evidence, totals
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
    """(U,): the chance of a tie of units with expected scores `p`, by one Davidson parameter."""
    return tied_by(p, tie_parameter(p, outcomes))


def tie_parameter(p: FloatArray, outcomes: FloatArray) -> float:
    """The logarithm of the Davidson parameter that makes as many ties as there were.

    p: (U,) expected scores of units with outcomes (U, 3). One game between equals, half tied,
    comes on top.
    """
    met, tied = outcomes.sum(axis=1), float(outcomes[:, 1].sum()) + 0.5

    def excess(log_nu: float) -> float:
        return float((met * tied_by(p, log_nu)).sum()) + float(tied_by(0.5, log_nu)) - tied

    return float(brentq(excess, -40.0, 40.0))


def tied_by(p: FloatArray | float, log_nu: float | FloatArray) -> FloatArray:
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
    """(D, D) of all parameters, from the variation between prompts, and between people where they
    judged; None for a single prompt."""
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

    Where people judged, verdicts of one person depend on each other as well: what they add beyond
    the verdicts of one person on one prompt comes on top (two-way clustering; Cameron, Gelbach &
    Miller, 2011), less what would make a variance negative.
    eta, tie: (N,) derivatives of each row's log-likelihood by its predictor and the tie parameter.
    """
    sloped = eta if units.slope is None else eta * units.slope[unit_of_row]
    others = [eta * column[unit_of_row] for column in units.x.T]
    if tie is not None:
        others.append(tie)
    scores = _Scores(evidence.a, evidence.b, len(evidence.names), sloped, tuple(others))
    by_prompt = scores.middle(evidence.prompt, evidence.n_prompts)
    middle: FloatArray = _corrected(evidence.n_prompts) * by_prompt
    if (rater := evidence.rater) is not None:
        theirs = rater >= 0
        middle += _of_people(scores.of(theirs), rater[theirs], evidence.prompt[theirs])
    result: FloatArray = inverse @ middle @ inverse
    return result


def _corrected(clusters: int) -> float:
    return clusters / (clusters - 1.0)


def _of_people(scores: _Scores, rater: IntArray, prompt: IntArray) -> FloatArray:
    """(D, D): what people add to the middle clustered by prompt."""
    raters = int(rater.max()) + 1
    both, index = np.unique(prompt * raters + rater, return_inverse=True)
    by_person = _corrected(raters) * scores.middle(rater, raters)
    extra = by_person - _corrected(len(both)) * scores.middle(index, len(both))
    sizes, directions = np.linalg.eigh(extra)
    added: FloatArray = (directions * np.maximum(sizes, 0.0)) @ directions.T
    return added


@dataclass(frozen=True)
class _Scores:
    """Derivatives of the log-likelihood of rows: (N,) of the predictor, and by other parameters.

    a, b: (N,) of m competitors.
    """

    a: IntArray
    b: IntArray
    m: int
    predictor: FloatArray
    others: tuple[FloatArray, ...]

    def of(self, rows: BoolArray) -> _Scores:
        others = tuple(column[rows] for column in self.others)
        return _Scores(self.a[rows], self.b[rows], self.m, self.predictor[rows], others)

    def middle(self, cluster: IntArray, size: int) -> FloatArray:
        """(D, D): the sum over clusters, numbered (N,), of the outer product of their scores."""
        m = self.m
        others = [totals(cluster, column, size) for column in self.others]
        rest: FloatArray = np.column_stack(others) if others else np.empty((size, 0))
        if size * m <= _DENSE:
            of_a = totals(cluster * m + self.a, self.predictor, size * m)
            strengths = of_a - totals(cluster * m + self.b, self.predictor, size * m)
            scores = np.column_stack([strengths.reshape(size, m), rest])
            product: FloatArray = scores.T @ scores
            return product
        place = np.concatenate([cluster, cluster]), np.concatenate([self.a, self.b])
        signed = np.concatenate([self.predictor, -self.predictor])
        sparse = csr_array((signed, place), shape=(size, m))
        result = np.empty((m + len(others),) * 2)
        result[:m, :m] = (sparse.T @ sparse).toarray()
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
