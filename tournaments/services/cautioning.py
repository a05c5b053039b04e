"""What a plan cannot do, said before anything is paid for: refused, or warned of."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

import numpy as np

from arena.common.errors import InvalidInput
from arena.models import Project
from tournaments.formats.adaptive_top import AdaptiveTop
from tournaments.formats.base import Format, Scope
from tournaments.models import Tournament, TournamentStatus
from tournaments.ratings.components import met_groups
from tournaments.services.estimating import ELO, Estimate, Z
from tournaments.services.fields import answered, rule_of, slice_matches

USUAL_SPREAD = ELO
"""Standard deviation of strengths, in Elo points, where nothing is known: 1 in log-odds."""

SEPARATED = 190
"""Games for each competitor times the squared margin in log-odds (docs/formats.md)."""

SHOWN = 4
"""Names of a group that a warning lists."""


def refuse_impossible(rule: Format, competitors: int) -> None:
    """InvalidInput for a goal that no number of games can reach."""
    best = getattr(rule.params, "best", 0)
    asked = isinstance(rule, AdaptiveTop) or getattr(rule.params, "until", "plan") == "top"
    if asked and best >= competitors:
        fault = f"must be fewer than the {competitors} competitors"
        raise InvalidInput("this goal cannot be reached", {"params.best": fault})


def refuse_empty(project: Project, chosen: Mapping[str, object]) -> None:
    """InvalidInput for a slice that no prompt of the project is in."""
    if chosen and not slice_matches(project.pk, chosen):
        wanted = ", ".join(f"{name} {value}" for name, value in chosen.items())
        raise InvalidInput("the slice is empty", {"slice": f"no prompt has {wanted}"})


def cautions_of(tournament: Tournament, estimate: Estimate) -> list[str]:
    """What a draft's plan will not do, in sentences; nothing once it has started."""
    if tournament.status != TournamentStatus.DRAFT or not estimate.matches:
        return []
    entrants = answered(tournament)
    names = dict(tournament.competitors.values_list("pk", "name"))
    rule = rule_of(tournament)
    found = [_apart(entrants, names), _too_many(rule, estimate), _too_far(rule, estimate, entrants)]
    return [text for text in found if text]


def _apart(entrants: Mapping[int, Collection[int]], names: Mapping[int, str]) -> str:
    """Groups that have no prompt in common."""
    who = sorted(set().union(*entrants.values()))
    met = np.zeros((len(who), len(who)))
    for ids in {frozenset(ids) for ids in entrants.values()}:
        together = np.searchsorted(who, sorted(ids))
        met[together[0], together] = 1.0
    groups = met_groups(met)
    if len(groups) < 2:
        return ""
    told = "; ".join(_listed([names[who[index]] for index in group]) for group in groups)
    return (
        f"These groups answered no prompt in common and never meet: {told}. Nothing will tell how"
        " one group compares with another."
    )


def _listed(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _too_many(rule: Format, estimate: Estimate) -> str:
    games = getattr(rule.params, "games", None)
    if games is None:
        return ""
    asked = games * (estimate.prompts if rule.scope is Scope.PROMPT else 1)
    if asked <= estimate.matches:
        return ""
    return f"{asked:,} games are asked for, but there are only {estimate.matches:,} to play."


def _too_far(rule: Format, estimate: Estimate, entrants: Mapping[int, Collection[int]]) -> str:
    """A rule to stop that the whole plan is not expected to meet."""
    params = rule.params
    until, half = getattr(params, "until", "plan"), estimate.half_width
    if until == "plan" or half is None:
        return ""
    competitors = len(set().union(*entrants.values()))
    tau, width = _expected_tau(half, competitors), 2 * half
    needed = SEPARATED * competitors / max(params.margin / ELO, 1e-3) ** 2
    why = ""
    if until == "width" and width > params.width:
        why = f"{params.width:g} Elo points from end to end are asked for, {width:.0f} expected"
    elif until == "tau" and tau < params.target:
        why = f"tau {params.target:g} is asked for, {tau:.2f} expected where strengths differ as"
        why += " they usually do"
    elif until == "separated" and estimate.matches < needed:
        why = f"a margin of {params.margin:g} Elo points can take {needed:,.0f} games"
    if not why:
        return ""
    return (
        f"The rule to stop will hardly be met by the whole plan of {estimate.matches:,} games:"
        f" {why}. All of them would be played."
    )


def _expected_tau(half_width: float, competitors: int) -> float:
    """Kendall's tau with the true order, of normal strengths of `USUAL_SPREAD`.

    Two normal variables that correlate by r agree about a pair with tau 2 / pi asin(r).
    """
    error = half_width / Z * math.sqrt(competitors / (competitors - 1))
    return 2 / math.pi * math.asin(USUAL_SPREAD / math.hypot(USUAL_SPREAD, error))
