"""How much of a verdict's noise sits in the answers, from calls that were repeated.

A judge that is asked again about the same two answers (in the other order, or once more) repeats
what the answers gave it and draws anew what is its own. With u ~ N(0, t^2) for the two answers of
a comparison,

    logit P(a beats b in one call) = theta_a - theta_b + c first + u,

so repeated calls agree the more, the larger t is. The share is t^2 / (t^2 + pi^2 / 3): the part of
the variance of a verdict about the strengths that no further call on the same answers can remove.
theta and c are fitted without u, which shrinks them by sqrt(1 + k t^2), k = (16 sqrt(3) / 15 pi)^2
(Zeger, Liang & Albert 1988, Biometrics 44), and are put back by it. A tie counts as a
lot that the judge throws, so with many ties the share is a lower bound; as half a win it would vary
too little and hide the share altogether. The share has a uniform prior. The interval is the hull of
two, of resampled prompts and of the profile likelihood: in simulations it covered 0.96 and more
from 12 prompts on, resampling alone 0.79 to 1. At the ends resampling is blind: where no call ever
contradicted another one, every resample says the same. There only so many comparisons of a prompt
count in the profile as have no answer in common.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from tournaments.ratings.base import FloatArray, IntArray
from tournaments.ratings.counts import Pairs, totals
from tournaments.ratings.links import HalfWin
from tournaments.ratings.paired import Prior, Units, fit

FEWEST_PROMPTS = 10
"""Fewer prompts with repeated calls say next to nothing."""

FIRST = np.array([1.0, -1.0, 0.0])
"""Who was shown first in the three columns of `Repeats`: a, b, not known."""

_GRID = np.arange(0.0, 0.985, 0.02)
_NODES = np.array([NormalDist().inv_cdf((i + 0.5) / 61) for i in range(61)])
_SHRINKS = (16.0 * np.sqrt(3.0) / (15.0 * np.pi)) ** 2
_LOGISTIC = np.pi**2 / 3
_RESAMPLES = 400
_SPLITS = 4
"""How often ties are split by lot; the log-likelihoods are averaged."""

_TAIL = 0.025
_CUT = 1.92
"""Half the 95 % point of chi-squared with one degree of freedom."""


@dataclass(frozen=True)
class Repeats:
    """Comparisons by judges that were asked about them more than once.

    a, b: (U,) competitors below `competitors`. prompt: (U,) any numbers. wins, ties, calls: (U, 3)
    the wins of a, the ties, and all calls, by who was shown first: a, b, not known.
    """

    competitors: int
    a: IntArray
    b: IntArray
    prompt: IntArray
    wins: FloatArray
    ties: FloatArray
    calls: FloatArray


@dataclass(frozen=True)
class NoiseShare:
    """The share with its 95 % interval, and from how much it was estimated."""

    share: float
    ci_low: float
    ci_high: float
    comparisons: int
    prompts: int


def noise_share(repeats: Repeats, seed: int = 0) -> NoiseShare | None:
    """The share of the noise in the answers; None below `FEWEST_PROMPTS` prompts."""
    prompts, prompt = np.unique(repeats.prompt, return_inverse=True)
    if len(prompts) < FEWEST_PROMPTS:
        return None
    rng = np.random.default_rng(seed)
    lead = _leads(repeats)
    lots = rng.binomial(
        repeats.ties.astype(np.int64), 0.5, (_SPLITS if repeats.ties.any() else 1, *lead.shape)
    )
    splits = [
        _log_chances(lead, repeats.wins + lot, repeats.calls, prompt, len(prompts)) for lot in lots
    ]
    chances = np.mean(splits, axis=0)
    drawn = rng.multinomial(len(prompts), np.full(len(prompts), 1 / len(prompts)), _RESAMPLES)
    # Most probable shares, since a mean never comes down to zero.
    likeliest = _GRID[(drawn @ chances).argmax(axis=1)]
    low, high = np.quantile(likeliest, [_TAIL, 1 - _TAIL])
    share = _mean(chances.sum(axis=0))
    alone = _disjoint(repeats, prompt, len(prompts)) if low == high else np.ones(len(prompts))
    within = _profile(alone @ chances)
    ends = min(float(low), share, within[0]), max(float(high), share, within[1])
    # The grid ends below 1, where the answers' part has no end: what reaches it may be all.
    ends = ends[0], 1.0 if ends[1] >= _GRID[-1] else ends[1]
    return NoiseShare(share, *ends, len(repeats.a), len(prompts))


def _profile(log_chances: FloatArray) -> tuple[float, float]:
    """The least and the largest share that the likelihood does not rule out, on the grid."""
    kept = _GRID[log_chances >= log_chances.max() - _CUT]
    return min(float(kept[0]), float(_GRID[-2])), float(kept[-1])


def _disjoint(repeats: Repeats, prompt: IntArray, n_prompts: int) -> FloatArray:
    """(P,): the share of each prompt's comparisons that can be had without a common answer."""
    m = repeats.competitors
    who = np.concatenate([repeats.a, repeats.b])
    answers = np.bincount(np.unique(np.tile(prompt, 2) * m + who) // m, minlength=n_prompts)
    pairs = np.unique((prompt * m + np.minimum(repeats.a, repeats.b)) * m
                      + np.maximum(repeats.a, repeats.b))  # fmt: skip
    met = np.bincount(pairs // m**2, minlength=n_prompts)
    share: FloatArray = np.minimum(answers / 2 / met, 1.0)
    return share


def _mean(log_chances: FloatArray) -> float:
    """The posterior mean of the share from log-likelihoods (T,) over the grid."""
    weight = np.exp(log_chances - log_chances.max())
    return float(weight @ _GRID / weight.sum())


def _log_chances(
    lead: FloatArray, points: FloatArray, calls: FloatArray, prompt: IntArray, n_prompts: int
) -> FloatArray:
    """(P, T): log-likelihood of the calls on each prompt for each share of the grid."""
    kinds, kind = np.unique(np.column_stack([lead, points, calls]), axis=0, return_inverse=True)
    found = np.empty((n_prompts, len(_GRID)))
    for t, share in enumerate(_GRID.tolist()):
        of_kind = _integrated(kinds[:, :3], kinds[:, 3:6], kinds[:, 6:], share)
        found[:, t] = np.bincount(prompt, of_kind[kind.ravel()], n_prompts)
    return found


def _integrated(
    lead: FloatArray, points: FloatArray, calls: FloatArray, share: float
) -> FloatArray:
    """(K,) log-likelihood of kinds of comparison (K, 3), what the answers add integrated out."""
    variance = _LOGISTIC * share / (1.0 - share)
    eta = (lead * np.sqrt(1.0 + _SHRINKS * variance))[:, :, None] + np.sqrt(variance) * _NODES
    logs = points[:, :, None] * eta - calls[:, :, None] * np.logaddexp(0.0, eta)
    logs = logs.sum(axis=1)
    top = logs.max(axis=1)
    result: FloatArray = top + np.log(np.exp(logs - top[:, None]).mean(axis=1))
    return result


def _leads(repeats: Repeats) -> FloatArray:
    """(U, 3): log-odds of a in a call, on average over answers, by who was shown first.

    Rounded, so that comparisons of one kind are one.
    """
    unit, column = np.nonzero(repeats.calls)
    points = (repeats.wins + repeats.ties / 2)[unit, column]
    calls = repeats.calls[unit, column]
    m = repeats.competitors
    key, cell = np.unique(
        (repeats.a[unit] * m + repeats.b[unit]) * len(FIRST) + column, return_inverse=True
    )
    won, met = totals(cell, points, len(key)), totals(cell, calls, len(key))
    pair, shown = np.divmod(key, len(FIRST))
    pairs = Pairs(m, *np.divmod(pair, m), np.column_stack([won, 0.0 * won, met - won]))
    fitted = fit(Units(pairs, FIRST[shown][:, None]), HalfWin(), Prior(1.0))
    lead = fitted.theta[repeats.a] - fitted.theta[repeats.b]
    leads: FloatArray = np.round(lead[:, None] + fitted.beta[0] * FIRST, 9)
    return leads
