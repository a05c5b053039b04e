"""Bradley-Terry with answers that are better or worse than usual for their competitor.

Where winners go on to meet winners (a knock-out), late rounds are played by lucky answers, and a
plain fit takes their close results for closeness of the competitors. Here each answer has an
effect of its own, u ~ N(0, sigma^2), shared by all comparisons that use it:

    logit P(i beats j on x) = alpha_i + u_ix - alpha_j - u_jx.

Who meets whom then depends on results that are in the likelihood, so it biases nothing. On each
prompt the comparisons must form no circle (knock-outs, chains, stars and disjoint pairs do not);
then the effects are integrated out exactly, by messages along the comparisons (belief propagation
on a tree) over the points of a Gauss-Hermite quadrature. log sigma has a standard normal prior.

Reported are the Bradley-Terry strengths that endlessly many random pairs on fresh prompts would
give, so they stand on the same scale as a plain fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from tournaments.ratings.base import BoolArray, FloatArray, IntArray, RatingError
from tournaments.ratings.counts import Evidence, Pairs, totals
from tournaments.ratings.links import HalfWin
from tournaments.ratings.paired import Prior, Units, fit, laplacian

_POINTS = 11
_EDGES_AT_ONCE = 20_000
_STEP = 1e-4
_MANY_GAMES = 1e6
_LOGISTIC = np.pi**2 / 6
"""Variance of the judge's noise that belongs to each of two answers."""


@dataclass(frozen=True)
class Responses:
    """theta: (M,) strengths with mean zero. model, clustered: (M, M) covariances of them.

    log_sigma: of the answers' effects, and its standard error. rounds: of the optimiser.
    """

    theta: FloatArray
    model: FloatArray
    clustered: FloatArray | None
    log_sigma: float
    log_sigma_error: float
    rounds: int

    def noise_share(self, deviates: float = 0.0) -> float:
        """The share of a verdict's noise that is in the answers, so many standard errors up."""
        variance = float(np.exp(2.0 * (self.log_sigma + deviates * self.log_sigma_error)))
        return variance / (variance + _LOGISTIC)


@dataclass(frozen=True)
class _Level:
    """Comparisons that can send their message at once, from an answer that has all its own.

    rows: (E,) comparisons. child, parent: (E,) answers, as prompt * M + competitor, no parent
    twice. points: (E,) of the child.
    """

    rows: IntArray
    child: IntArray
    parent: IntArray
    points: FloatArray


@dataclass(frozen=True)
class _Block:
    """Some prompts: their levels, leaves first, and the answers at which the trees end."""

    levels: list[_Level]
    roots: IntArray


def is_knock_out(evidence: Evidence) -> bool:
    """Whether, on every prompt, who lost did not play again while others went on."""
    lost_a, lost_b = (evidence.outcome == 2) * 1.0, (evidence.outcome == 0) * 1.0
    played = evidence.by_prompt(np.ones(len(lost_a)), np.ones(len(lost_a)))
    return bool(evidence.by_prompt(lost_a, lost_b).max() <= 1 and played.max() >= 2)


def fit_responses(evidence: Evidence, prior: Prior) -> Responses:
    """The maximum of the posterior and its curvature.

    RatingError when the comparisons of a prompt form a circle, have weights, or the fit does not
    converge.
    """
    if evidence.weight is not None:
        raise RatingError("with effects of answers, comparisons have no weights")
    blocks = list(_blocks(evidence))
    m = len(evidence.names)
    start = fit(Units.plain(evidence.pairs), HalfWin(), prior).theta

    def objective(point: FloatArray) -> tuple[float, FloatArray]:
        value, scores = _likelihood(evidence, blocks, point)
        value, gradient = value + _log_prior(point, prior)[0], scores.sum(axis=0)
        return -value, -(gradient + _log_prior(point, prior)[1])

    found = minimize(
        objective, np.append(start, 0.0), jac=True, method="L-BFGS-B",
        options={"maxiter": 500, "ftol": 1e-12, "gtol": 1e-5},
    )  # fmt: skip
    point = found.x.astype(np.float64)
    hessian = np.empty((m + 1, m + 1))
    _, base = objective(point)
    for i, nudge in enumerate(_STEP * np.eye(m + 1)):
        hessian[i] = (objective(point + nudge)[1] - base) / _STEP
    inverse = np.linalg.inv((hessian + hessian.T) / 2).astype(np.float64)
    if np.abs(inverse @ base).max() > 1e-3:
        raise RatingError("the fit with effects of answers did not converge")
    return _seen(evidence, blocks, point, inverse, int(found.nit))


def _log_prior(point: FloatArray, prior: Prior) -> tuple[float, FloatArray]:
    theta, log_sigma = point[:-1], point[-1]
    ghost = np.logaddexp(0.0, theta) + np.logaddexp(0.0, -theta)
    value = -prior.games / 2 * float(ghost.sum()) - log_sigma**2 / 2
    return float(value), np.append(prior.games * (0.5 - expit(theta)), -log_sigma)


def _seen(
    evidence: Evidence, blocks: list[_Block], point: FloatArray, inverse: FloatArray, rounds: int
) -> Responses:
    """From strengths given the answers to strengths over all answers, with the delta method."""
    theta, jacobian = _over_answers(point[:-1], float(np.exp(point[-1])))
    clustered, n_prompts = None, evidence.n_prompts
    if n_prompts > 1:
        _, scores = _likelihood(evidence, blocks, point)
        sandwich = inverse @ (scores.T @ scores) @ inverse * (n_prompts / (n_prompts - 1.0))
        clustered = jacobian @ sandwich @ jacobian.T
    error = float(np.sqrt(inverse[-1, -1]))
    model = jacobian @ inverse @ jacobian.T
    return Responses(theta, model, clustered, float(point[-1]), error, rounds)


def _over_answers(alpha: FloatArray, sigma: float) -> tuple[FloatArray, FloatArray]:
    """(M,) strengths that fit the chances of all pairs, and (M, M + 1) their derivatives."""
    m = len(alpha)
    a, b = np.triu_indices(m, 1)
    nodes, weights = _quadrature(31)
    spread = np.sqrt(2.0) * sigma * nodes
    p = expit((alpha[a] - alpha[b])[:, None] + spread)
    chance, slope = p @ weights, (p * (1.0 - p)) @ weights
    by_sigma = (p * (1.0 - p) * spread) @ weights
    outcomes = _MANY_GAMES * np.stack([chance, np.zeros(len(a)), 1.0 - chance], axis=1)
    fitted = fit(Units.plain(Pairs(m, a, b, outcomes)), HalfWin(), Prior(1e-3))
    q = expit(fitted.theta[a] - fitted.theta[b])
    moved = np.column_stack(
        [laplacian(a, b, slope, m), totals(a, by_sigma, m) - totals(b, by_sigma, m)]
    )
    jacobian: FloatArray = np.linalg.pinv(laplacian(a, b, q * (1.0 - q), m)) @ moved
    return fitted.theta - fitted.theta.mean(), jacobian


def _blocks(evidence: Evidence) -> Iterator[_Block]:
    """The prompts, some at a time; rows are sorted by prompt."""
    start, n = 0, len(evidence.a)
    while start < n:
        end = min(start + _EDGES_AT_ONCE, n)
        while end < n and evidence.prompt[end] == evidence.prompt[end - 1]:
            end += 1
        yield _block(evidence, np.arange(start, end))
        start = end


def _block(evidence: Evidence, left: IntArray) -> _Block:
    """Take off leaves, level by level, until nothing is left."""
    m = len(evidence.names)
    node_a = evidence.prompt * m + evidence.a
    node_b = evidence.prompt * m + evidence.b
    degree = np.zeros(evidence.n_prompts * m, dtype=np.int64)
    np.add.at(degree, np.concatenate([node_a[left], node_b[left]]), 1)
    levels, parents = [], []
    while len(left):
        a, b = node_a[left], node_b[left]
        from_a = degree[a] == 1
        chosen = _one_a_parent(np.where(from_a, b, a), from_a | (degree[b] == 1))
        if not chosen.any():
            raise RatingError(
                "with effects of answers, the comparisons of a prompt must form no circle"
                " (as in a knock-out or a chain)"
            )
        rows, up = left[chosen], from_a[chosen]
        child, parent = np.where(up, a[chosen], b[chosen]), np.where(up, b[chosen], a[chosen])
        points = np.where(up, evidence.score[rows], 1.0 - evidence.score[rows])
        levels.append(_Level(rows, child, parent, points))
        parents.append(parent)
        degree[child] -= 1
        degree[parent] -= 1
        left = left[~chosen]
    children = np.concatenate([level.child for level in levels])
    return _Block(levels, np.setdiff1d(np.concatenate(parents), children))


def _one_a_parent(parent: IntArray, leaf: BoolArray) -> BoolArray:
    """Of the comparisons with a leaf, the first for each parent."""
    places = np.flatnonzero(leaf)
    _, first = np.unique(parent[places], return_index=True)
    chosen = np.zeros(len(leaf), dtype=bool)
    chosen[places[first]] = True
    return chosen


def _likelihood(
    evidence: Evidence, blocks: list[_Block], point: FloatArray
) -> tuple[float, FloatArray]:
    """The log-likelihood, and (P, M + 1) its derivatives by strengths and log sigma, by prompt."""
    m, sigma = len(point) - 1, float(np.exp(point[-1]))
    scores = np.zeros((evidence.n_prompts, m + 1))
    value = 0.0
    for block in blocks:
        value += _Messages(block, point[:-1], sigma, evidence.n_prompts).add_to(scores)
    return value, scores


def _quadrature(n: int) -> tuple[FloatArray, FloatArray]:
    nodes, weights = np.polynomial.hermite_e.hermegauss(n)
    return nodes, weights / weights.sum()


class _Messages:
    """Messages up to the roots and back, as logarithms at the points of the quadrature."""

    def __init__(self, block: _Block, alpha: FloatArray, sigma: float, n_prompts: int) -> None:
        self.block, self.alpha, self.sigma = block, alpha, sigma
        self.nodes, self.weights = _quadrature(_POINTS)
        self.said = np.zeros((n_prompts * len(alpha), _POINTS))
        self.sent: list[FloatArray] = []

    def add_to(self, scores: FloatArray) -> float:
        """Add the derivatives of each prompt to `scores`; the log-likelihood."""
        for level in self.block.levels:
            chance = self._chances(level)
            belief = self._belief(self.said[level.child])
            message = np.log(np.einsum("ec,ecp->ep", belief, self._likelihoods(level, chance)))
            message += self.said[level.child].max(axis=1, keepdims=True)
            self.said[level.parent] += message
            self.sent.append(message)
        ends = self.said[self.block.roots]
        top = ends.max(axis=1, keepdims=True)
        value = float((np.log(np.exp(ends - top) @ self.weights) + top[:, 0]).sum())
        for level, message in zip(self.block.levels[::-1], self.sent[::-1], strict=True):
            self._back(level, message, scores)
        return value

    def _back(self, level: _Level, message: FloatArray, scores: FloatArray) -> None:
        """From what is known of the parent without this comparison, to the child."""
        chance = self._chances(level)
        likelihood = self._likelihoods(level, chance)
        above = self._belief(self.said[level.parent] - message)
        below = self._belief(self.said[level.child])
        joint = below[:, :, None] * likelihood * above[:, None, :]
        joint /= joint.sum(axis=(1, 2), keepdims=True)
        joint *= level.points[:, None, None] - chance
        by_lead = joint.sum(axis=(1, 2))
        apart = self.nodes[:, None] - self.nodes[None, :]
        m = len(self.alpha)
        prompt, child = np.divmod(level.child, m)
        np.add.at(scores, (prompt, child), by_lead)
        np.add.at(scores, (prompt, level.parent % m), -by_lead)
        by_log_sigma = self.sigma * (joint * apart).sum(axis=(1, 2))
        np.add.at(scores, (prompt, np.full_like(prompt, m)), by_log_sigma)
        self.said[level.child] += np.log(np.einsum("ecp,ep->ec", likelihood, above))

    def _chances(self, level: _Level) -> FloatArray:
        """(E, child's points, parent's points): that the child wins."""
        m = len(self.alpha)
        lead = self.alpha[level.child % m] - self.alpha[level.parent % m]
        apart = self.sigma * (self.nodes[:, None] - self.nodes[None, :])
        chance: FloatArray = expit(lead[:, None, None] + apart)
        return chance

    def _likelihoods(self, level: _Level, chance: FloatArray) -> FloatArray:
        """Of the result; a tie is half a win and half a loss."""
        points = level.points[:, None, None]
        tied = np.sqrt(chance * (1.0 - chance))
        return np.where(points == 1.0, chance, np.where(points == 0.0, 1.0 - chance, tied))

    def _belief(self, logs: FloatArray) -> FloatArray:
        belief: FloatArray = np.exp(logs - logs.max(axis=1, keepdims=True)) * self.weights
        return belief
