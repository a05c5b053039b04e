"""Graded verdicts: a slight win is worth less of the point than a clear one.

Shares of the point are fitted by the likelihood of wins and losses (a quasi-likelihood,
Wedderburn, 1974). That gives strengths on a scale of their own, since slight wins pull together
who a plain fit holds apart. So all of them are multiplied by the one factor with which they
foretell wins (ties as half) best. A graded rating then means what a plain one means, and only says
it more surely. Intervals allow for the factor, which is estimated too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from tournaments.ratings.base import BoolArray, FloatArray
from tournaments.ratings.counts import Evidence, Pairs, totals
from tournaments.ratings.links import HalfWin
from tournaments.ratings.paired import Fit, Prior, Units, fit, laplacian
from tournaments.ratings.uncertainty import People, Scores, between_people, between_prompts

SLIGHT = 0.5
"""The clarity of a slight win; that of a clear one is 1."""

ENOUGH = 0.9
"""The share of wins whose clarity must be known; the others count as the average one."""

_STEEPEST = 1e3
_BORROWED = 10.0
"""Comparisons that vary like wins and losses, added to what is seen of how shares vary."""


def share_of(score: FloatArray, clarity: FloatArray) -> FloatArray:
    """(N,): a's share of the point, from 0 to 1; a win of clarity 1 is the whole of it."""
    share: FloatArray = 0.5 + (score - 0.5) * clarity
    return share


def graded_of(share: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(N,) each: the score and the clarity (NaN without a winner) that make a share."""
    ahead = np.abs(2.0 * share - 1.0)
    return np.sign(share - 0.5) / 2.0 + 0.5, np.where(ahead > 0.0, ahead, np.nan)


@dataclass(frozen=True)
class Told:
    """known: of the wins, how many say how clear they are. differs: whether not all are alike.

    judges: how many decided those wins. By "slightly" each may mean something else, and one factor
    for all of them would favour whoever met the judge that is quick to say "much".
    """

    known: float
    differs: bool
    judges: int


def told(evidence: Evidence) -> Told:
    """How much the verdicts say beside who won."""
    if "clarity" not in evidence.columns:
        return Told(0.0, differs=False, judges=0)
    clarity, won = evidence.floats("clarity"), evidence.outcome != 1
    known, weight = won & ~np.isnan(clarity), _weights(evidence)
    if not known.any():
        return Told(0.0, differs=False, judges=0)
    share = float(weight[known].sum() / weight[won].sum())
    return Told(share, differs=bool(np.ptp(clarity[known]) > 0.0), judges=_judges(evidence, known))


def _judges(evidence: Evidence, rows: BoolArray) -> int:
    """How many judges decided these rows; comparisons that name no judge are of one."""
    return len(np.unique(evidence.ints("judge")[rows])) if "judge" in evidence.columns else 1


def shares(evidence: Evidence) -> FloatArray:
    """(N,): a's shares of the point. Wins whose clarity is not known are of average clarity."""
    clarity = evidence.floats("clarity")
    known = ~np.isnan(clarity) & (evidence.outcome != 1)
    average = np.average(clarity[known], weights=_weights(evidence)[known])
    return share_of(evidence.score, np.where(known, clarity, average))


@dataclass(frozen=True)
class Graded:
    """Strengths from shares of the point, on the scale of wins.

    share: (N,) of the rows. fitted: to the shares. factor: takes it to the scale of wins.
    """

    evidence: Evidence
    prior: Prior
    share: FloatArray
    fitted: Fit
    factor: float

    @property
    def theta(self) -> FloatArray:
        """(M,) on the scale of wins."""
        return self.factor * self.fitted.theta

    @cached_property
    def model(self) -> FloatArray:
        """(M, M) covariance, if all comparisons were independent and varied alike.

        By how much shares and wins vary, and together, is seen from what is left of them: the
        ghost's games and `_BORROWED` comparisons vary like wins and losses.
        """
        m, pairs, (of_share, of_win) = len(self.theta), self.evidence.pairs, self._curvatures
        both, dispersion = np.sqrt(of_share * of_win), self._dispersion
        ghost_share, ghost_win = (
            self.prior.games * _curvature(theta) for theta in (self.fitted.theta, self.theta)
        )
        lead = pairs.lead(self.fitted.theta)
        middle = np.empty((m + 1, m + 1))
        middle[:m, :m] = dispersion[0, 0] * laplacian(pairs, pairs.met * of_share)
        middle[np.arange(m), np.arange(m)] += ghost_share
        across = dispersion[0, 1] * pairs.net(pairs.met * both * lead)
        across += np.sqrt(ghost_share * ghost_win) * self.fitted.theta
        middle[:m, m] = middle[m, :m] = across
        middle[m, m] = dispersion[1, 1] * float(pairs.met @ (of_win * lead**2))
        middle[m, m] += float(ghost_win @ self.fitted.theta**2)
        result: FloatArray = self._inverse @ middle @ self._inverse.T
        return result

    @property
    def clustered(self) -> FloatArray | None:
        """(M, M) covariance from the variation between prompts; None for a single one."""
        return between_prompts(self._inverse, self._scores, self.evidence)

    @property
    def people(self) -> People | None:
        return between_people(self._inverse, self._scores, self.evidence)

    @cached_property
    def _curvatures(self) -> tuple[FloatArray, FloatArray]:
        """(U,) each: p (1 - p) of a share and of a win."""
        pairs = self.evidence.pairs
        return _curvature(pairs.lead(self.fitted.theta)), _curvature(pairs.lead(self.theta))

    @cached_property
    def _inverse(self) -> FloatArray:
        """(M, M + 1): what the derivatives by strengths, from shares, and by the factor, from wins,
        do to the strengths on the scale of wins."""
        pairs, theta, prior = self.evidence.pairs, self.fitted.theta, self.prior
        m, lead, (_, of_win) = len(theta), pairs.lead(theta), self._curvatures
        ghost = _curvature(self.theta)
        curvature = float(pairs.met @ (of_win * lead**2)) + prior.games * float(ghost @ theta**2)
        left = pairs.points - pairs.met * expit(self.factor * lead)
        slope = pairs.net(left - self.factor * pairs.met * of_win * lead)
        slope += prior.games * (0.5 - expit(self.theta) - self.factor * ghost * theta)
        along = theta / curvature if curvature > 0.0 else np.zeros(m)
        own = (self.factor * np.eye(m) + np.outer(along, slope)) @ self.fitted.covariance
        return np.column_stack([own, along])

    @cached_property
    def _left(self) -> tuple[FloatArray, FloatArray]:
        """(N,) each: what the fit leaves of shares and of wins."""
        lead = self.evidence.pairs.lead(self.fitted.theta)[self.evidence.pair_of_row]
        won = self.evidence.score - expit(self.factor * lead)
        return self.share - expit(lead), won

    @property
    def _scores(self) -> Scores:
        evidence, (of_share, of_win) = self.evidence, self._left
        weight = _weights(evidence)
        lead = evidence.pairs.lead(self.fitted.theta)[evidence.pair_of_row]
        return Scores(evidence.a, evidence.b, len(evidence.names), weight * of_share,
                      (weight * of_win * lead,))  # fmt: skip

    @property
    def _dispersion(self) -> FloatArray:
        """(2, 2): how shares and wins vary, and together, compared with p (1 - p)."""
        evidence, left = self.evidence, np.stack(self._left)
        weight = _weights(evidence)
        expected = np.array([evidence.pairs.met @ of for of in self._curvatures])
        seen = (weight * left) @ left.T
        like_wins = _BORROWED / 4.0
        size = np.sqrt(expected + like_wins)
        found: FloatArray = (seen + like_wins) / np.outer(size, size)
        return found


def fit_graded(evidence: Evidence, prior: Prior) -> Graded:
    """Fit strengths to shares of the point. RatingError when it does not converge."""
    share, pairs = shares(evidence), evidence.pairs
    points = totals(evidence.pair_of_row, _weights(evidence) * share, len(pairs.a))
    outcomes = np.stack([points, np.zeros(len(points)), pairs.met - points], axis=1)
    fitted = fit(Units.plain(Pairs(pairs.n, pairs.a, pairs.b, outcomes)), HalfWin(), prior)
    return Graded(evidence, prior, share, fitted, _factor(pairs, fitted.theta, prior))


def _factor(pairs: Pairs, theta: FloatArray, prior: Prior) -> float:
    """With which strengths (M,) foretell wins, and the prior's games, best; 1 for equal ones."""
    lead = pairs.lead(theta)

    def gradient(factor: float) -> float:
        left = pairs.points - pairs.met * expit(factor * lead)
        return float(lead @ left + prior.games * theta @ (0.5 - expit(factor * theta)))

    if np.ptp(theta) < 1e-9 or gradient(0.0) <= 0.0:
        return 1.0
    return float(brentq(gradient, 0.0, _STEEPEST, xtol=1e-12))


def _weights(evidence: Evidence) -> FloatArray:
    """(N,)"""
    return np.ones(len(evidence.a)) if evidence.weight is None else evidence.weight


def _curvature(lead: FloatArray) -> FloatArray:
    p = expit(lead)
    curvature: FloatArray = p * (1.0 - p)
    return curvature
