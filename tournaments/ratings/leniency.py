"""How ready each judge is to call a tie, whatever the strengths of those it was shown.

A judge that ties often may just have been shown equals. So the chance of a tie is Davidson's
(1970) at the expected score of each comparison, with a parameter for each judge, and what is
reported is the chance that it ties two equals. "Both are bad" counts as a tie here.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tournaments.ratings.base import Effect, FloatArray, IntArray
from tournaments.ratings.counts import Evidence, totals
from tournaments.ratings.uncertainty import quantile, tie_parameter, tied_by

_NUDGE = 1e-4
_MEANS = "the chance that this judge ties two equals"


def leniencies(evidence: Evidence, p: FloatArray, confidence: float) -> Iterator[Effect]:
    """Yield the leniency of each judge that decided anything, from expected scores p (N,) of a."""
    judge = evidence.ints("judge")
    for k, name in enumerate(evidence.judges):
        rows = np.flatnonzero(judge == k)
        if len(rows):
            yield _leniency(f"ties between equals, {name}", evidence, rows, p[rows], confidence)


def _leniency(
    name: str, evidence: Evidence, rows: IntArray, p: FloatArray, confidence: float
) -> Effect:
    """Its interval takes the larger variance: of independent rows, or between prompts."""
    weight = np.ones(len(rows)) if evidence.weight is None else evidence.weight[rows]
    tied = evidence.outcome[rows] == 1
    outcomes = weight[:, None] * np.stack([~tied, tied, np.zeros_like(tied)], axis=1)
    log_nu = tie_parameter(p, outcomes)
    every, own = np.append(p, 0.5), np.append(weight, 1.0)  # with the prior's game
    chance = tied_by(every, log_nu)
    slope = (tied_by(every, log_nu + _NUDGE) - tied_by(every, log_nu - _NUDGE)) / (2 * _NUDGE)
    prompts, prompt = np.unique(evidence.prompt[rows], return_inverse=True)
    scores = totals(prompt, weight * (tied - chance[:-1]), len(prompts))
    variance = max(float(own @ (chance * (1.0 - chance))), float(scores @ scores))
    half = quantile(confidence) * np.sqrt(variance) / float(own @ slope)
    low, value, high = tied_by(0.5, log_nu + half * np.array([-1.0, 0.0, 1.0])).tolist()
    return Effect(name, value, low, high, _MEANS)
