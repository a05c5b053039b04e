"""Adaptive for the top: games go to the border between the best k and the rest."""

from __future__ import annotations

from pydantic import Field as Param

from tournaments.formats import registry
from tournaments.formats.base import Scope
from tournaments.formats.planning import Planner
from tournaments.formats.waves import WaveParams, WholeFieldFormat


@registry.register("adaptive_top")
class AdaptiveTop(WholeFieldFormat):
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

    params: Params

    def __init__(self, params: Params) -> None:
        self.params = params

    @property
    def lab_planner(self) -> Planner:
        params = self.params
        return Planner("pairs", params.random_share, top=params.best, growth=params.growth)
