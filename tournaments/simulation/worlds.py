"""Worlds that give verdicts: synthetic ones with a known truth, and recorded ones.

A world is asked about many tournaments (trials) at once. Whoever asks the same question twice gets
the same verdict, whatever was asked before, so formats can be compared on the same luck.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtri

from tournaments.formats.beliefs import FloatArray, IntArray, Prior, believe
from tournaments.ratings.grades import SLIGHT

LOGISTIC_VARIANCE = math.pi**2 / 3

_NODES = 41
_NEARLY_NONE = Prior(games=1e-3)


class World(Protocol):
    """competitors, prompts: how many. order: (R, M) true strengths, on any scale.

    strengths: (R, M) on the natural-log Bradley-Terry scale, None where they are not known.
    """

    @property
    def trials(self) -> int: ...
    @property
    def competitors(self) -> int: ...
    @property
    def prompts(self) -> int: ...
    @property
    def order(self) -> FloatArray: ...
    @property
    def strengths(self) -> FloatArray | None: ...

    def verdicts(self, trial: IntArray, prompt: IntArray, i: IntArray, j: IntArray) -> FloatArray:
        """(K,) i's share of the point; NaN where there is no verdict."""
        ...


@dataclass(frozen=True)
class Setting:
    """What a synthetic world is like; all effects are in natural-log odds.

    spread: standard deviation of the strengths. given: strengths to draw from instead, without
    replacement (those of a published board, say). lead: the best is ahead by this at least.
    rho: the share of the noise that sits in the two answers to a prompt, and that all comparisons
    of these answers share; the rest is the judge's. flips: share of verdicts turned round.
    position: advantage of being shown first; the order is random. bias: standard deviation of the
    judge's liking of each competitor. prompt_spread: of the logarithm of how far a prompt spreads
    the field. ties: a difference smaller than this is called a tie. slight: one smaller than this
    (but no tie) is called slight and gives `slight_share` of the point. intransitive: standard
    deviation of what each pair has of its own. both_orders: each verdict is the mean of two calls,
    one in each order. surrogate: correlation of what a surrogate says of an answer with how much
    better than usual that answer is.
    """

    competitors: int = 20
    prompts: int = 200
    spread: float = 1.0
    given: tuple[float, ...] = ()
    lead: float = 0.2
    rho: float = 0.5
    flips: float = 0.0
    position: float = 0.0
    bias: float = 0.0
    prompt_spread: float = 0.0
    ties: float = 0.0
    slight: float = 0.0
    slight_share: float = (1.0 + SLIGHT) / 2.0
    intransitive: float = 0.0
    both_orders: bool = False
    surrogate: float = 0.0


class Synthetic:
    """R worlds of one setting. Noise is a hash of the question, so nothing has to be kept."""

    def __init__(self, setting: Setting, trials: int, seed: int) -> None:
        self.setting, self.trials, self.seed = setting, trials, seed
        self.competitors, self.prompts = setting.competitors, setting.prompts
        rng = np.random.default_rng([seed, setting.competitors, 17])
        self.order = _strengths(setting, trials, rng)
        shape = self.order.shape
        self._liking = setting.bias * rng.standard_normal(shape)
        own = rng.standard_normal((*shape, setting.competitors))
        self._of_pair = setting.intransitive * (own - own.transpose(0, 2, 1)) / math.sqrt(2.0)

    def verdicts(self, trial: IntArray, prompt: IntArray, i: IntArray, j: IntArray) -> FloatArray:
        setting, turned = self.setting, i > j
        i, j = np.minimum(i, j), np.maximum(i, j)
        lead = self._lead(trial, i, j) * self._scale(trial, prompt)
        if setting.rho > 0:
            size = math.sqrt(setting.rho * LOGISTIC_VARIANCE / 2.0)
            lead += size * (self._answer(trial, prompt, i) - self._answer(trial, prompt, j))
        question = (trial, prompt, i, j)
        first = self._first(question)
        share = self._call(lead, question, first, 0)
        if setting.both_orders:
            share = (share + self._call(lead, question, -first, 6)) / 2.0
        return np.where(turned, 1.0 - share, share)

    def first(self, trial: IntArray, prompt: IntArray, i: IntArray, j: IntArray) -> FloatArray:
        """(K,) 1 where i is shown first, -1 where j is."""
        shown = self._first((trial, prompt, np.minimum(i, j), np.maximum(i, j)))
        return np.where(i > j, -shown, shown)

    def predicted(self, trial: IntArray, prompt: IntArray, i: IntArray, j: IntArray) -> FloatArray:
        """(K,) by how much the surrogate prefers i's answer, beyond what it thinks of i and j."""
        known = self.setting.surrogate
        own = math.sqrt(1.0 - known**2)
        view = [
            known * self._answer(trial, prompt, who)
            + own * ndtri(self._uniform(5, (trial, prompt, who)))
            for who in (i, j)
        ]
        difference: FloatArray = view[0] - view[1]
        return difference

    def _first(self, question: tuple[IntArray, IntArray, IntArray, IntArray]) -> FloatArray:
        return np.where(self._uniform(2, question) < 0.5, 1.0, -1.0)

    def _call(
        self,
        lead: FloatArray,
        question: tuple[IntArray, IntArray, IntArray, IntArray],
        first: FloatArray,
        purpose: int,
    ) -> FloatArray:
        """(K,) the smaller index's share by one call; `purpose` has the judge's luck."""
        setting, own = self.setting, math.sqrt(1.0 - self.setting.rho)
        luck = own * logit(self._uniform(purpose, question))
        share = self._spoken(lead + setting.position * first + luck)
        if setting.flips:
            turned = self._uniform(purpose + 1, question) < setting.flips
            share = np.where(turned, 1.0 - share, share)
        return share

    @cached_property
    def strengths(self) -> FloatArray:
        """(R, M): the Bradley-Terry fit of the expected results of all pairs, centred."""
        expected = self.expected()
        index = np.arange(self.competitors)
        expected[:, index, index] = 0.0
        theta = believe(1e4 * expected, prior=_NEARLY_NONE).theta
        centred: FloatArray = theta - theta.mean(axis=1, keepdims=True)
        return centred

    def expected(self) -> FloatArray:
        """(R, M, M): i's expected share against j, over prompts, answers, orders and calls.

        With a surrogate: on answers that it thinks alike.
        """
        setting = self.setting
        i, j = (index.ravel() for index in np.indices((self.competitors,) * 2))
        trial = np.arange(self.trials)[:, None]
        lead = self._lead(trial, i[None], j[None])
        total = np.zeros(lead.shape)
        for scale, weight in _normal(setting.prompt_spread, 15):
            for answers, also in _normal(self._unknown_luck(), _NODES):
                for side in (-1.0, 1.0):
                    middle = lead * math.exp(scale) + answers + side * setting.position
                    total += weight * also / 2.0 * self._mean_share(middle)
        total = setting.flips + (1.0 - 2.0 * setting.flips) * total
        return total.reshape(self.trials, self.competitors, self.competitors)

    def information(self) -> FloatArray:
        """(R, pairs): Fisher information of one verdict about the lead, at the true strengths.

        On fresh answers, by who knows the order of presentation and what the surrogate says.
        Pairs as in triu_indices; without effects of pairs and prompts.
        """
        setting = self.setting
        i, j = np.triu_indices(self.competitors, 1)
        lead = self.order[:, i] - self.order[:, j]
        grid = np.linspace(0.0, float(np.abs(lead).max()) + 1e-9, 121)
        noise = setting.rho * LOGISTIC_VARIANCE
        total = np.zeros(len(grid))
        for told, weight in _normal(setting.surrogate * math.sqrt(noise), 15):
            for side in (-1.0, 1.0):
                shown = grid + told + side * setting.position
                total += weight / 2.0 * self._of_a_verdict(shown)
        found: FloatArray = np.interp(np.abs(lead), grid, total)
        return found

    def _unknown_luck(self) -> float:
        """Standard deviation of the two answers' luck, as far as the surrogate does not tell it."""
        setting = self.setting
        return math.sqrt(setting.rho * LOGISTIC_VARIANCE * (1.0 - setting.surrogate**2))

    def _of_a_verdict(self, lead: FloatArray) -> FloatArray:
        """Fisher information of a verdict about a lead, what the surrogate says being known."""
        setting, own = self.setting, math.sqrt(1.0 - self.setting.rho)
        cuts = {cut for size in (setting.ties, setting.slight) for cut in (-size, size)}
        chances = [np.ones(len(lead))]
        slopes = [np.zeros(len(lead))]
        for cut in sorted(cuts if any(cuts) else {0.0}):
            chance, slope = np.zeros(len(lead)), np.zeros(len(lead))
            for luck, weight in _normal(self._unknown_luck(), _NODES):
                p = expit((lead + luck - cut) / own)
                chance += weight * p
                slope += weight * p * (1.0 - p) / own
            chances.append(chance)
            slopes.append(slope)
        levels = -np.diff(np.array([*chances, np.zeros(len(lead))]), axis=0)
        moved = -np.diff(np.array([*slopes, np.zeros(len(lead))]), axis=0)
        levels = setting.flips * levels[::-1] + (1.0 - setting.flips) * levels
        moved = setting.flips * moved[::-1] + (1.0 - setting.flips) * moved
        found: FloatArray = (moved**2 / np.maximum(levels, 1e-12)).sum(axis=0)
        return found

    def _mean_share(self, middle: FloatArray) -> FloatArray:
        """The expected share over the judge's own noise."""
        setting, own = self.setting, math.sqrt(1.0 - self.setting.rho)
        clear = max(setting.slight, setting.ties)
        steps = (
            (-clear, 1.0 - setting.slight_share),
            (-setting.ties, setting.slight_share - 0.5),
            (setting.ties, setting.slight_share - 0.5),
            (clear, 1.0 - setting.slight_share),
        )
        mean: FloatArray = np.sum(
            [step * expit((middle - cut) / own) for cut, step in steps], axis=0
        )
        return mean

    def _spoken(self, lead: FloatArray) -> FloatArray:
        setting = self.setting
        size = np.abs(lead)
        share = np.where(size < setting.slight, setting.slight_share, 1.0)
        share = np.where(size < setting.ties, 0.5, share)
        return np.where(lead < 0, 1.0 - share, share)

    def _lead(self, trial: IntArray, i: IntArray, j: IntArray) -> FloatArray:
        lead: FloatArray = self.order[trial, i] - self.order[trial, j]
        if self.setting.bias:
            lead = lead + self._liking[trial, i] - self._liking[trial, j]
        if self.setting.intransitive:
            lead = lead + self._of_pair[trial, i, j]
        return lead

    def _scale(self, trial: IntArray, prompt: IntArray) -> FloatArray | float:
        if not self.setting.prompt_spread:
            return 1.0
        luck = ndtri(self._uniform(4, (trial, prompt)))
        scale: FloatArray = np.exp(self.setting.prompt_spread * luck)
        return scale

    def _answer(self, trial: IntArray, prompt: IntArray, who: IntArray) -> FloatArray:
        """How much better than usual an answer is, standard normal."""
        luck: FloatArray = ndtri(self._uniform(3, (trial, prompt, who)))
        return luck

    def _uniform(self, purpose: int, question: Iterable[IntArray]) -> FloatArray:
        """(K,) in (0, 1): a hash of seed, purpose and question (SplitMix64, Steele et al. 2014)."""
        state = np.array(_scramble(self.seed * 8 + purpose), dtype=np.uint64)
        with np.errstate(over="ignore"):
            for part in question:
                state = _mix(state ^ part.astype(np.uint64) * _ODD)
        return (np.asarray(state >> np.uint64(11), dtype=np.float64) + 0.5) / 2.0**53


class Recorded:
    """Verdicts on record: every trial sees the same table and differs in its luck of the draw.

    shares: (P, M, M) i's share of the point on each prompt, NaN where nobody judged. The truth is
    the Bradley-Terry order of the whole table.
    """

    def __init__(self, shares: FloatArray, trials: int) -> None:
        self.shares, self.trials = shares, trials
        self.prompts, self.competitors = shares.shape[:2]
        points = np.nansum(shares, axis=0)[None]
        theta = believe(points).theta
        self.order: FloatArray = np.repeat(theta - theta.mean(), trials, axis=0)
        self.strengths: FloatArray | None = None

    def verdicts(self, trial: IntArray, prompt: IntArray, i: IntArray, j: IntArray) -> FloatArray:  # noqa: ARG002
        shares: FloatArray = self.shares[prompt, i, j]
        return shares


_ODD = np.uint64(0x9E3779B97F4A7C15)


def _mix(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    state = state + _ODD
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def _scramble(number: int) -> int:
    with np.errstate(over="ignore"):
        return int(_mix(np.array([number % 2**64], dtype=np.uint64))[0])


def _strengths(setting: Setting, trials: int, rng: np.random.Generator) -> FloatArray:
    m = setting.competitors
    if setting.given:
        drawn = [rng.permutation(len(setting.given))[:m] for _ in range(trials)]
        theta = np.array(setting.given)[np.array(drawn)]
    else:
        theta = setting.spread * rng.standard_normal((trials, m))
        if m > 1:
            best = np.sort(theta, axis=1)
            short = np.maximum(setting.lead - (best[:, -1] - best[:, -2]), 0.0)
            theta[np.arange(trials), theta.argmax(axis=1)] += short
    centred: FloatArray = theta - theta.mean(axis=1, keepdims=True)
    return centred


def _normal(deviation: float, nodes: int) -> list[tuple[float, float]]:
    """Points and weights to average over a normal variable with mean 0."""
    if deviation == 0:
        return [(0.0, 1.0)]
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    weights = weights / weights.sum()
    return list(zip((deviation * points).tolist(), weights.tolist(), strict=True))
