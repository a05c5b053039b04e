"""Simulated tournaments with a known truth, for the bench of ratings.

Strengths are normal with standard deviation 1. Of the noise of a verdict, the share `rho` belongs
to the two answers of that prompt, so all comparisons that use one of them share it. The truth is
what Bradley-Terry strengths would be after endlessly many random pairs on fresh prompts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from tournaments.ratings.base import Comparisons
from tournaments.ratings.counts import Pairs
from tournaments.ratings.links import HalfWin
from tournaments.ratings.paired import Prior, Units, fit

LOGISTIC_VARIANCE = math.pi**2 / 3


@dataclass(frozen=True)
class World:
    """A design: who meets whom on each of `prompts` prompts (or how many random pairs)."""

    name: str
    design: str
    n: int
    prompts: int
    rho: float = 0.0
    ties: float = 0.0


def played(world: World, rng: np.random.Generator) -> tuple[Comparisons, np.ndarray]:
    """One tournament, and the centred truth (M,)."""
    theta = rng.normal(0.0, 1.0, world.n)
    theta -= theta.mean()
    rows = _Rows(world, theta, rng)
    getattr(rows, world.design)()
    names = tuple(f"c{i:03d}" for i in range(world.n))
    a, b, score, prompt = (np.concatenate(column) for column in zip(*rows.found, strict=True))
    rater = np.array(rows.raters) if rows.raters else None
    return Comparisons(names, a, b, score, prompt, rater=rater), truth(theta, world)


class _Rows:
    """Plays a design; each block of rows is a, b, score, prompt."""

    def __init__(self, world: World, theta: np.ndarray, rng: np.random.Generator) -> None:
        self.world, self.theta, self.rng = world, theta, rng
        self.shared = math.sqrt(world.rho * LOGISTIC_VARIANCE / 2)
        self.own = math.sqrt(1.0 - world.rho)
        self.found: list[tuple[np.ndarray, ...]] = []
        self.raters: list[int] = []

    def play(self, a: np.ndarray, b: np.ndarray, strength: np.ndarray, prompt: int) -> np.ndarray:
        """Record the games; the winners."""
        won = self.rng.random(len(a)) < expit((strength[a] - strength[b]) / self.own)
        self.found.append((a, b, won.astype(float), np.full(len(a), prompt)))
        return np.where(won, a, b)

    def answers(self) -> np.ndarray:
        return self.theta + self.shared * self.rng.standard_normal(self.world.n)

    def random_pairs(self) -> None:
        """`prompts` comparisons, each on its own prompt."""
        n, size = self.world.n, self.world.prompts
        a = self.rng.integers(0, n, size)
        b = (a + self.rng.integers(1, n, size)) % n
        lead = self.theta[a] - self.theta[b]
        nu = self.world.ties
        odds = np.stack([np.exp(lead / 2), np.full(size, nu), np.exp(-lead / 2)])
        drawn = self.rng.random(size) * odds.sum(axis=0)
        score = np.where(drawn < odds[0], 1.0, np.where(drawn < odds[0] + nu, 0.5, 0.0))
        self.found.append((a, b, score, np.arange(size)))

    def knock_out(self) -> None:
        for prompt in range(self.world.prompts):
            self.bracket(prompt)

    def bracket(self, prompt: int) -> None:
        strength, field = self.answers(), self.rng.permutation(self.world.n)
        while len(field) > 1:
            half = len(field) // 2
            winners = self.play(field[:half], field[half : 2 * half], strength, prompt)
            field = np.concatenate([winners, field[2 * half :]])

    def knock_out_half_random(self) -> None:
        """A knock-out on every second prompt, a chain in random order on the others."""
        for prompt in range(self.world.prompts):
            if prompt % 2:
                self.bracket(prompt)
            else:
                field = self.rng.permutation(self.world.n)
                self.play(field[:-1], field[1:], self.answers(), prompt)

    def round_robin(self) -> None:
        a, b = np.triu_indices(self.world.n, 1)
        for prompt in range(self.world.prompts):
            self.play(a, b, self.answers(), prompt)

    def random_cycle(self) -> None:
        for prompt in range(self.world.prompts):
            field = self.rng.permutation(self.world.n)
            self.play(field, np.roll(field, 1), self.answers(), prompt)

    def crowd(self) -> None:
        """30 people compare 20 random pairs each, on prompts that they share; each has a taste.

        Half of what is shared belongs to the answers, half to the people.
        """
        n, half = self.world.n, math.sqrt(0.5)
        answers = self.theta + half * self.shared * self.rng.standard_normal(
            (self.world.prompts, n)
        )
        tastes = half * self.shared * self.rng.standard_normal((30, n))
        for person, taste in enumerate(tastes):
            for prompt in self.rng.permutation(self.world.prompts)[:20]:
                pair = self.rng.permutation(n)[:2]
                self.play(pair[:1], pair[1:], answers[prompt] + taste, int(prompt))
                self.raters.append(person)

    def disjoint_pairs(self) -> None:
        for prompt in range(self.world.prompts):
            field = self.rng.permutation(self.world.n)
            self.play(field[0::2], field[1::2], self.answers(), prompt)

    def thompson_chain(self) -> None:
        self._chain(random_share=0)

    def thompson_chain_half_random(self) -> None:
        self._chain(random_share=2)

    def _chain(self, random_share: int) -> None:
        """A chain a prompt, in the order of a draw from the posterior, refitted every 5 %.

        With `random_share` s > 0 every s-th prompt is played in random order.
        """
        n = self.world.n
        wins, mean, root = np.zeros((n, n)), np.zeros(n), np.eye(n)
        due = 1
        for prompt in range(self.world.prompts):
            if random_share and prompt % random_share == 0:
                field = self.rng.permutation(n)
            else:
                field = np.argsort(-(mean + root @ self.rng.standard_normal(n)))
            winners = self.play(field[:-1], field[1:], self.answers(), prompt)
            losers = np.where(winners == field[:-1], field[1:], field[:-1])
            np.add.at(wins, (winners, losers), 1.0)
            if prompt >= due:
                due = int(prompt * 1.05) + 1
                fitted = fit(Units.plain(_pairs(wins)), HalfWin(), Prior(1.0))
                mean, root = fitted.theta, np.linalg.cholesky(fitted.covariance)


def _pairs(wins: np.ndarray) -> Pairs:
    a, b = np.nonzero(np.triu(wins + wins.T, 1))
    return Pairs(len(wins), a, b, np.stack([wins[a, b], np.zeros(len(a)), wins[b, a]], axis=1))


def truth(theta: np.ndarray, world: World) -> np.ndarray:
    """(M,) centred half-win Bradley-Terry strengths of the expected results of all pairs."""
    a, b = np.triu_indices(world.n, 1)
    lead = theta[a] - theta[b]
    if world.ties:
        odds = np.stack([np.exp(lead / 2), np.full(len(a), world.ties), np.exp(-lead / 2)], axis=1)
        chances = odds / odds.sum(axis=1, keepdims=True)
    else:
        points, weights = np.polynomial.hermite_e.hermegauss(61)
        spread = math.sqrt(world.rho * LOGISTIC_VARIANCE) * points
        expected = expit((lead[:, None] + spread) / math.sqrt(1.0 - world.rho))
        won = expected @ (weights / weights.sum())
        chances = np.stack([won, np.zeros(len(a)), 1.0 - won], axis=1)
    pairs = Pairs(world.n, a, b, 1e6 * chances)
    found = fit(Units.plain(pairs), HalfWin(), Prior(1e-3)).theta
    return found - found.mean()
