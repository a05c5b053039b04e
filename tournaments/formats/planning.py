"""The waves of the adaptive formats: how large, how random, which pairs on which prompts.

A plan is made in two steps. `hints` turns what is known into wishes, for many tournaments at once;
`place` finds prompts for the wishes of one. Formats call both for one tournament, the simulation
lab the first for hundreds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtr

from tournaments.formats.acquisition import best_pairs
from tournaments.formats.beliefs import WEAK, Belief, FloatArray, Prior
from tournaments.formats.pool import Pool, Spot, in_order, matchings

GROWTH = 0.12
"""A wave has this share of the games so far, and about one for each competitor at least.

Twice as many as a plan renewed at every 6 %, for half as many plans; what it costs was measured
(`python -m bench formats`, part waves)."""

WATCHED = 0.06
"""The same where a rule may stop the tournament: two waves are always under way when it does."""

_SMALLEST = 10
_FIRST = 4
"""So many games a competitor are random at first."""

_APART = 0.6
"""Expected Kendall tau below which the field counts as not separated and all stays random: of
equals, whose leads are noise alone, it is 0.5."""

Schedule = Literal["chain", "pairs"]


@dataclass(frozen=True)
class Hint:
    """theta: (M,) and root: (M, M) to draw strengths from; pairs: the most useful ones.

    Without either the wave is random.
    """

    theta: FloatArray | None = None
    root: FloatArray | None = None
    pairs: tuple[tuple[int, int], ...] = ()


RANDOM = Hint()


@dataclass(frozen=True)
class Planner:
    """How an adaptive format chooses. top, only: as in `acquisition.best_pairs`.

    fixed: pairs to play in turn whatever is believed. wave: games in each wave, else they grow by
    `growth`.
    """

    schedule: Schedule
    random_share: float
    top: int | None = None
    only: int | None = None
    prior: Prior = WEAK
    fixed: tuple[tuple[int, int], ...] = ()
    wave: int | None = None
    growth: float = GROWTH

    def hints(self, belief: Belief, pool: Pool) -> list[Hint]:
        """What to ask next, for each of R tournaments; `pool` of any one of them says how much."""
        r = len(belief.theta)
        if self.fixed:
            turns = -(-self._size(pool) // len(self.fixed))
            return [Hint(pairs=self.fixed * turns)] * r
        if self._all_random(pool):
            return [RANDOM] * r
        apart = expected_tau(belief) >= _APART if self.only is None else np.ones(r, dtype=bool)
        if self.schedule == "chain":
            drawn = [Hint(belief.theta[k], belief.root[k]) for k in range(r)]
        else:
            size = self._size(pool)
            i, j = best_pairs(belief, size - round(self.random_share * size), self.top, self.only)
            drawn = [Hint(pairs=tuple(zip(i[k].tolist(), j[k].tolist(), strict=True)))
                     for k in range(r)]  # fmt: skip
        return [drawn[k] if apart[k] else RANDOM for k in range(r)]

    def place(self, pool: Pool, hint: Hint, rng: np.random.Generator, limit: int) -> list[Spot]:
        """Schedule the next wave in the pool, of `limit` games at most; empty at the end."""
        if limit <= 0:
            return []
        spots = (
            self._chains(pool, hint, rng)
            if self.schedule == "chain"
            else self._pairs(pool, hint, rng, min(self._size(pool), limit))
        )
        return spots[:limit]

    def _all_random(self, pool: Pool) -> bool:
        if self.random_share >= 1:
            return True
        early = _FIRST * pool.competitors if self.only is None else 2 * pool.competitors
        return self.schedule == "pairs" and pool.scheduled < early

    def _size(self, pool: Pool) -> int:
        return self.wave or max(pool.competitors, _SMALLEST, int(self.growth * pool.scheduled))

    def _chains(self, pool: Pool, hint: Hint, rng: np.random.Generator) -> list[Spot]:
        """Chains on the prompts visited least; `random_share` of them in random order."""
        m = pool.competitors
        length = np.maximum(pool.present - 1, 1)
        visits = -(-pool.games // length)
        so_far = int(visits.sum())
        wanted = max(1, round(max(m, _SMALLEST) / (m - 1)), int(self.growth * so_far))
        spots: list[Spot] = []
        open_ = np.flatnonzero(pool.games < pool.capacity)
        turn = open_[np.argsort(visits[open_], kind="stable")]
        for number, prompt in enumerate(turn[:wanted].tolist(), start=so_far):
            own, share = rng.standard_normal(m), self.random_share
            lot = math.floor((number + 1) * share) > math.floor(number * share)
            if lot or hint.theta is None or hint.root is None:
                order = in_order(own)
            else:
                order = in_order(hint.theta + hint.root @ own)
            spots += pool.chain(prompt, order)
        return spots

    def _pairs(self, pool: Pool, hint: Hint, rng: np.random.Generator, size: int) -> list[Spot]:
        """The hinted pairs and random ones, mixed, each where its answers were used least."""
        lots = self._lots(rng, size - min(len(hint.pairs), size), pool.competitors)
        pairs = [*hint.pairs[:size], *lots]
        spots = _placed(pool, [pairs[k] for k in rng.permutation(len(pairs)).tolist()], size)
        while len(spots) < size:  # some pairs have met everywhere: take any that is left
            m = pool.competitors
            others = self._every(m)
            more = _placed(
                pool, [others[k] for k in rng.permutation(len(others))], size - len(spots)
            )
            if not more:
                break
            spots += more
        return spots

    def _lots(self, rng: np.random.Generator, size: int, m: int) -> list[tuple[int, int]]:
        if self.only is None:
            return matchings(rng, size, m)
        others = [who for who in range(m) if who != self.only]
        drawn: list[tuple[int, int]] = []
        while len(drawn) < size:
            drawn += [(self.only, others[k]) for k in rng.permutation(len(others)).tolist()]
        return drawn[:size]

    def _every(self, m: int) -> list[tuple[int, int]]:
        if self.only is not None:
            return [(self.only, who) for who in range(m) if who != self.only]
        return [(i, j) for i in range(m) for j in range(i + 1, m)]


def _placed(pool: Pool, pairs: Sequence[tuple[int, int]], size: int) -> list[Spot]:
    found: list[Spot] = []
    for i, j in pairs:
        if len(found) >= size:
            break
        if (spot := pool.place(i, j)) is not None:
            found.append(spot)
    return found


def expected_tau(belief: Belief) -> FloatArray:
    """(R,): Kendall's tau of the estimated with the true order, as the belief expects it."""
    m = belief.theta.shape[1]
    i, j = np.triu_indices(m, 1)
    own = np.diagonal(belief.covariance, axis1=1, axis2=2)
    variance = own[:, i] + own[:, j] - 2.0 * belief.covariance[:, i, j]
    lead = np.abs(belief.theta[:, i] - belief.theta[:, j])
    tau: FloatArray = 1.0 - 2.0 * ndtr(-lead / np.sqrt(variance)).mean(axis=1)
    return tau
