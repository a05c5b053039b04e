"""Adaptive for the whole order: games go where the order is still in doubt."""

from __future__ import annotations

from pydantic import Field as Param

from tournaments.formats import registry
from tournaments.formats.base import Scope
from tournaments.formats.planning import Planner, Schedule
from tournaments.formats.waves import WaveParams, WholeFieldFormat


@registry.register("adaptive")
class Adaptive(WholeFieldFormat):
    """Thompson chains or rank-loss pairs, a share of them at random.

    chain: on every second prompt the competitors are sorted by a draw from what is known of their
    strengths, on the others at random, and neighbours meet: n - 1 games and every answer used
    twice at most, as in a knock-out. pairs: those pairs whose verdict is expected to lower the
    number of misplaced pairs most, and as many at random, each where its answers were used least.

    The random share keeps intervals honest: pairs that are chosen by results alone let lucky
    competitors meet lucky ones, and early luck is never corrected.
    """

    label = "Adaptive, whole order"
    description = (
        "Games go where the order is still in doubt; half of them stay random, which keeps the "
        "intervals honest. As sure as a knock-out after about 0.8 of its calls by chains, 0.65 by "
        "pairs: to save them, set how many games to play, or a rule to stop (until)."
    )
    scope = Scope.TOURNAMENT

    class Params(WaveParams):
        schedule: Schedule = Param(
            default="chain",
            description="chain: n - 1 games on a prompt, as many answers as a knock-out needs; "
            "pairs: fewer calls yet, where the answers exist anyway",
        )
        random_share: float = Param(default=0.5, ge=0, le=1, description="games drawn at random")

    params: Params

    def __init__(self, params: Params) -> None:
        self.params = params

    @property
    def lab_planner(self) -> Planner:
        params = self.params
        return Planner(params.schedule, params.random_share, growth=params.growth)
