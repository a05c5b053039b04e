"""Bradley-Terry ratings from all comparisons at once, with a bootstrap over prompts."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import Field

from arena.common import plugins
from tournaments.ratings import registry, strengths
from tournaments.ratings.base import ELO_SCALE, Comparisons, FloatArray, RatingTable
from tournaments.ratings.counts import Evidence, gather
from tournaments.ratings.intervals import Estimate, elo_points, prompt_weights
from tournaments.ratings.table import COMMON_SETTINGS, empty_table, rating_table

_CELLS_AT_ONCE = 2**16
"""Win-matrix entries refitted together: what fits into the cache of a core."""


class BradleyTerryParams(plugins.Params):
    """`prior_games`: weight of the prior, in games against an average competitor."""

    prior_games: float = Field(1.0, gt=0)
    bootstrap: int = Field(1000, ge=0)
    confidence: float = Field(0.95, gt=0, lt=1)
    seed: int = Field(0, ge=0)


@registry.register("bradley_terry")
class BradleyTerry:
    """Maximum a posteriori fit of the Bradley-Terry (1952) model; a tie is half a win for each.

    The prior is one game (`prior_games`) of everybody against an average competitor, half won.
    Ratings are centred on the competitors that were compared. Intervals are percentiles of refits,
    prior included, to resampled prompts.
    """

    label = "Bradley-Terry"
    description = (
        "The strengths that make all results together most probable. The order of the games plays"
        " no role. Ties count as half a win for each."
    )
    Params = BradleyTerryParams

    def __init__(self, params: BradleyTerryParams) -> None:
        self.params = params

    def rate(self, comparisons: Comparisons) -> RatingTable:
        """Fit all competitors. Raises RatingError when a fit does not converge."""
        evidence = gather(comparisons)
        if not evidence.names:
            return empty_table("bradley_terry", self._settings(), evidence)
        rng = np.random.default_rng(self.params.seed)
        prior, wins = self.params.prior_games, evidence.win_matrix
        theta = strengths.fit(wins, prior)
        estimate = Estimate(
            ratings=elo_points(theta),
            replicates=elo_points(self._refits(evidence, theta, rng)),
            covariance=ELO_SCALE**2 * strengths.covariance(theta, wins, prior),
        )
        return rating_table("bradley_terry", self._settings(), evidence, estimate, rng, "the prior")

    def _refits(
        self, evidence: Evidence, theta: FloatArray, rng: np.random.Generator
    ) -> FloatArray:
        """(B, M): log-strengths refitted to B resamples of the prompts."""
        n = len(theta)
        refits = [np.empty((0, n))]
        if evidence.n_prompts > 1:
            chunk = max(1, _CELLS_AT_ONCE // n**2)
            for weights in prompt_weights(rng, evidence.n_prompts, self.params.bootstrap, chunk):
                wins = (weights @ evidence.prompt_wins).reshape(-1, n, n)
                refits.append(strengths.refit(theta, wins, self.params.prior_games))
        return np.concatenate(refits)

    def _settings(self) -> dict[str, Any]:
        return {
            **COMMON_SETTINGS,
            **self.params.model_dump(),
            "prior": "each competitor plays prior_games against an average one and wins half",
        }
