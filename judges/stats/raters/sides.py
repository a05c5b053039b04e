"""Does a rater prefer the side rather than the answer?

Which answer stands first is drawn at random, so an attentive rater names the first in half of the
votes whatever the answers are worth.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import betainc

from judges.stats.bootstrap import FloatArray
from judges.stats.raters.votes import FIRST, Votes

HONEST: Final = 0.6
"""An honest rater names either side in at most this share of votes that name one."""


def side_counts(votes: Votes) -> tuple[FloatArray, FloatArray]:
    """(R,) how often the first side was named, and either."""
    return votes.per_rater(votes.choice == FIRST), votes.per_rater(votes.sided)


def side_p(votes: Votes) -> FloatArray:
    """(R,) exact binomial p-values of naming one side more often than an honest rater would."""
    first, named = side_counts(votes)
    most = np.maximum(first, named - first)
    p: FloatArray = np.where(named > 0, np.minimum(1.0, 2.0 * above(most, named, HONEST)), 1.0)
    return p


def above(hits: FloatArray, trials: FloatArray, share: float | FloatArray) -> FloatArray:
    """P(at least so many hits), binomial, by the incomplete beta function."""
    some = np.maximum(hits, 1)
    tail: FloatArray = np.where(
        hits > 0, betainc(some, np.maximum(trials - some, 0) + 1, share), 1.0
    )
    return tail
