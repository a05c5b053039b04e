"""Adaptive for the top: games go to the border between the best k and the rest."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field as Param

from tournaments.formats import registry
from tournaments.formats.base import Field, Game, Scope
from tournaments.formats.planning import Planner
from tournaments.formats.waves import Table, WaveFormat, WaveParams, limit_of, planned_games


@registry.register("adaptive_top")
class AdaptiveTop(WaveFormat):
    """Rank-loss pairs in which only the pairs across the border count."""

    label = "Adaptive, the best"
    description = (
        "Finds the best one, or the best few, with a fraction of the calls. Of the others it says "
        "little more than that they are not among them."
    )
    scope = Scope.TOURNAMENT

    class Params(WaveParams):
        best: int = Param(default=1, ge=1, le=1000, description="how many of the best to find")
        random_share: float = Param(default=0.2, ge=0, le=1, description="games drawn at random")

    def __init__(self, params: Params) -> None:
        self.params = params

    @property
    def stopping(self) -> WaveParams:
        return self.params

    def planner(self, field: Field, table: Table, known: Sequence[Game]) -> Planner | None:  # noqa: ARG002
        return self.lab_planner

    @property
    def lab_planner(self) -> Planner:
        params = self.params
        return Planner("pairs", params.random_share, top=params.best, growth=params.growth)

    def limit(self, table: Table) -> int:
        return limit_of(self.params, table)

    def planned_games(self, n_entrants: int, n_prompts: int) -> int:
        """n - 1 games for each prompt unless the params say otherwise."""
        return planned_games(self.params, n_entrants, n_prompts)
