"""Formats as the lab plays them: many tournaments at once, to the same games as the real formats.

Trial r has the seed `seed + r`. Where a fast path exists (knock-outs, adaptive waves) a test
proves that it schedules exactly what the registered format schedules.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np

from tournaments.formats.anchored import Anchored
from tournaments.formats.base import Field, Format, Game, Pairing, Result, Scope
from tournaments.formats.beliefs import FloatArray, IntArray, believe
from tournaments.formats.planning import Planner
from tournaments.formats.pool import Pool, Spot, visiting_order, wave_rng
from tournaments.formats.round_robin import RoundRobin
from tournaments.formats.single_elimination import SingleElimination
from tournaments.formats.stopping import StoppingParams, enough, standing
from tournaments.formats.waves import POINTS, Table, WaveFormat, decided
from tournaments.simulation.sweeps import Block, Sweep, comparisons_of, names_of, points_of

Games = list[tuple[int, int, int, int]]
"""(trial, prompt, i, j)"""


class Design(ABC):
    """Plays on in a sweep; keeps how far it has come."""

    @abstractmethod
    def play_on(self, sweep: Sweep, calls: int) -> bool:
        """Play until each trial has `calls` or a little more; False when all is played."""


def design_of(format_: Format, sweep: Sweep, seed: int) -> Design:
    """The fastest way to play a format."""
    if isinstance(format_, SingleElimination):
        return KnockOut(seed)
    if isinstance(format_, WaveFormat) and format_.lab_planner is not None:
        return Waves(format_, format_.lab_planner, sweep, seed)
    if isinstance(format_, RoundRobin | Anchored):
        return SameOnEveryPrompt(format_, sweep, seed)
    if format_.scope is Scope.PROMPT:
        return PromptByPrompt(format_, seed)
    return WholeTournaments(format_, seed)


class KnockOut(Design):
    """Single elimination, prompt after prompt, with the brackets and lots of the real one."""

    def __init__(self, seed: int) -> None:
        self._seed, self._next = seed, 0

    def play_on(self, sweep: Sweep, calls: int) -> bool:
        m, left = sweep.world.competitors, sweep.world.prompts - self._next
        wanted = -(-(calls - int(sweep.calls.min())) // max(m - 1, 1))
        prompts = range(self._next, self._next + min(max(wanted, 0), left))
        self._next = prompts.stop
        if prompts and m > 1:
            draws = np.array(
                [self._draws(trial, prompts, m) for trial in range(sweep.world.trials)]
            )
            trial = np.repeat(np.arange(sweep.world.trials), len(prompts))
            prompt = np.tile(np.arange(prompts.start, prompts.stop), sweep.world.trials)
            slot = ((m - 1).bit_length() - 1, 0)
            self._winner(sweep, trial, prompt, draws.reshape(-1, m), slot)
        return self._next < sweep.world.prompts

    def _draws(self, trial: int, prompts: range, m: int) -> list[list[int]]:
        drawn = []
        for prompt in prompts:
            entrants = list(range(m))
            random.Random(f"{self._seed + trial}:{prompt}").shuffle(entrants)
            drawn.append(entrants)
        return drawn

    def _winner(
        self,
        sweep: Sweep,
        trial: IntArray,
        prompt: IntArray,
        entrants: IntArray,
        slot: tuple[int, int],
    ) -> IntArray:
        """(B,) who wins each of B brackets of the same shape, entrants (B, m)."""
        m = entrants.shape[1]
        if m == 1:
            first: IntArray = entrants[:, 0]
            return first
        (round_, position), half = slot, m // 2
        below = (round_ - 1, 2 * position), (round_ - 1, 2 * position + 1)
        a = self._winner(sweep, trial, prompt, entrants[:, :half], below[0])
        b = self._winner(sweep, trial, prompt, entrants[:, half:], below[1])
        share = sweep.play(trial, prompt, a, b)
        winners = np.where(share > 0.5, a, b)
        for k in np.flatnonzero(np.isnan(share) | (share == 0.5)).tolist():
            lot = random.Random(
                f"{self._seed + int(trial[k])}:{int(prompt[k])}:{round_}:{position}"
            )
            winners[k] = lot.choice(sorted((int(a[k]), int(b[k]))))
        return winners


class SameOnEveryPrompt(Design):
    """Formats that play the same pairs on every prompt, whatever the results."""

    def __init__(self, format_: Format, sweep: Sweep, seed: int) -> None:
        m, self._next = sweep.world.competitors, 0
        names = dict(enumerate(names_of(m)))
        self._pairs = [
            [
                (p.a, p.b)
                for p in format_.next_pairings(Field(tuple(range(m)), (0,), seed + r, names), [])
            ]
            for r in range(sweep.world.trials)
        ]

    def play_on(self, sweep: Sweep, calls: int) -> bool:
        each, left = max(len(self._pairs[0]), 1), sweep.world.prompts - self._next
        wanted = max(-(-(calls - int(sweep.calls.min())) // each), 0)
        prompts = np.arange(self._next, self._next + min(wanted, left))
        self._next += len(prompts)
        pairs = np.array(self._pairs, dtype=np.int64).reshape(len(self._pairs), -1, 2)
        shape = (len(pairs), len(prompts), pairs.shape[1])
        trial = np.broadcast_to(np.arange(len(pairs))[:, None, None], shape)
        prompt = np.broadcast_to(prompts[None, :, None], shape)
        i, j = (np.broadcast_to(pairs[:, None, :, side], shape) for side in (0, 1))
        sweep.play(trial.ravel(), prompt.ravel(), i.ravel(), j.ravel())
        return self._next < sweep.world.prompts


class PromptByPrompt(Design):
    """Any format of scope PROMPT by asking it, one prompt after another."""

    def __init__(self, format_: Format, seed: int) -> None:
        self._format, self._seed, self._next = format_, seed, 0

    def play_on(self, sweep: Sweep, calls: int) -> bool:
        while self._next < sweep.world.prompts and int(sweep.calls.min()) < calls:
            self._play(sweep, self._next)
            self._next += 1
        return self._next < sweep.world.prompts

    def _play(self, sweep: Sweep, prompt: int) -> None:
        """All trials at once, a step of each at a time."""
        m = sweep.world.competitors
        names = dict(enumerate(names_of(m)))
        fields = [
            Field(tuple(range(m)), (prompt,), self._seed + trial, names)
            for trial in range(sweep.world.trials)
        ]
        histories: list[list[Game]] = [[] for _ in fields]
        _play_histories(self._format, fields, histories, sweep)


class WholeTournaments(Design):
    """Any format of scope TOURNAMENT by asking it: all of it at the first call.

    boards: for each trial, what competitors are rated elsewhere.
    """

    def __init__(
        self, format_: Format, seed: int, boards: Sequence[Mapping[int, float]] = ()
    ) -> None:
        self._format, self._seed, self._boards = format_, seed, boards

    def play_on(self, sweep: Sweep, calls: int) -> bool:  # noqa: ARG002
        m, prompts = sweep.world.competitors, tuple(range(sweep.world.prompts))
        names = dict(enumerate(names_of(m)))
        fields = [
            Field(
                tuple(range(m)),
                prompts,
                self._seed + trial,
                names,
                board=self._boards[trial] if self._boards else {},
            )
            for trial in range(sweep.world.trials)
        ]
        _play_histories(self._format, fields, [[] for _ in fields], sweep)
        return False


def _play_histories(
    format_: Format, fields: Sequence[Field], histories: list[list[Game]], sweep: Sweep
) -> None:
    while True:
        asked = [
            (trial, pairing)
            for trial, field in enumerate(fields)
            for pairing in format_.next_pairings(field, histories[trial])
        ]
        if not asked:
            return
        games = [(trial, p.prompt, p.a, p.b) for trial, p in asked]
        shares = sweep.play(*columns(games))
        for (trial, pairing), share in zip(asked, shares.tolist(), strict=True):
            histories[trial].append(game_of(pairing, share))


def game_of(pairing: Pairing, share: float) -> Game:
    """A settled game from a's share of the point; NaN: it has no verdict."""
    if np.isnan(share):
        return Game(pairing, Result.UNDECIDED)
    result = Result.A if share > 0.5 else Result.TIE if share == 0.5 else Result.B
    return Game(pairing, result, share=share)


def columns(games: Games) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """trial, prompt, i and j as arrays."""
    table = np.array(games, dtype=np.int64).reshape(-1, 4)
    return table[:, 0], table[:, 1], table[:, 2], table[:, 3]


class Waves(Design):
    """Adaptive formats: the beliefs and wishes of all trials at once, their prompts one by one."""

    def __init__(self, format_: WaveFormat, planner: Planner, sweep: Sweep, seed: int) -> None:
        world = sweep.world
        self._planner, self._stopping, self._seed = planner, format_.stopping, seed
        everybody = np.ones((world.prompts, world.competitors), dtype=bool)
        self._pools = [Pool(everybody) for _ in range(world.trials)]
        self._order = np.array(
            [visiting_order(range(world.prompts), seed + r) for r in range(world.trials)]
        )
        entrants = tuple(range(world.competitors))
        self._limit = format_.limit(Table(entrants, tuple(range(world.prompts)), Pool(everybody)))
        self._wave, self._theta = 0, np.zeros((world.trials, world.competitors))
        self._known = np.zeros(sweep.points.shape)
        self._newest: Block | None = None
        self._known_blocks: list[Block] = []
        self.active = np.arange(world.trials)

    def play_on(self, sweep: Sweep, calls: int) -> bool:
        while len(self.active) and int(sweep.calls[self.active].min()) < calls:
            self._stop_some(sweep)
            spots = self._plan()
            self.active = np.array([r for r in self.active.tolist() if spots[r]], dtype=np.int64)
            games = [
                (r, int(self._order[r, prompt]), i, j)
                for r in self.active.tolist()
                for prompt, i, j in spots[r]
            ]
            self._settle(sweep, games)
        return bool(len(self.active))

    def _plan(self) -> dict[int, list[Spot]]:
        """The next wave of each active trial, from what was known two waves ago."""
        if not len(self.active):
            return {}
        rows = self.active
        belief = believe(self._known[rows], self._theta[rows], self._planner.prior)
        self._theta[rows] = belief.theta
        hints = self._planner.hints(belief, self._pools[int(rows[0])])
        planned = {}
        for r, hint in zip(rows.tolist(), hints, strict=True):
            rng, pool = wave_rng(self._seed + r, self._wave), self._pools[r]
            planned[r] = self._planner.place(pool, hint, rng, self._limit - pool.scheduled)
        return planned

    def _settle(self, sweep: Sweep, games: Games) -> None:
        if self._newest is not None:
            self._known += points_of(self._newest, self._known.shape)
            if self._stopping.until != "plan":
                self._known_blocks.append(self._newest)
        self._newest = None
        if games:
            trial, prompt, i, j = columns(games)
            self._newest = Block(trial, prompt, i, j, sweep.play(trial, prompt, i, j))
        self._wave += 1

    def _stop_some(self, sweep: Sweep) -> None:
        """Take out the trials that know enough by what was known two waves ago."""
        if self._stopping.until == "plan" or not self._known_blocks:
            return
        seen = Sweep(sweep.world)
        seen.blocks = self._known_blocks
        rows = seen.rows()
        m = sweep.world.competitors
        self.active = np.array(
            [r for r in self.active.tolist() if not _over(rows[r], m, self._stopping, self._limit)],
            dtype=np.int64,
        )


def _over(block: Block, competitors: int, rule: StoppingParams, limit: int) -> bool:
    now = standing(comparisons_of(block, competitors), rule.confidence)
    return now is not None and enough(now, rule, limit)


def game_points(
    games: Sequence[Game], prompts: Sequence[int], entrants: Sequence[int]
) -> FloatArray:
    """(P, M, M): i's share of the point in games by ids; NaN where there is no verdict."""
    place = {prompt: index for index, prompt in enumerate(prompts)}
    who = {entrant: index for index, entrant in enumerate(entrants)}
    shares = np.full((len(prompts), len(entrants), len(entrants)), np.nan)
    for game in decided(games):
        prompt, a, b = place[game.pairing.prompt], who[game.pairing.a], who[game.pairing.b]
        share = POINTS[game.result] if game.share is None else game.share
        shares[prompt, a, b], shares[prompt, b, a] = share, 1.0 - share
    return shares
