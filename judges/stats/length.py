"""Does the judge prefer the longer answer?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from judges.stats.bootstrap import BoolArray, Estimate, FloatArray, IntArray, PromptBootstrap, ratio
from judges.stats.excess import excess
from judges.stats.verdicts import A, Verdicts, decisive, sides

MAX_BINS = 256
MAX_CELLS = 5_000_000
_STEPS = 50
_LONGEST = 2.0


@dataclass(frozen=True)
class LengthPreference:
    """longer: how often the longer answer wins, of decided comparisons of unequal length. slope: of
    P(a wins) = logistic(slope * ln(length a / length b)); 1 means that twice the length doubles the
    odds. beyond: how much more often than the other judges, where both name a side."""

    longer: Estimate | None
    slope: Estimate | None
    beyond: Estimate | None


def length_preference(
    boot: PromptBootstrap,
    prompt: IntArray,
    log_ratio: FloatArray,
    verdicts: Verdicts,
    others: FloatArray,
) -> LengthPreference:
    """From comparisons (C,): ln(length a / length b), the judge's verdict, others' share for a.

    `others`: of the other judges that named a side, the share for a; nan where none did. Longer
    answers may also be better ones: only `beyond` sets this judge apart from the rest.
    """
    told = decisive(verdicts) & (log_ratio != 0)
    prompt_told, ratio_told, won = prompt[told], log_ratio[told], verdicts[told] == A
    longer = boot.of_rows(prompt_told, won == (ratio_told > 0), np.ones(len(won)))
    side = np.where(log_ratio > 0, sides(verdicts), 1 - sides(verdicts))
    side[log_ratio == 0] = np.nan
    theirs = np.where(log_ratio > 0, others, 1 - others)
    return LengthPreference(
        longer=longer.share(0, 1),
        slope=_slope(boot, prompt_told, ratio_told, won == (ratio_told > 0)),
        beyond=excess(boot, prompt, side, theirs),
    )


def _slope(
    boot: PromptBootstrap, prompt: IntArray, ratio_told: FloatArray, longer_won: BoolArray
) -> Estimate | None:
    """The slope, refitted to each resample; None where the data are separable or too few.

    Resamples are sums over bins of equal |log ratio|, at their means: exact up to 256 values, and
    beyond that finer than the interval.
    """
    if longer_won.all() or not longer_won.any():
        return None
    steepness = np.abs(ratio_told)
    bins = min(MAX_BINS, max(32, MAX_CELLS // boot.prompts))
    edges = np.unique(np.quantile(steepness, np.linspace(0, 1, bins + 1), method="inverted_cdf"))
    place = np.searchsorted(edges, steepness)
    size = np.bincount(place, minlength=len(edges))
    x = np.bincount(place, weights=steepness, minlength=len(edges)) / np.maximum(size, 1)
    cells = boot.prompts * len(edges)
    counts = [
        np.bincount((prompt * len(edges) + place)[rows], minlength=cells)
        for rows in (np.ones(len(place), dtype=bool), longer_won)
    ]
    sums = boot.sums(np.stack(counts, axis=1).reshape(boot.prompts, len(edges), 2).astype(float))
    return sums.estimate(lambda s: fitted_slope(x, s[..., 0], s[..., 1]), len(place))


def fitted_slope(x: FloatArray, n: FloatArray, won: FloatArray) -> FloatArray:
    """Maximum likelihood slopes (R,) of a logistic curve without intercept, by Newton's method.

    x: (G,). n, won: (R, G) trials and successes at each x. nan where no slope is finite.
    """
    slope = np.zeros(len(n))
    for _ in range(_STEPS):
        p = expit(slope[:, None] * x)
        score, information = ((won - n * p) * x).sum(axis=1), (n * p * (1 - p) * x * x).sum(axis=1)
        step = np.nan_to_num(ratio(score, information))
        slope = slope + np.clip(step, -_LONGEST, _LONGEST)
        if np.abs(step).max(initial=0.0) < 1e-9:
            break
    both = (won.sum(axis=1) > 0) & (won.sum(axis=1) < n.sum(axis=1))
    return np.where(both, slope, np.nan)
