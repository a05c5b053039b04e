"""What a tournament will take, before it is paid for."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from judges.services.costs import cost_of
from tournaments.formats import registry as formats
from tournaments.formats.base import Scope
from tournaments.models import Tournament, TournamentStatus
from tournaments.services.lifecycle import entrants_by_prompt


@dataclass(frozen=True)
class Estimate:
    """Matches, and what they take when nothing is shared or repeated.

    Tokens and `usd` are about right only: `observed` when they rest on what this judge took so
    far. `usd` is None when a price is not known.
    """

    prompts: int
    matches: int
    calls: int
    tokens_in: int
    tokens_out: int
    usd: float | None
    observed: bool

    def as_dict(self) -> dict[str, int | float | bool | None]:
        return asdict(self)


def estimate_of(tournament: Tournament) -> Estimate:
    """Estimate from the frozen plan once it runs, from the field as it is now before."""
    if tournament.status != TournamentStatus.DRAFT:
        prompts = tournament.brackets.exclude(prompt=None).count()
        matches = tournament.planned
    else:
        sizes = [len(ids) for ids in entrants_by_prompt(tournament).values() if len(ids) > 1]
        prompts, matches = len(sizes), _planned(tournament, sizes)
    cost = cost_of(tournament.judge)
    return Estimate(
        prompts,
        matches,
        calls=round(matches * cost.calls),
        tokens_in=round(matches * cost.tokens_in),
        tokens_out=round(matches * cost.tokens_out),
        usd=None if cost.usd is None else matches * cost.usd,
        observed=cost.observed,
    )


def _planned(tournament: Tournament, sizes: list[int]) -> int:
    rule = formats.build(tournament.format, tournament.format_params)
    if rule.scope is Scope.PROMPT:
        return sum(rule.planned_games(size, 1) for size in sizes)
    return rule.planned_games(max(sizes, default=0), len(sizes))
