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
from scipy.special import expit, stdtrit

from tournaments.ratings.base import BoolArray, FloatArray, IntArray
from tournaments.ratings.counts import Evidence, totals
from tournaments.ratings.links import HalfWin, Link
from tournaments.ratings.paired import (
    COEFFICIENT_PRECISION,
    EQUALS,
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

_WIDEST_TIE = 30.0
"""The tie parameter, a logarithm, is looked for so far from 0."""

_CLOSEST = 1e-12
"""So near to 0 or 1 an expected score counts as this far from it."""

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


@dataclass(frozen=True)
class People:
    """What verdicts of one person share: (K, K) to add to a covariance clustered by prompt.

    It may be negative in places. n: how many people there were.
    """

    extra: FloatArray
    n: int

    def seen(self, contrast: FloatArray) -> People:
        """Of a contrast (C, K)."""
        return People(contrast @ self.extra @ contrast.T, self.n)


def hybrid(
    model: FloatArray,
    clustered: FloatArray | None,
    clusters: int,
    confidence: float,
    people: People | None = None,
) -> Spread:
    """The larger of two covariances (K, K), for intervals at `confidence`.

    The clustered one, from so many clusters, is None where there are too few to compute it.
    people: what comes on top of it where people judged (two-way clustering).
    """
    normal = quantile(confidence)
    if clustered is None:
        return Spread(normal * _errors(model), _differences(model), model)
    steady = _steadied(model, clustered, clusters)
    if people is not None:
        steady = _floored(steady + _shrunk(model, people.extra, people.n))
    errors = np.maximum(_errors(model), _errors(steady))
    both = model + steady
    ratio = errors / np.maximum(_errors(both), _TINY)
    return Spread(
        half=normal * errors,
        variances=np.maximum(_differences(model), _differences(steady)),
        covariance=both * ratio[:, None] * ratio[None, :],
    )


def _shrunk(model: FloatArray, extra: FloatArray, clusters: int) -> FloatArray:
    """What few clusters show, with the model's times the ratio in the whole field as ten more.

    Widened as Student's t is with so many, for a normal quantile to fit.
    """
    size, own = _size(model), clusters - 1.0
    effect = max(0.0, _size(extra) / size) if size > _TINY else 0.0
    known = own + _BORROWED
    wider = (stdtrit(known, 0.975) / quantile(0.95)) ** 2
    result: FloatArray = wider * (own * extra + _BORROWED * effect * model) / known
    return result


def _floored(covariance: FloatArray) -> FloatArray:
    """The covariance, without what would make a variance negative."""
    sizes, directions = np.linalg.eigh((covariance + covariance.T) / 2)
    floored: FloatArray = (directions * np.maximum(sizes, 0.0)) @ directions.T
    return floored


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
    """The logarithm of Davidson's parameter that makes the outcomes most probable.

    p: (U,) expected scores of units with outcomes (U, 3). One game between equals, half tied,
    comes on top. It keeps the answer finite, whatever was seen: more ties, too, than the expected
    scores leave room for.
    """

    def gradient(log_nu: float) -> float:
        seen = float((outcomes * tie_scores(p, log_nu)).sum())
        return seen + float((EQUALS * tie_scores(0.5, log_nu)).sum())

    if gradient(-_WIDEST_TIE) <= 0.0:
        return -_WIDEST_TIE
    if gradient(_WIDEST_TIE) >= 0.0:
        return _WIDEST_TIE
    return float(brentq(gradient, -_WIDEST_TIE, _WIDEST_TIE))


def tied_by(p: FloatArray | float, log_nu: float | FloatArray) -> FloatArray:
    """Chance of a tie where the expected score is p: nu / (2 c + nu), c = cosh(eta / 2)."""
    nu = np.exp(log_nu)
    cosh, _, _ = _half_lead(p, nu)
    chance: FloatArray = nu / (2.0 * cosh + nu)
    return chance


def tie_scores(p: FloatArray | float, log_nu: float) -> FloatArray:
    """(..., 3): derivatives by log nu of the log-chances of win, tie and loss where the expected
    score is p, which stays as it is."""
    nu = np.exp(log_nu)
    cosh, lead, root = _half_lead(p, nu)
    of_tie = 2.0 / (root * (2.0 * cosh + nu))
    scores: FloatArray = np.stack(
        [-nu / (2.0 * lead) * of_tie, of_tie, -nu * lead / 2.0 * of_tie], axis=-1
    )
    return scores


def _half_lead(
    p: FloatArray | float, nu: float | FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """cosh(eta / 2), exp(eta / 2) and a root that its derivative by log nu needs.

    With x = p - 1/2, x (2 c + nu) = sinh(eta / 2) is a quadratic equation in c.
    """
    x = np.clip(np.asarray(p, dtype=np.float64) - 0.5, _CLOSEST - 0.5, 0.5 - _CLOSEST)
    left = (1.0 - 2.0 * x) * (1.0 + 2.0 * x)
    root = np.sqrt(4.0 * x**4 * nu**2 + left * ((x * nu) ** 2 + 1.0))
    cosh = (2.0 * x**2 * nu + root) / left
    larger = cosh + np.abs(x) * (2.0 * cosh + nu)
    return cosh, np.where(x < 0.0, 1.0 / larger, larger), root


def clustered_covariance(
    fit: Fit, units: Units, link: Link, evidence: Evidence, unit_of_row: IntArray
) -> FloatArray | None:
    """(D, D) of all parameters, from the variation between prompts; None for a single prompt."""
    scores = _scores(fit, units, link, evidence, unit_of_row)
    return between_prompts(fit.covariance, scores, evidence)


def people_covariance(
    fit: Fit, units: Units, link: Link, evidence: Evidence, unit_of_row: IntArray
) -> People | None:
    """(D, D) of all parameters: what verdicts of one person share beyond those on one prompt.

    Added to the covariance clustered by prompt, it makes two-way clustering (Cameron, Gelbach &
    Miller, 2011). Verdicts that are no single person's add nothing. None without two people.
    """
    if evidence.rater is None:
        return None
    scores = _scores(fit, units, link, evidence, unit_of_row)
    return between_people(fit.covariance, scores, evidence)


def between_prompts(inverse: FloatArray, scores: Scores, evidence: Evidence) -> FloatArray | None:
    """(K, K): the sandwich of `inverse` (K, D), which takes scores to parameters, by prompts."""
    n = evidence.n_prompts
    if n < 2:
        return None
    result: FloatArray = inverse @ (_corrected(n) * scores.middle(evidence.prompt, n)) @ inverse.T
    return result


def between_people(inverse: FloatArray, scores: Scores, evidence: Evidence) -> People | None:
    """The same of what verdicts of one person share beyond those on one prompt."""
    if (rater := evidence.rater) is None:
        return None
    theirs = rater >= 0
    rater, prompt, n = rater[theirs], evidence.prompt[theirs], int(rater.max()) + 1
    both, index = np.unique(prompt * n + rater, return_inverse=True)
    own = scores.of(theirs)
    between = _corrected(n) * own.middle(rater, n)
    within = _corrected(len(both)) * own.middle(index, len(both))
    return People(between - within, n).seen(inverse)


def score_covariance(
    inverse: FloatArray, evidence: Evidence, units: Units, unit_of_row: IntArray, eta: FloatArray
) -> FloatArray | None:
    """(D, D): the sandwich of the inverse information (D, D) and the scores of prompts.

    eta: (N,) derivative of each row's log-likelihood by its predictor.
    """
    return between_prompts(inverse, _scores_of(evidence, units, unit_of_row, eta, None), evidence)


def _corrected(clusters: int) -> float:
    return clusters / (clusters - 1.0)


def _scores(
    fit: Fit, units: Units, link: Link, evidence: Evidence, unit_of_row: IntArray
) -> Scores:
    by_eta, by_tie = link.scores(predictor(units, fit.theta, fit.beta), fit.tie)
    rows = unit_of_row, evidence.outcome
    eta, tie = by_eta[rows], by_tie[rows]
    if (weight := evidence.weight) is not None:
        eta, tie = eta * weight, tie * weight
    return _scores_of(evidence, units, unit_of_row, eta, tie if link.ties else None)


def _scores_of(
    evidence: Evidence,
    units: Units,
    unit_of_row: IntArray,
    eta: FloatArray,
    tie: FloatArray | None,
) -> Scores:
    """From derivatives (N,) of each row's log-likelihood by its predictor and the tie parameter."""
    sloped = eta if units.slope is None else eta * units.slope[unit_of_row]
    others = [eta * column[unit_of_row] for column in units.x.T]
    if tie is not None:
        others.append(tie)
    return Scores(evidence.a, evidence.b, len(evidence.names), sloped, tuple(others))


@dataclass(frozen=True)
class Scores:
    """Derivatives of the log-likelihood of rows: (N,) of the predictor, and by other parameters.

    a, b: (N,) of m competitors.
    """

    a: IntArray
    b: IntArray
    m: int
    predictor: FloatArray
    others: tuple[FloatArray, ...]

    def of(self, rows: BoolArray) -> Scores:
        others = tuple(column[rows] for column in self.others)
        return Scores(self.a[rows], self.b[rows], self.m, self.predictor[rows], others)

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
