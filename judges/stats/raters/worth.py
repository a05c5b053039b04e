"""What each rater's word is worth: the model of Dawid and Skene, for many raters and items.

The same model as the aggregation `dawid_skene` (Dawid & Skene 1979, EM, each vote once as it is and
once with a and b exchanged), on sparse columns: a crowd has many raters who each see few items.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from judges.stats.bootstrap import Z95, FloatArray
from judges.stats.raters.votes import Votes
from judges.stats.verdicts import CATEGORIES, EXCHANGED

SMOOTHING = 0.5
POOLING = 0.3
"""As in the aggregation: each matrix is drawn towards that of all raters."""

_ROUNDS = 40
_CLOSE = 1e-3


@dataclass(frozen=True)
class Worth:
    """reliability, low, high: (R,) probability of the true verdict, with its 95 % interval.
    truth: (I, 4) probability of each verdict of each item."""

    reliability: FloatArray
    low: FloatArray
    high: FloatArray
    truth: FloatArray


def worth(votes: Votes) -> Worth:
    """Fit by EM from shares of votes. Three raters are needed for the figures to mean anything."""
    said = _said(votes)
    truth = _shares(votes)
    prior, confusion = _maximise(said, truth, votes.raters)
    for _ in range(_ROUNDS):
        logs = np.log(prior) + said @ np.log(confusion).transpose(0, 2, 1).reshape(-1, CATEGORIES)
        better = np.exp(logs - logs.max(axis=1, keepdims=True))
        better /= better.sum(axis=1, keepdims=True)
        change = float(np.abs(better - truth).max(initial=0.0))
        truth = better
        prior, confusion = _maximise(said, truth, votes.raters)
        if change < _CLOSE:
            break
    reliability = np.einsum("t,rtt->r", prior, confusion)
    low, high = wilson_many(reliability, votes.per_rater(np.ones(len(votes.rater))))
    return Worth(reliability, low, high, truth)


def wilson_many(share: FloatArray, trials: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Wilson's 95 % intervals of shares (R,); from 0 to 1 where nothing was tried."""
    n = np.maximum(trials, 1e-9)
    square = Z95**2
    centre = (share + square / (2 * n)) / (1 + square / n)
    half = Z95 * np.sqrt(share * (1 - share) / n + square / (4 * n**2)) / (1 + square / n)
    low = np.where(trials > 0, np.clip(centre - half, 0.0, share), 0.0)
    high = np.where(trials > 0, np.clip(centre + half, share, 1.0), 1.0)
    return low, high


def _said(votes: Votes) -> csr_array:
    """(I, R * 4): 1 where a rater gave the verdict."""
    column = votes.rater * CATEGORIES + votes.verdict
    shape = votes.items, votes.raters * CATEGORIES
    return csr_array((np.ones(len(column)), (votes.item, column)), shape=shape)


def _shares(votes: Votes) -> FloatArray:
    cell = votes.item * CATEGORIES + votes.verdict
    counts = np.bincount(cell, minlength=votes.items * CATEGORIES).reshape(-1, CATEGORIES)
    smooth = counts + SMOOTHING / CATEGORIES
    shares: FloatArray = smooth / smooth.sum(axis=1, keepdims=True)
    return shares


def _maximise(said: csr_array, truth: FloatArray, raters: int) -> tuple[FloatArray, FloatArray]:
    """Prior (4,) and confusion (R, truth, said), the same when a and b change their names."""
    held = truth.sum(axis=0) + truth.sum(axis=0)[EXCHANGED] + SMOOTHING
    cells = (said.T @ truth).reshape(raters, CATEGORIES, CATEGORIES).transpose(0, 2, 1)
    cells = cells + cells[:, EXCHANGED][:, :, EXCHANGED]
    own = cells + SMOOTHING
    own /= own.sum(axis=2, keepdims=True)
    all_ = cells.sum(axis=0) + SMOOTHING
    all_ /= all_.sum(axis=1, keepdims=True)
    prior: FloatArray = held / held.sum()
    return prior, (1 - POOLING) * own + POOLING * all_
