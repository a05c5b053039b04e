"""What a tournament that nobody has drafted yet would take, with what is decided already."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import reduce

from judges.models import Judge
from judges.services.costs import Cost, cost_of
from tournaments.formats.base import Format
from tournaments.models import Tournament
from tournaments.services.estimating import Estimate, decided_already, estimate_for
from tournaments.services.fields import planned_games

SAMPLE = 40
"""Prompts that stand for all: a form asks about every format at once, with each change."""


def preview(
    draft: Tournament,
    judges: Sequence[Judge],
    rule: Format,
    entrants: Mapping[int, Collection[int]],
) -> Estimate:
    """The estimate for an unsaved draft (its project and seed) that several judges may decide.

    Each judge pays for what it has not decided itself; `decided_already` is what all of them have.
    """
    if not judges:
        return estimate_for(rule, Cost(), entrants)
    return reduce(_together, [_for_one(draft, judge, rule, entrants) for judge in judges])


def _for_one(
    draft: Tournament, judge: Judge, rule: Format, entrants: Mapping[int, Collection[int]]
) -> Estimate:
    sample = {key: entrants[key] for key in list(entrants)[:: -(-len(entrants) // SAMPLE)]}
    some, matches = planned_games(rule, sample), planned_games(rule, entrants)
    mine = Tournament(project=draft.project, judge=judge, seed=draft.seed)
    found = min(decided_already(mine, rule, sample), some) if some else 0
    # Of a number of games that is fixed beforehand a sample of the prompts plays more than its due.
    known = round(matches * found / some) if some else 0
    return estimate_for(rule, cost_of(judge), entrants, known)


def _together(one: Estimate, other: Estimate) -> Estimate:
    priced = one.usd is not None and other.usd is not None
    return replace(
        one,
        decided_already=min(one.decided_already or 0, other.decided_already or 0),
        calls=one.calls + other.calls,
        most_calls=one.most_calls + other.most_calls,
        tokens_in=one.tokens_in + other.tokens_in,
        tokens_out=one.tokens_out + other.tokens_out,
        usd=(one.usd or 0.0) + (other.usd or 0.0) if priced else None,
        observed=one.observed and other.observed,
    )
