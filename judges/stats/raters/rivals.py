"""Does a rater lift one competitor above a rival, in every match of either?

The published "omnipresent" strategy (Min et al. 2025) uses votes without the target too: what
counts is the target's lead over the one just above it, so the target is always named and the rival
never. The likings of target and rival are shifted by b and -b log odds. With the score S of the
rater's votes, its information V and honest tastes of spread t (`tastes.py`), S is about normal with
mean 0 and variance V + t^2 V V; a rigger's mean is V (b, -b). This is the likelihood ratio.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from judges.stats.bootstrap import FloatArray, IntArray
from judges.stats.raters.field import Field
from judges.stats.raters.tastes import Tastes
from judges.stats.raters.votes import summed

SHIFTS: Final = (0.7, 1.2, 2.0)
MOST: Final = 40
"""So many competitors are paired; with more, those on which raters differ most."""


def informations(field: Field, begin: int, end: int) -> FloatArray:
    """(R', K, K) of the likings, for the raters from `begin` to before `end`."""
    votes = field.votes
    size = votes.competitors
    rows = (votes.rater >= begin) & (votes.rater < end) & field.sided
    weight = (field.chance * (1 - field.chance))[rows]
    cell = ((votes.rater[rows] - begin) * size + votes.first[rows]) * size + votes.second[rows]
    pairs = summed(cell, weight, (end - begin) * size**2)
    pairs = pairs.reshape(-1, size, size)
    both = pairs + np.swapaxes(pairs, 1, 2)
    found: FloatArray = np.eye(size) * both.sum(axis=-1)[..., None] - both
    return found


def lifting_ratio(field: Field, tastes: Tastes) -> tuple[IntArray, IntArray, FloatArray]:
    """Targets and rivals (C,), and the likelihood ratios (C, R, B) for each of SHIFTS."""
    size = field.votes.competitors
    differ = np.argsort(-(tastes.z**2).sum(axis=0), kind="stable")[: min(size, MOST)]
    target, rival = (grid.ravel() for grid in np.meshgrid(differ, differ, indexing="ij"))
    target, rival = target[target != rival], rival[target != rival]
    ratio = np.empty((len(target), field.votes.raters, len(SHIFTS)))
    step = max(1, 4_000_000 // size**2)
    for begin in range(0, field.votes.raters, step):
        end = min(begin + step, field.votes.raters)
        information = informations(field, begin, end)
        damped = np.eye(size) + tastes.spread**2 * information
        score = np.linalg.solve(damped, tastes.surplus[begin:end, :, None])[..., 0]
        within = np.linalg.solve(damped, information)
        own = np.diagonal(within, axis1=1, axis2=2)
        lead = score[:, target] - score[:, rival]
        spread = own[:, target] + own[:, rival] - 2 * within[:, target, rival]
        for place, shift in enumerate(SHIFTS):
            log = shift * lead - 0.5 * shift**2 * spread
            ratio[:, begin:end, place] = np.exp(np.minimum(log, 600.0)).T
    return target, rival, ratio
