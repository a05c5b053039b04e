"""How a tournament with a rule to stop ended: by the rule, or because its plan was used up."""

from __future__ import annotations

from dataclasses import dataclass

from tournaments.formats.base import Field, Game
from tournaments.formats.stopping import enough, finding, standing
from tournaments.formats.waves import Table, WaveFormat
from tournaments.models import Bracket, Tournament
from tournaments.services.fields import field_of, rule_for, rule_of
from tournaments.services.histories import games_of


@dataclass(frozen=True)
class Ending:
    """early: the rule ended it before its plan did. note: what happened, in words."""

    early: bool = False
    note: str = ""


def ending_of(tournament: Tournament) -> Ending:
    """How a tournament ended that has nothing left to play; without a rule there is no note."""
    bracket = Bracket.objects.filter(tournament=tournament, prompt=None).first()
    rule = rule_of(tournament)
    until = getattr(rule.Params.model_fields.get("until"), "default", None)
    if bracket is None or not isinstance(rule, WaveFormat):
        return Ending()
    if tournament.format_params.get("until", until) == "plan":
        return Ending()
    games, field = games_of(tournament, bracket), field_of(tournament, bracket)
    played = rule_for(tournament, rule, field, games)
    assert isinstance(played, WaveFormat)  # the same format, perhaps with more games
    return _ending(played, field, games)


def _ending(rule: WaveFormat, field: Field, games: list[Game]) -> Ending:
    table = Table.of(field)
    table.pool.add(table.spots([game.pairing for game in games]))
    most, played = rule.limit(table), table.pool.scheduled
    early = len(table.entrants) > 1 and played < most
    met, found = _rule(rule, field, table, games)
    if early:
        return Ending(True, f"stopped after {played:,} of at most {most:,} games: rule met{found}")
    how = "met at its end" if met else "not met"
    return Ending(False, f"plan of {played:,} games used up, the rule was {how}{found}")


def _rule(rule: WaveFormat, field: Field, table: Table, games: list[Game]) -> tuple[bool, str]:
    """Whether the rule is met by all the games, and how nearly, where that has a number."""
    params = rule.stopping
    if params.until == "plan":  # a rule of the format's own, by which it has no planner left
        return rule.planner(field, table, games) is None, ""
    now = standing(table.comparisons(games), params.confidence)
    if now is None:
        return False, ""
    return enough(now, params, rule.limit(table)), f" ({finding(now, params)})"
