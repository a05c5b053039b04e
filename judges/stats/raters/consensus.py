"""How often each rater says what the others say of the same items.

Verdicts are in terms of the items, whose a is the competitor with the lower index; which one that
is, is an accident, so a and b share their chance (see `agreement.py`). "Both bad" is a verdict of
its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from judges.stats.bootstrap import BoolArray, FloatArray, ratio
from judges.stats.raters.votes import Votes, summed
from judges.stats.verdicts import CATEGORIES, EXCHANGED


@dataclass(frozen=True)
class Consensus:
    """shared: (R,) votes on items that others voted on too. agreement: (R,) mean share of those
    others with the same verdict. kappa: (R,) beyond chance. nan where nothing is shared."""

    shared: FloatArray
    agreement: FloatArray
    kappa: FloatArray


def consensus(votes: Votes) -> Consensus:
    """Leave-one-out agreement with Cohen's (1960) correction for chance.

    Chance is what a rater's shares of verdicts and those of all votes give.
    """
    same, shared = same_as_others(votes)
    n = votes.per_rater(shared)
    agreement = ratio(votes.per_rater(same, shared), n)
    cell = votes.rater * CATEGORIES + votes.verdict
    own = summed(cell, shared.astype(float), votes.raters * CATEGORIES).reshape(
        votes.raters, CATEGORIES
    )
    own = (own + own[:, EXCHANGED]) / 2
    field = own.sum(axis=0)
    chance = ratio(own @ (field / max(field.sum(), 1.0)), n)
    return Consensus(n, agreement, ratio(agreement - chance, 1.0 - chance))


def same_as_others(votes: Votes) -> tuple[FloatArray, BoolArray]:
    """(N,) share of the item's other raters with the same verdict, and whether there are any."""
    verdict = votes.verdict
    cell = votes.item * CATEGORIES + verdict
    counts = np.bincount(cell, minlength=votes.items * CATEGORIES)
    others = np.bincount(votes.item, minlength=votes.items)[votes.item] - 1
    shared: BoolArray = others > 0
    return (counts[cell] - 1) / np.maximum(others, 1), shared
