"""What formats of scope TOURNAMENT share: games in waves, planned from what is known by then."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from pydantic import Field as Param

from tournaments.formats.base import Field, Game, Pairing, Result
from tournaments.formats.beliefs import FloatArray, believe
from tournaments.formats.planning import GROWTH, WATCHED, Planner
from tournaments.formats.pool import Pool, Spot, answered_table, visiting_order, wave_rng
from tournaments.formats.stopping import StoppingParams, enough, standing
from tournaments.ratings.base import Comparisons

POINTS = {Result.A: 1.0, Result.TIE: 0.5, Result.B: 0.0}


class WaveParams(StoppingParams):
    games: int | None = Param(
        default=None,
        ge=1,
        title="Games in all",
        description="games on the whole; else n - 1 for each prompt, or, with a rule to stop, "
        "every pair on every prompt at most",
    )

    @property
    def growth(self) -> float:
        """How much larger than the one before a wave is."""
        return GROWTH if self.until == "plan" else WATCHED


@dataclass(frozen=True)
class Table:
    """The field by indices: entrants by id, prompts in the order of visits."""

    entrants: tuple[int, ...]
    prompts: tuple[int, ...]
    pool: Pool

    @classmethod
    def of(cls, field: Field) -> Table:
        entrants = tuple(sorted(field.entrants))
        prompts = tuple(visiting_order(field.prompts, field.seed))
        return cls(entrants, prompts, Pool(answered_table(prompts, entrants, field.answered)))

    def spots(self, pairings: Sequence[Pairing]) -> list[Spot]:
        """Those of the pairings whose prompt and entrants are still in the field."""
        prompt = {key: index for index, key in enumerate(self.prompts)}
        who = {key: index for index, key in enumerate(self.entrants)}
        return [
            (prompt[p.prompt], min(who[p.a], who[p.b]), max(who[p.a], who[p.b]))
            for p in pairings
            if p.prompt in prompt and p.a in who and p.b in who
        ]

    def pairing(self, spot: Spot, wave: int, position: int) -> Pairing:
        prompt, i, j = spot
        return Pairing(self.prompts[prompt], self.entrants[i], self.entrants[j], wave, position)

    def points(self, games: Sequence[Game]) -> FloatArray:
        """(1, M, M) points of i against j in decided games; a share of the verdict counts so."""
        who = {key: index for index, key in enumerate(self.entrants)}
        m = len(self.entrants)
        points = np.zeros((1, m, m))
        for game in decided(games):
            a, b = who.get(game.pairing.a), who.get(game.pairing.b)
            if a is not None and b is not None:
                share = POINTS[game.result] if game.share is None else game.share
                points[0, a, b] += share
                points[0, b, a] += 1.0 - share
        return points

    def comparisons(self, games: Sequence[Game]) -> Comparisons:
        who = {key: index for index, key in enumerate(self.entrants)}
        kept = sorted(
            (g.pairing.prompt, who[g.pairing.a], who[g.pairing.b], POINTS[g.result])
            for g in decided(games)
            if g.pairing.a in who and g.pairing.b in who
        )
        rows = np.array(kept, dtype=np.float64).reshape(-1, 4)
        _, prompt = np.unique(rows[:, 0], return_inverse=True)
        a, b = rows[:, 1].astype(np.int64), rows[:, 2].astype(np.int64)
        names = tuple(str(entrant) for entrant in self.entrants)
        return Comparisons(names, a, b, rows[:, 3], prompt.astype(np.int64))


def decided(games: Sequence[Game]) -> list[Game]:
    return [game for game in games if game.result in POINTS]


class WaveFormat(ABC):
    """A format that plays waves; what differs is who plans them."""

    @property
    def lab_planner(self) -> Planner | None:
        """Who plans all waves, where that depends on neither names nor games."""
        return None

    @property
    @abstractmethod
    def stopping(self) -> StoppingParams:
        """When to stop before the limit."""

    @abstractmethod
    def planner(self, field: Field, table: Table, known: Sequence[Game]) -> Planner | None:
        """Who plans a wave, given all games it may depend on; None: there is nothing to play."""

    @abstractmethod
    def limit(self, table: Table) -> int:
        """How many games there are at most."""

    def next_pairings(self, field: Field, games: Sequence[Game]) -> list[Pairing]:
        """What is missing of the waves that can be planned by now, the earlier first.

        Wave w needs the waves up to w - 2 complete and settled. The newest wave in `games` proves
        this of those two or more before it, so only the last are planned again.
        """
        found: list[Pairing] = []
        newest = max((game.pairing.round for game in games), default=-1)
        for wave in count(max(newest - 1, 0)):
            known = [game for game in games if game.pairing.round <= wave - 2]
            if any(pairing.round <= wave - 2 for pairing in found) or any(
                game.result is Result.PENDING for game in known
            ):
                break
            planned, missing = self._wave(field, games, known, found, wave)
            if not planned and wave > newest:
                break
            found += missing
        return found

    def _wave(
        self,
        field: Field,
        games: Sequence[Game],
        known: Sequence[Game],
        found: Sequence[Pairing],
        wave: int,
    ) -> tuple[bool, list[Pairing]]:
        """Whether there is such a wave, and what of it is not scheduled yet.

        What is scheduled stands, although a verdict that changed since, or another field, would
        have planned otherwise.
        """
        table = Table.of(field)
        planner = self.planner(field, table, known)
        if planner is None:
            return False, []
        scheduled = [*(game.pairing for game in games), *found]
        table.pool.add(table.spots([p for p in scheduled if p.round < wave]))
        limit = self.limit(table)
        if len(table.entrants) < 2 or table.pool.scheduled >= limit:
            return False, []
        if self._over(table, known, limit):
            return False, []
        hint = planner.hints(believe(table.points(known), prior=planner.prior), table.pool)[0]
        spots = planner.place(
            table.pool, hint, wave_rng(field.seed, wave), limit - table.pool.scheduled
        )
        there = [p for p in scheduled if p.round == wave]
        # Games that were taken back leave gaps; what fills them may stand in a later wave already.
        taken, played = {p.position for p in there}, set(table.spots(scheduled))
        missing = [
            table.pairing(spot, wave, position)
            for position, spot in enumerate(spots)
            if position not in taken and spot not in played
        ]
        return bool(spots), missing

    def _over(self, table: Table, known: Sequence[Game], limit: int) -> bool:
        rule = self.stopping
        if rule.until == "plan" or not known:
            return False
        now = standing(table.comparisons(known), rule.confidence)
        return now is not None and enough(now, rule, limit)


class WholeFieldFormat(WaveFormat):
    """Waves in which the whole field plays, all by one plan, until `WaveParams` say so."""

    params: WaveParams

    @property
    @abstractmethod
    def lab_planner(self) -> Planner:
        """Who plans all waves."""

    @property
    def stopping(self) -> WaveParams:
        return self.params

    def planner(self, field: Field, table: Table, known: Sequence[Game]) -> Planner:  # noqa: ARG002
        return self.lab_planner

    def planned_games(self, n_entrants: int, n_prompts: int) -> int:
        """n - 1 games for each prompt, or as `games` says; every pair where a rule stops them."""
        params, pairs = self.params, n_entrants * (n_entrants - 1) // 2 * n_prompts
        if params.games is not None:
            return min(params.games, pairs)
        return pairs if params.until != "plan" else max(n_entrants - 1, 0) * n_prompts

    def limit(self, table: Table) -> int:
        """The same for a field in which not everybody answered everything."""
        params, capacity = self.params, int(table.pool.capacity.sum())
        if params.games is not None:
            return min(params.games, capacity)
        if params.until != "plan":
            return capacity
        return int(np.maximum(table.pool.present - 1, 0).sum())
