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
from tournaments.ratings.paired import EQUALS
from tournaments.ratings.uncertainty import quantile, tie_parameter, tie_scores, tied_by

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
    outcomes = weight[:, None] * (evidence.outcome[rows][:, None] == np.arange(3))
    log_nu = tie_parameter(p, outcomes)
    derivatives = tie_scores(p, log_nu)
    of_ties = tied_by(p, log_nu)
    chances = np.stack([p - of_ties / 2, of_ties, 1.0 - p - of_ties / 2], axis=1)
    equals = EQUALS @ tie_scores(0.5, log_nu) ** 2  # the prior's game
    information = float((weight[:, None] * chances * derivatives**2).sum() + equals.sum())
    prompts, prompt = np.unique(evidence.prompt[rows], return_inverse=True)
    seen = derivatives[np.arange(len(rows)), evidence.outcome[rows]]
    scores = totals(prompt, weight * seen, len(prompts))
    variance = max(information, float(scores @ scores))
    half = quantile(confidence) * np.sqrt(variance) / information
    low, value, high = tied_by(0.5, log_nu + half * np.array([-1.0, 0.0, 1.0])).tolist()
    return Effect(name, value, low, high, _MEANS)
