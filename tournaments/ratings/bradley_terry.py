"""Bradley-Terry ratings from all comparisons at once; a tie is half a win for each."""

from __future__ import annotations

import numpy as np

from tournaments.ratings import registry
from tournaments.ratings.base import (
    CENTRE,
    ELO_SCALE,
    Comparisons,
    Effect,
    RatingError,
    RatingTable,
)
from tournaments.ratings.counts import Evidence, gather
from tournaments.ratings.intervals import from_spread
from tournaments.ratings.judge_effects import fit_judges
from tournaments.ratings.links import HalfWin
from tournaments.ratings.paired import Fit, Prior
from tournaments.ratings.response_effects import Responses, fit_responses
from tournaments.ratings.strengths import (
    Design,
    PairedMethod,
    PairedParams,
    contrast_of,
    positions,
    strengths_spread,
)
from tournaments.ratings.table import Result, empty_table, rating_table
from tournaments.ratings.uncertainty import quantile


class BradleyTerryParams(PairedParams):
    """judge_effects: how sharply each judge tells strengths apart, and its liking of the first.

    response_effects: answers better or worse than usual, for knock-outs and chains.
    """

    judge_effects: bool = False
    response_effects: bool = False


@registry.register("bradley_terry")
class BradleyTerry(PairedMethod):
    """Maximum a posteriori fit of the Bradley-Terry (1952) model by Newton's method.

    The prior is one game (`prior_games`) of everybody against an average competitor, half won.
    """

    label = "Bradley-Terry"
    description = (
        "The strengths that make all results together most probable. The order of the games plays"
        " no role. Ties count as half a win for each."
    )
    name = "bradley_terry"
    ties_are = "half a win for each"
    link = HalfWin()
    Params = BradleyTerryParams
    params: BradleyTerryParams

    @property
    def columns(self) -> frozenset[str]:
        return super().columns | ({"judge"} if self.params.judge_effects else set())

    def rate(self, comparisons: Comparisons) -> RatingTable:
        if not self.params.response_effects:
            return super().rate(comparisons)
        params = self.params
        if params.judge_effects or params.style_control or params.bootstrap:
            raise RatingError("effects of answers are fitted without any other option")
        evidence = gather(comparisons)
        if not evidence.names:
            return empty_table(self.name, self._settings(), evidence)
        found = fit_responses(evidence, Prior(params.prior_games))
        contrast = contrast_of(evidence, params.anchor)
        covariances = found.model, found.clustered
        spread = strengths_spread(contrast, *covariances, evidence.n_prompts, params.confidence)
        ratings = CENTRE + ELO_SCALE * (contrast @ found.theta)
        rng = np.random.default_rng(params.seed)
        share = _noise_share(found, quantile(params.confidence))
        estimate = from_spread(ratings, spread, ELO_SCALE, rng)
        result = Result(estimate, effects=(share,), rounds=found.rounds)
        return rating_table(self.name, self._settings(), evidence, result)

    def fitted(self, evidence: Evidence, prior: Prior) -> tuple[Design, Fit]:
        if not self.params.judge_effects:
            return super().fitted(evidence, prior)
        if self.params.style_control:
            raise RatingError("effects of judges and of style are not fitted together; choose one")
        return fit_judges(evidence, prior, positions(evidence, self.params))


def _noise_share(found: Responses, z: float) -> Effect:
    return Effect(
        "noise in the answers",
        found.noise_share(),
        found.noise_share(-z),
        found.noise_share(z),
        "share of a verdict's noise that belongs to the two answers, not to the judge",
    )
