"""What the rest of the field expects of each vote.

Only votes that name a side are looked at: given that a side is named, a Davidson model of ties is
the Bradley-Terry model. Of each vote the expectation uses everybody *but* its rater, and nobody who
is not trusted, so that a ring does not confirm itself:

1. strengths of the competitors (Bradley & Terry 1952) without this rater, by one Newton step from
   the fit of all;
2. what the others said of this very item, as one Newton step towards the item's own lead, which
   varies about the difference of strengths (its variance is found by moments);
3. how this rater votes: how sharply they follow that lead (skill), their liking of the first side,
   and of long answers. These are fitted for each rater with weak normal priors.

An honest rater may differ in all of 3; only what remains can be suspicious.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from judges.stats.bootstrap import BoolArray, FloatArray, IntArray
from judges.stats.raters.votes import FIRST, Votes, summed

PRIOR = 0.5
"""Precision of the prior of a strength: it keeps who always wins finite."""

HABITS = np.array([1.0, 0.0, 0.0])
HABITS_SD = np.array([0.5, 0.5, 0.5])
"""Skill, liking of the first side and of long answers (per e-fold of length): mean and spread."""

LAPSE = 1e-3
"""No choice is less probable than this, however sure the field is: once in a thousand votes, at a
rough guess, the most careful person takes the wrong button. So one slip is never proof, and no
likelihood is 0. In ordinary campaigns hardly any expectation comes near."""

_STEPS, _CLOSE = 40, 1e-4
"""Of the fit of habits: at most so many steps, and none after one as small as this."""

_MAX_CELLS = 20_000_000


@dataclass(frozen=True)
class Field:
    """Expectations of the votes (N,). won: whether the first side was named, a half for neither.

    lead: log odds for the first side by all others. strength: the same without the others' votes
    on the item. design: (N, 3) lead, 1, log of how much longer the first answer is. habits: (R, 3)
    skill, side, length. logit, chance: of naming the first side, given that a side is named.
    """

    votes: Votes
    sided: BoolArray
    won: FloatArray
    lead: FloatArray
    strength: FloatArray
    design: FloatArray
    habits: FloatArray
    logit: FloatArray
    chance: FloatArray


def expect(votes: Votes, trusted: BoolArray) -> Field:
    """The expectations of all votes, from the votes of the trusted raters (R,)."""
    sided = votes.sided
    won = np.where(sided, (votes.choice == FIRST).astype(float), 0.5)
    counts = (sided & trusted[votes.rater]).astype(float)
    theta = strengths(votes.first, votes.second, won, counts, votes.competitors)
    strength = theta[votes.first] - theta[votes.second]
    own = without(votes, won, strength, counts)
    strength += own[votes.rater, votes.first] - own[votes.rater, votes.second]
    lead = _with_item(votes, won, strength, counts)
    design = np.stack([lead, np.ones(len(lead)), _longer(votes.lengths)], axis=1)
    habits = _habits(design, won, sided.astype(float), votes)
    logit = (design * habits[votes.rater]).sum(axis=1)
    return Field(votes, sided, won, lead, strength, design, habits, logit, likely(logit))


def likely(logit: FloatArray) -> FloatArray:
    """The chances of these log odds; none so small that a slip could not be it."""
    chance: FloatArray = np.clip(expit(logit), LAPSE, 1.0 - LAPSE)
    return chance


def strengths(
    first: IntArray, second: IntArray, won: FloatArray, weight: FloatArray, competitors: int
) -> FloatArray:
    """(K,) Bradley-Terry strengths in log odds, centred at 0 by their prior."""
    cell = first * competitors + second
    size = competitors**2
    games = summed(cell, weight, size).reshape(competitors, competitors)
    wins = summed(cell, weight * won, size).reshape(games.shape)
    theta = np.zeros(competitors)
    for _ in range(25):
        chance = expit(theta[:, None] - theta[None, :])
        left = wins - games * chance
        gradient = left.sum(axis=1) - left.sum(axis=0) - PRIOR * theta
        step = np.linalg.solve(_information(games * chance * (1 - chance)), gradient)
        theta = theta + step
        if np.abs(step).max(initial=0.0) < 1e-9:
            break
    return theta


def without(votes: Votes, won: FloatArray, lead: FloatArray, counts: FloatArray) -> FloatArray:
    """(R, K): how the strengths change when a rater's own votes (`counts` is 1) are left out.

    One Newton step; exact information where it fits into memory, else that of all raters, who are
    very many then.
    """
    raters, size = votes.raters, votes.competitors
    chance = expit(lead)
    left = (won - chance) * counts
    gradient = _scattered(votes.rater, votes.first, left, (raters, size))
    gradient -= _scattered(votes.rater, votes.second, left, (raters, size))
    weight = chance * (1 - chance) * counts
    cell = votes.first * size + votes.second
    whole = summed(cell, weight, size**2).reshape(size, size)
    if raters * size**2 > _MAX_CELLS:
        return _negative(np.linalg.solve(_information(whole), gradient.T).T)
    cell += votes.rater * size**2
    own = summed(cell, weight, raters * size**2)
    rest = whole - own.reshape(raters, size, size)
    return _negative(np.linalg.solve(_information(rest), gradient[..., None])[..., 0])


def _negative(values: NDArray[np.floating]) -> FloatArray:
    return np.asarray(-values, dtype=np.float64)


def _information(weight: FloatArray) -> FloatArray:
    """(..., K, K) from the weights of ordered pairs, with the prior."""
    both = weight + np.swapaxes(weight, -1, -2)
    size = both.shape[-1]
    found: FloatArray = np.eye(size) * (both.sum(axis=-1)[..., None] + PRIOR) - both
    return found


def _with_item(votes: Votes, won: FloatArray, lead: FloatArray, counts: FloatArray) -> FloatArray:
    """Leads (N,), moved towards what the other raters said of the same item."""
    item = votes.item
    sign = np.where(votes.turned, -1.0, 1.0)
    chance = expit(lead)
    left = sign * (won - chance) * counts
    weight = chance * (1 - chance) * counts
    lefts = summed(item, left, votes.items)
    weights = summed(item, weight, votes.items)
    pairs = weights**2 - summed(item, weight**2, votes.items)
    product = lefts**2 - summed(item, left**2, votes.items)
    variance = float(np.clip(product.sum() / max(float(pairs.sum()), 1e-9), 0.0, 4.0))
    moved: FloatArray = lead + sign * variance * (lefts[item] - left) / (
        1.0 + variance * (weights[item] - weight)
    )
    return moved


def _longer(lengths: FloatArray) -> FloatArray:
    """(N,) log of the first length over the second, within e-folds; 0 where not known."""
    size = np.log(np.maximum(lengths, 1.0))
    longer: FloatArray = np.nan_to_num(np.clip(size[:, 0] - size[:, 1], -2.0, 2.0))
    return longer


def _habits(design: FloatArray, won: FloatArray, counts: FloatArray, votes: Votes) -> FloatArray:
    """(R, 3) the most probable habits of each rater, by Newton's method for all at once.

    Where the others agree perfectly the leads are wide, and a whole step may jump over the most
    probable habits, further with every step. Who would be worse off takes a half of it, and so on.
    """
    habits = np.tile(HABITS, (votes.raters, 1))
    reached = _plausible(habits, design, won, counts, votes)
    stride = np.ones(votes.raters)
    for _ in range(_STEPS):
        step = _newton(habits, design, won, counts, votes)
        tried = habits + stride[:, None] * step
        found = _plausible(tried, design, won, counts, votes)
        better = found >= reached
        habits = np.where(better[:, None], tried, habits)
        reached = np.where(better, found, reached)
        stride = np.where(better, np.minimum(1.0, 2 * stride), stride / 2)
        if np.abs(step).max() < _CLOSE:
            break
    return habits


def _plausible(
    habits: FloatArray, design: FloatArray, won: FloatArray, counts: FloatArray, votes: Votes
) -> FloatArray:
    """(R,) log of the posterior density of the habits, up to a constant."""
    logit = (design * habits[votes.rater]).sum(axis=1)
    said = counts * (won * logit - np.logaddexp(0.0, logit))
    prior = 0.5 * (((habits - HABITS) / HABITS_SD) ** 2).sum(axis=1)
    found: FloatArray = votes.per_rater(said) - prior
    return found


def _newton(
    habits: FloatArray, design: FloatArray, won: FloatArray, counts: FloatArray, votes: Votes
) -> FloatArray:
    """(R, 3) the step to the top of the parabola that touches the posterior at these habits."""
    chance = expit((design * habits[votes.rater]).sum(axis=1))
    left, weight = (won - chance) * counts, chance * (1 - chance) * counts
    precision = 1.0 / HABITS_SD**2
    gradient = precision * (HABITS - habits)
    information = np.tile(np.diag(precision), (votes.raters, 1, 1))
    for j in range(len(HABITS)):
        gradient[:, j] += votes.per_rater(left * design[:, j])
        for k in range(j + 1):
            sums = votes.per_rater(weight * design[:, j] * design[:, k])
            information[:, j, k] += sums
            information[:, k, j] = information[:, j, k]
    step = np.linalg.solve(information, gradient[..., None])[..., 0]
    return np.asarray(step, dtype=np.float64)


def _scattered(
    rater: IntArray, column: IntArray, values: FloatArray, shape: tuple[int, int]
) -> FloatArray:
    """(R, K): sums of values (N,) by rater and competitor."""
    cell = rater * shape[1] + column
    return summed(cell, values, shape[0] * shape[1]).reshape(shape)
