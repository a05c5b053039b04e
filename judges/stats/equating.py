"""Putting the scores of one judge on the scale of another: offset + scale * score.

Judges differ in leniency and in how much of a scale they use, so their scores may be mixed, or
compared between slices that different judges saw, only after this. It changes no order within one
judge's scores. What comes out is what the param `calibration` of the kind `scoring` takes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

SMALLEST = 2
"""Scores that a line is fitted to at the least."""


@dataclass(frozen=True)
class Line:
    """`scale` is positive; `n` is how many scores it was fitted to."""

    offset: float
    scale: float
    n: int

    def __call__(self, scores: FloatArray) -> FloatArray:
        """The scores (n,) on the other scale."""
        return self.offset + self.scale * scores


def equated(scores: FloatArray, reference: FloatArray) -> Line:
    """The line that gives `scores` (n,) mean and standard deviation of `reference` (m,).

    Linear equating of test scores (Kolen and Brennan 2014, chapter 2): both are taken to rate the
    same sort of outputs, not necessarily the same ones. For scores of two machine judges, neither
    of which is the truth. Raises ValueError when either has no spread.
    """
    spread, wanted = _spread(scores, "scores"), _spread(reference, "reference scores")
    scale = wanted / spread
    return Line(float(reference.mean() - scale * scores.mean()), scale, len(scores))


def regressed(scores: FloatArray, ratings: FloatArray) -> Line:
    """The least-squares line from `scores` (n,) to people's `ratings` (n,) of the same outputs.

    For predicting ratings: the noisier the judge, the flatter the line. Raises ValueError when
    either has no spread, or when the scores fall as the ratings rise.
    """
    if len(scores) != len(ratings):
        raise ValueError("each score needs the rating of the same output")
    _spread(ratings, "ratings")
    centred = scores - scores.mean()
    scale = float(centred @ ratings) / (len(scores) * _spread(scores, "scores") ** 2)
    if scale <= 0:
        raise ValueError("the scores do not rise with the ratings")
    return Line(float(ratings.mean() - scale * scores.mean()), scale, len(scores))


def _spread(values: FloatArray, name: str) -> float:
    if len(values) < SMALLEST or not np.isfinite(values).all():
        raise ValueError(f"a line needs at least {SMALLEST} finite {name}")
    spread = float(values.std())
    if not spread > 0:
        raise ValueError(f"the {name} are all alike")
    return spread
