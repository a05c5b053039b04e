"""Insertion: one newcomer finds its place among those who are on the board already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field as Param
from scipy.special import expit

from arena.common import plugins
from tournaments.formats import registry
from tournaments.formats.base import Field, Game, Scope
from tournaments.formats.beliefs import FloatArray, Prior, believe
from tournaments.formats.planning import WATCHED, Planner
from tournaments.formats.stopping import StoppingParams, all_hold
from tournaments.formats.waves import POINTS, Table, WaveFormat, decided
from tournaments.ratings.base import ELO_SCALE
from tournaments.ratings.uncertainty import quantile

_BOARD_ERROR = 0.15
"""How far, in natural-log strength, a rating on the board may be off."""

_NEWCOMER_SPREAD = 1.5

Method = Literal["adaptive", "anchor", "binary"]
Until = Literal["plan", "place", "width"]


@registry.register("insertion")
class Insertion(WaveFormat):
    """Only the newcomer plays. Opponents' strengths come from the board, else from these games.

    adaptive: the opponents whose order with the newcomer is most in doubt, half of the games
    against random ones. anchor: everything against the best. binary: search of the ranked list,
    an equal part of the games at each probe; since waves overlap, a probe goes on for one more
    wave after its majority stands, which can still turn it. Any of them may stop before its last
    game, by what the games and the board say of the newcomer.
    """

    label = "Insert a newcomer"
    description = (
        "Finds the place of one new competitor on an existing board: only its own games are "
        "played, two for each prompt unless told otherwise."
    )
    scope = Scope.TOURNAMENT

    class Params(plugins.Params):
        newcomer: str = Param(default="", description="its name; else the one added last")
        method: Method = Param(default="adaptive", description="how opponents are chosen")
        random_share: float = Param(
            default=0.5, ge=0, le=1, description="games against random opponents, for adaptive"
        )
        games: int | None = Param(
            default=None, ge=1, title="Games in all",
            description="games on the whole; else two for each prompt, and one "
            "with the method anchor"
        )  # fmt: skip
        until: Until = Param(
            default="plan",
            description="plan: play all games; place: until each rating on the board is surely "
            "above or below the newcomer's, or practically equal (margin); width: until its "
            "interval is narrower than width",
        )
        margin: float = Param(
            default=60.0, ge=0, description="Elo points that make no practical difference"
        )
        width: float = Param(
            default=100.0, gt=0, description="Elo points from end to end of its interval"
        )
        confidence: float = Param(default=0.95, gt=0.5, lt=1)

    def __init__(self, params: Params) -> None:
        self.params = params

    @property
    def named(self) -> list[str]:
        """The competitors that have to be in the field."""
        return [self.params.newcomer] if self.params.newcomer else []

    @property
    def stopping(self) -> StoppingParams:
        """Rules about the whole order do not suit a single newcomer; `until` has its own."""
        return StoppingParams()

    def planner(self, field: Field, table: Table, known: Sequence[Game]) -> Planner | None:
        newcomer = self._newcomer(field, table)
        if newcomer is None or len(table.entrants) < 2:
            return None
        prior = _prior(field, table, newcomer)
        if self._over_for(table, known, newcomer, prior):
            return None
        if self.params.method == "adaptive":
            share = self.params.random_share
            return Planner("pairs", share, only=newcomer, prior=prior, growth=WATCHED)
        points = table.points(known)
        theta = believe(points, prior=prior).theta[0]
        ranked = [who for who in np.argsort(-theta, kind="stable").tolist() if who != newcomer]
        wave, rivals = None, ranked[:1]
        if self.params.method == "binary":
            probes = max((len(ranked)).bit_length(), 1)
            wave = max(self.limit(table) // (2 * probes), 1)
            rivals = _Search(ranked, newcomer, wave).rivals(points[0])
        fixed = tuple((min(newcomer, rival), max(newcomer, rival)) for rival in rivals)
        return Planner("pairs", 0.0, only=newcomer, prior=prior, fixed=fixed, wave=wave)

    def limit(self, table: Table) -> int:
        return self.planned_games(len(table.entrants), len(table.prompts))

    def planned_games(self, n_entrants: int, n_prompts: int) -> int:
        """Two games for each prompt (one with the method anchor), as far as there are opponents."""
        most = max(n_entrants - 1, 0) * n_prompts
        each = 1 if self.params.method == "anchor" else 2
        return min(self.params.games or each * n_prompts, most)

    def _over_for(self, table: Table, known: Sequence[Game], newcomer: int, prior: Prior) -> bool:
        """Whether enough is known of the newcomer."""
        params = self.params
        if params.until == "plan" or not known:
            return False
        lead, error = _standing(table, known, newcomer, prior)
        if params.until == "width":
            return bool(2.0 * ELO_SCALE * quantile(params.confidence) * error <= params.width)
        nearest = np.maximum(lead, params.margin / ELO_SCALE - lead).min()
        # One interval, of the newcomer's strength, speaks of all opponents at once.
        games = len(decided(known))
        return all_hold(np.array([nearest / error]), games, self.limit(table), params.confidence)

    def _newcomer(self, field: Field, table: Table) -> int | None:
        if not self.params.newcomer:
            return len(table.entrants) - 1 if table.entrants else None
        names = [field.names.get(entrant) for entrant in table.entrants]
        return names.index(self.params.newcomer) if self.params.newcomer in names else None


@dataclass(frozen=True)
class _Search:
    """Binary search of the ranked opponents, the best first; `enough` games decide a probe."""

    ranked: list[int]
    newcomer: int
    enough: int

    def rivals(self, points: np.ndarray) -> list[int]:
        """Whom to meet now: the probe, or in the end both neighbours of the place found."""
        low, high = 0, len(self.ranked)
        while low < high:
            middle = (low + high) // 2
            rival = self.ranked[middle]
            won, lost = points[self.newcomer, rival], points[rival, self.newcomer]
            if won + lost < self.enough or won == lost:
                return [rival]
            low, high = (low, middle) if won > lost else (middle + 1, high)
        return self.ranked[max(low - 1, 0) : low + 1]


def _standing(
    table: Table, known: Sequence[Game], newcomer: int, prior: Prior
) -> tuple[FloatArray, float]:
    """(M - 1,) how far the opponents are from the newcomer, and the error of its own strength.

    Games on one prompt share the newcomer's answer: the error is widened by the design effect.
    """
    belief = believe(table.points(known), prior=prior)
    theta = belief.theta[0]
    others = np.delete(np.arange(len(theta)), newcomer)
    contrast = np.full(len(theta), -1.0 / len(others))
    contrast[newcomer] = 1.0
    variance = contrast @ belief.covariance[0] @ contrast
    error = float(np.sqrt(variance * _design_effect(table, known, theta, newcomer)))
    return np.abs(theta[newcomer] - theta[others]), error


def _design_effect(table: Table, known: Sequence[Game], theta: FloatArray, newcomer: int) -> float:
    """By how much the games' surprises vary more, summed by prompt, than if independent; >= 1."""
    who = {entrant: index for index, entrant in enumerate(table.entrants)}
    surprise: defaultdict[int, float] = defaultdict(float)
    expected = 0.0
    for game in decided(known):
        a, b = who.get(game.pairing.a), who.get(game.pairing.b)
        if a is None or b is None:
            continue
        share = POINTS[game.result] if game.share is None else game.share
        chance = float(expit(theta[a] - theta[b]))
        surprise[game.pairing.prompt] += (share - chance) * (1.0 if a == newcomer else -1.0)
        expected += chance * (1.0 - chance)
    return max(1.0, sum(value**2 for value in surprise.values()) / max(expected, 1e-9))


def _prior(field: Field, table: Table, newcomer: int) -> Prior:
    """What the board says; without a board all opponents are alike, and little is presumed."""
    on_board = [entrant for entrant in table.entrants if entrant in field.board]
    centre = sum(field.board[who] for who in on_board) / len(on_board) if on_board else 0.0
    mean = np.zeros(len(table.entrants))
    precision = np.ones(len(table.entrants))
    for index, entrant in enumerate(table.entrants):
        if entrant in field.board:
            mean[index] = (field.board[entrant] - centre) / ELO_SCALE
            precision[index] = _BOARD_ERROR**-2
    mean[newcomer], precision[newcomer] = 0.0, _NEWCOMER_SPREAD**-2
    return Prior(0.0, mean, precision)
