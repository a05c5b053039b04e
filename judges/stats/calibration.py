"""When the judge is surer, is it right more often?

P(a) is folded onto the side that the judge favours, since which output is called a is an accident.
So confidence runs from 0.5 to 1, and what it is held against is how often that side is the better
one by somebody else's verdict; a tie there counts a half.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from judges.stats.bootstrap import Estimate, FloatArray, IntArray, PromptBootstrap, ratio

BINS = 5
_WIDTH = 0.5 / BINS
_EVEN = 1e-9


@dataclass(frozen=True)
class Bin:
    """Judgments of about the same confidence: its mean, and how often the favoured side won."""

    low: float
    high: float
    confidence: float
    right: Estimate


@dataclass(frozen=True)
class Calibration:
    """brier: mean of (P(a) - truth)^2, where 0.25 is what always saying 0.5 has when there are no
    ties. error: the expected calibration error, the mean gap of the bins. Where no side is favoured
    there is no gap, and no bin shows it."""

    comparisons: int
    prompts: int
    bins: tuple[Bin, ...]
    brier: Estimate | None
    error: Estimate | None


def calibration(
    boot: PromptBootstrap, prompt: IntArray, p_a: FloatArray, truth: FloatArray
) -> Calibration | None:
    """From P(a) (C,) and true points for a (C,); comparisons where either is nan are left out."""
    known = ~np.isnan(p_a) & ~np.isnan(truth)
    if not known.any():
        return None
    prompt, p, y = prompt[known], p_a[known], truth[known]
    confidence, right = np.where(p < 0.5, 1 - p, p), np.where(p < 0.5, 1 - y, y)
    favours = confidence > 0.5 + _EVEN
    right[~favours] = 0.5  # whichever side it is held against
    sums = boot.sums(_binned(boot, prompt, confidence, right))
    n = len(p)
    return Calibration(
        comparisons=n,
        prompts=sums.prompts,
        bins=tuple(_bins(boot, prompt[favours], confidence[favours], right[favours])),
        brier=boot.of_rows(prompt, (p - y) ** 2, np.ones(n)).estimate(
            lambda s: ratio(s[:, 0], s[:, 1]), n
        ),
        error=sums.estimate(calibration_error, n),
    )


def calibration_error(sums: FloatArray) -> FloatArray:
    """Expected calibration error of sums (R, bins, 3): n, confidence, right (Naeini 2015)."""
    n, confidence, right = np.moveaxis(sums, -1, 0)
    return ratio(np.abs(confidence - right).sum(axis=-1), n.sum(axis=-1))


def bin_of(confidence: FloatArray) -> IntArray:
    """The bin (N,) of each confidence; each bin holds its lower end, the last one 1 too."""
    place = np.floor((confidence - 0.5) / _WIDTH + 1e-9).astype(np.int64)
    return np.clip(place, 0, BINS - 1)


def _binned(
    boot: PromptBootstrap, prompt: IntArray, confidence: FloatArray, right: FloatArray
) -> FloatArray:
    """(P, bins, 3): of each prompt and bin its n, confidence and right, summed."""
    columns = np.zeros((len(prompt), BINS, 3))
    columns[np.arange(len(prompt)), bin_of(confidence)] = np.stack(
        [np.ones(len(prompt)), confidence, right], axis=1
    )
    return boot.per_prompt(prompt, columns.reshape(len(prompt), -1)).reshape(-1, BINS, 3)


def _bins(
    boot: PromptBootstrap, prompt: IntArray, confidence: FloatArray, right: FloatArray
) -> list[Bin]:
    found = []
    place = bin_of(confidence)
    for number in range(BINS):
        here = place == number
        share = boot.of_rows(prompt[here], right[here], np.ones(int(here.sum()))).share(0, 1)
        if share is not None:
            low = 0.5 + number * _WIDTH
            mean = float(confidence[here].mean())
            found.append(Bin(round(low, 6), round(low + _WIDTH, 6), mean, share))
    return found
