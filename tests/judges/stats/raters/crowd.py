"""A small crowd with a known truth, for the tests of raters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from judges.stats.raters.votes import Choice, Vote, Votes, columns

THETA = np.array([1.2, 0.4, 0.0, -0.4, -1.2])
"""Strengths of five competitors."""

Say = Callable[[int, int, np.random.Generator], Choice]
"""What a rater says of the competitors shown first and second."""


def honestly(first: int, second: int, rng: np.random.Generator) -> Choice:
    if rng.random() < 0.1:
        return "tie"
    chance = 1 / (1 + np.exp(THETA[second] - THETA[first]))
    return "first" if rng.random() < chance else "second"


def for_(target: int) -> Say:
    """Names the target wherever it plays; else honest."""

    def say(first: int, second: int, rng: np.random.Generator) -> Choice:
        if first == target:
            return "first"
        return "second" if second == target else honestly(first, second, rng)

    return say


def first_side(first: int, second: int, rng: np.random.Generator) -> Choice:
    return "first"


def at_random(first: int, second: int, rng: np.random.Generator) -> Choice:
    return "first" if rng.random() < 0.5 else "second"


def ballots(
    *says: Say, votes: int = 100, items: int = 300, seed: int = 0, seconds: float = 20.0
) -> list[Vote]:
    """`votes` votes of one rater for each of `says`, on items that all share."""
    rng = np.random.default_rng(seed)
    pairs = [rng.permutation(len(THETA))[:2] for _ in range(items)]
    found = []
    for rater, say in enumerate(says):
        start = rng.uniform(0, 1e6)
        for place, item in enumerate(rng.permutation(items)[:votes]):
            first, second = (int(side) for side in rng.permutation(pairs[item]))
            found.append(
                Vote(
                    rater=f"r{rater:02d}",
                    item=f"i{item}",
                    first=first,
                    second=second,
                    choice=say(first, second, rng),
                    seconds=float(seconds * np.exp(rng.normal(0, 0.3))),
                    at=start + 30.0 * place,
                )
            )
    return found


def crowd(*says: Say, votes: int = 100, items: int = 300, seed: int = 0) -> Votes:
    return columns(ballots(*says, votes=votes, items=items, seed=seed))
