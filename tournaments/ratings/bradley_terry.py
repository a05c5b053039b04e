"""Bradley-Terry ratings from all comparisons at once; a tie is half a win for each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from pydantic import field_validator
from scipy.special import expit

from tournaments.ratings import grades, registry
from tournaments.ratings.base import (
    CENTRE,
    ELO_SCALE,
    Effect,
    RatingError,
)
from tournaments.ratings.counts import Evidence
from tournaments.ratings.design import Design
from tournaments.ratings.intervals import from_spread
from tournaments.ratings.judge_effects import fit_judges
from tournaments.ratings.leniency import leniencies
from tournaments.ratings.links import HalfWin
from tournaments.ratings.paired import Fit, Prior, predictor
from tournaments.ratings.response_effects import Responses, fit_responses
from tournaments.ratings.schedules import about_schedule, has_long_knock_out
from tournaments.ratings.strengths import (
    PairedMethod,
    PairedParams,
    contrast_of,
    positions,
    strengths_spread,
)
from tournaments.ratings.table import Result
from tournaments.ratings.uncertainty import quantile

_AFFORDABLE = 350_000
"""What effects of answers may cost where they are fitted unasked, see `_cost`: 2 s or so."""

_NOTHING = 0.05
"""A share of noise in the answers below which a fit with their effects is a plain one."""

_GRADED = "graded: a slight win is three quarters of the point, on the scale of plain wins"

_WINS = "wins and ties"

_SEVERAL_SCALES = (
    "{wins}: {judges} judges say how clear wins are, and each may mean something else by it"
)

_TOO_FEW_GRADES = (
    "{wins}: {share:.0%} of the wins say how clear they are; from {enough:.0%} on a slight win"
    " would count less"
)

_NO_USE_OF_GRADES = "{wins}: with how clear wins are the intervals would be no narrower"

_PEOPLE_ALONE = (
    "With effects of answers, verdicts of one person count as independent of each other."
)


class BradleyTerryParams(PairedParams):
    """judge_effects: how sharply each judge tells strengths apart, how often it ties, and its
    liking of the first.

    response_effects: answers better or worse than usual. "auto" fits them where a plain fit would
    be biased, in a knock-out over 100 prompts or more, if no other option is asked for.

    graded: whether a slight win is worth less than a clear one. "auto": where nine wins of ten say
    how clear they are, by one judge, and that makes intervals narrower, if no other option is asked
    for and effects of answers are not fitted.
    """

    judge_effects: bool = False
    response_effects: Literal["auto", "always", "never"] = "auto"
    graded: Literal["auto", "never"] = "auto"

    @field_validator("response_effects", mode="before")
    @classmethod
    def _once_yes_or_no(cls, value: object) -> object:
        """Runs kept from before there was "auto" say true or false."""
        return ("never", "always")[value] if isinstance(value, bool) else value

    @property
    def other_options(self) -> bool:
        """Whether an option is set that effects of answers, and grades, are not fitted with."""
        position = self.position != "ignore"
        return bool(self.judge_effects or self.style_control or self.bootstrap or position)


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
        judge = {"judge"} if self.params.judge_effects else set()
        return super().columns | judge | ({"clarity", "judge"} if self._may_grade else set())

    @property
    def _may_grade(self) -> bool:
        params = self.params
        alone = not params.other_options and params.response_effects != "always"
        return params.graded == "auto" and alone

    def result(self, evidence: Evidence) -> Result:
        asked = self.params.response_effects
        if asked == "always":
            return self._with_answers(evidence)
        if asked == "auto" and self._called_for(evidence):
            with suppress(RatingError):  # the plain fit warns of what it cannot mend
                return self._with_answers(evidence)
        return self._by_grades(evidence) if self._may_grade else super().result(evidence)

    def _by_grades(self, evidence: Evidence) -> Result:
        """Graded where one judge says of enough wins how clear they are, and intervals become
        narrower by it; else the settings say why not."""
        plain, told = super().result(evidence), grades.told(evidence)
        if not told.differs:
            return plain
        if told.judges > 1:
            why = _SEVERAL_SCALES.format(wins=_WINS, judges=told.judges)
        elif told.known < grades.ENOUGH:
            why = _TOO_FEW_GRADES.format(wins=_WINS, share=told.known, enough=grades.ENOUGH)
        else:
            found, why = self._graded(evidence), _NO_USE_OF_GRADES.format(wins=_WINS)
            if _mean_width(found) < _mean_width(plain):
                return found
        return replace(plain, chosen={**plain.chosen, "verdicts": why})

    def _graded(self, evidence: Evidence) -> Result:
        params = self.params
        found = grades.fit_graded(evidence, Prior(params.prior_games))
        contrast = contrast_of(evidence, params.anchor)
        ratings = CENTRE + ELO_SCALE * (contrast @ found.theta)
        spread = strengths_spread(
            contrast,
            found.model,
            found.clustered,
            evidence.n_prompts,
            params.confidence,
            found.people,
        )
        return Result(
            from_spread(ratings, spread, ELO_SCALE, np.random.default_rng(params.seed)),
            warnings=tuple(about_schedule(evidence, found.theta)),
            rounds=found.fitted.rounds,
            chosen={"verdicts": _GRADED},
        )

    def _settings(self) -> dict[str, Any]:
        return {"verdicts": _WINS, **super()._settings()}

    def _called_for(self, evidence: Evidence) -> bool:
        """Whether a plain fit would be biased, and effects of answers are quickly fitted."""
        alone = not self.params.other_options and evidence.rater is None
        possible = alone and _cost(evidence) <= _AFFORDABLE
        return possible and has_long_knock_out(evidence)

    def _with_answers(self, evidence: Evidence) -> Result:
        params = self.params
        if params.other_options:
            raise RatingError("effects of answers are fitted without any other option")
        found = fit_responses(evidence, Prior(params.prior_games))
        contrast = contrast_of(evidence, params.anchor)
        covariances = found.model, found.clustered
        spread = strengths_spread(contrast, *covariances, evidence.n_prompts, params.confidence)
        ratings = CENTRE + ELO_SCALE * (contrast @ found.theta)
        estimate = from_spread(ratings, spread, ELO_SCALE, np.random.default_rng(params.seed))
        share = _noise_share(found, quantile(params.confidence))
        warnings = [] if evidence.rater is None else [_PEOPLE_ALONE]
        if share.value < _NOTHING:
            warnings += about_schedule(evidence, found.theta)
        return Result(estimate, effects=(share,), warnings=tuple(warnings), rounds=found.rounds)

    def other_effects(self, evidence: Evidence, design: Design, fitted: Fit) -> Iterator[Effect]:
        yield from super().other_effects(evidence, design, fitted)
        if self.params.judge_effects:
            p = expit(predictor(design.units, fitted.theta, fitted.beta))[design.unit_of_row]
            yield from leniencies(evidence, p, self.params.confidence)

    def fitted(self, evidence: Evidence, prior: Prior) -> tuple[Design, Fit]:
        if not self.params.judge_effects or len(np.unique(evidence.ints("judge"))) < 2:
            return super().fitted(evidence, prior)
        if self.params.style_control:
            raise RatingError("effects of judges and of style are not fitted together; choose one")
        return fit_judges(evidence, prior, positions(evidence, self.params))


def _mean_width(result: Result) -> float:
    return float((result.estimate.high - result.estimate.low).mean())


def _cost(evidence: Evidence) -> int:
    """Of a fit with effects of answers, about proportional to its time: for each parameter, a pass
    over the comparisons, and what matrices of the parameters take."""
    parameters = len(evidence.names) + 1
    return parameters * (len(evidence.a) + 3 * parameters)


def _noise_share(found: Responses, z: float) -> Effect:
    return Effect(
        "noise in the answers",
        found.noise_share(),
        found.noise_share(-z),
        found.noise_share(z),
        "share of a verdict's noise that belongs to the two answers, not to the judge",
    )
