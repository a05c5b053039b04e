"""What a tournament will take and tell, before it is paid for."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from django.db.models import Count, Q

from judges.models import SETTLED, Decision, DecisionStatus
from judges.services.costs import Cost, cost_of
from tournaments.formats.base import Field, Format, Game, Pairing, Result, Scope
from tournaments.models import Tournament, TournamentStatus
from tournaments.queries import usage_of
from tournaments.services.fields import answered, frozen, planned_games, rule_of

ELO = 400 / math.log(10)
"""Elo points of one natural-log unit of strength."""

Z = 1.96

INFORMATION = 0.22
"""p (1 - p) of an average game: 0.25 between equals, 0.18 where three of four are foreseen."""

SHARED_NOISE = 0.2
"""Correlation of two games of a competitor on one prompt: both rest on the same output."""

SAMPLE = 200
"""Prompts whose plan is gone through to see what of it is decided already; they stand for all."""

LOOKS = 8
"""Times that a format which covers all prompts is asked for it; each may take a fit."""

FLIPPED: dict[str | None, Result] = {Result.A: Result.B, Result.B: Result.A}

Pair = tuple[int, int, int]
"""(prompt, a, b): competitors on a prompt."""

Known = dict[Pair, Result]
"""{pair: how it was decided}, both ways round."""


@dataclass(frozen=True)
class Estimate:
    """Matches, and what those take that are not decided already.

    calls: as planned. most_calls: where every reply has to be repaired, and all are asked who only
    step in for others; a budget keeps so much back.

    decided_already: of the matches, by this judge; None where nobody looked. Once it has started:
    what was decided when it was scheduled; calls, tokens and `usd` are then what was paid and what
    the games that are due may take, at the end only what was paid. Tokens and `usd` are about right
    only: `observed` when they rest on what this judge took so far. `usd` is None when a price is
    not known. half_width: see `expected_half_width`.
    """

    prompts: int
    matches: int
    decided_already: int | None
    calls: int
    most_calls: int
    tokens_in: int
    tokens_out: int
    usd: float | None
    observed: bool
    half_width: float | None

    @property
    def due(self) -> int:
        """Matches that are still to be judged when it begins."""
        return self.matches - (self.decided_already or 0)

    def as_dict(self) -> dict[str, int | float | bool | None]:
        return asdict(self)


def estimate_of(tournament: Tournament) -> Estimate:
    """Estimate from the frozen plan once it runs, from the field as it is now before."""
    if tournament.status != TournamentStatus.DRAFT:
        return _under_way(tournament)
    rule, entrants = rule_of(tournament), answered(tournament)
    seen = foreseen(tournament, rule, entrants)
    return _estimate(rule, cost_of(tournament.judge), entrants, seen.matches, seen.decided)


def _under_way(tournament: Tournament) -> Estimate:
    """What was paid, and on top what the games take that are due."""
    rule, cost, paid = rule_of(tournament), cost_of(tournament.judge), usage_of(tournament)
    settled = Q(decision__status__in=SETTLED)
    played = tournament.matches.aggregate(
        all=Count("pk"),
        settled=Count("pk", filter=settled),
        free=Count("pk", filter=settled & Q(asked_at=None)),
    )
    ended = tournament.status in (TournamentStatus.COMPLETED, TournamentStatus.CANCELLED)
    matches = played["all"] if ended else tournament.planned
    due = matches - played["settled"] if not ended else 0
    plan = _estimate(rule, cost, frozen(tournament), matches, matches - due)
    spent = paid.usd if paid.calls else 0.0
    return replace(
        plan,
        decided_already=played["free"],
        calls=paid.calls + plan.calls,
        most_calls=paid.calls + plan.most_calls,
        tokens_in=paid.tokens_in + plan.tokens_in,
        tokens_out=paid.tokens_out + plan.tokens_out,
        usd=None if spent is None or plan.usd is None else spent + plan.usd,
        observed=cost.observed or not due,
    )


def estimate_for(
    rule: Format,
    cost: Cost,
    entrants: Mapping[int, Collection[int]],
    known: int | None = None,
) -> Estimate:
    """What a tournament that does not exist yet would take by this format; known: decided."""
    return _estimate(rule, cost, entrants, planned_games(rule, entrants), known)


def _estimate(
    rule: Format,
    cost: Cost,
    entrants: Mapping[int, Collection[int]],
    matches: int,
    known: int | None,
) -> Estimate:
    due = matches - (known or 0)
    everybody = set().union(*entrants.values())
    # Where only a newcomer plays there is no average competitor.
    alike = "newcomer" not in rule.Params.model_fields
    return Estimate(
        prompts=len(entrants),
        matches=matches,
        decided_already=known,
        calls=round(due * cost.calls),
        most_calls=due * cost.most_calls,
        tokens_in=round(due * cost.tokens_in),
        tokens_out=round(due * cost.tokens_out),
        usd=0.0 if not due else None if cost.usd is None else due * cost.usd,
        observed=cost.observed,
        half_width=(expected_half_width(len(everybody), len(entrants), matches) if alike else None),
    )


def expected_half_width(competitors: int, prompts: int, matches: int) -> float | None:
    """Half the width of a 95 % interval, in Elo points, that an average competitor can expect.

    From the Bradley-Terry information of its g = 2 matches / competitors games, p (1 - p) each,
    with the design effect 1 + (k - 1) rho of its k games on a prompt, and (n - 1) / n since the
    field is centred. An expectation for a full field and decided games, no promise: those at
    either end have wider intervals, and a judge that ties often gives narrower ones. None where
    nobody plays.
    """
    if competitors < 2 or not prompts or not matches:
        return None
    games = 2 * matches / competitors
    together = max(games / prompts, 1.0)
    clustering = 1 + (together - 1) * SHARED_NOISE
    centred = (competitors - 1) / competitors
    return Z * ELO * centred * math.sqrt(clustering / (games * INFORMATION))


@dataclass(frozen=True)
class Foreseen:
    """Games of a plan, at most, and how many of them the tournament's judge has decided already."""

    matches: int
    decided: int


def decided_already(
    tournament: Tournament, rule: Format, entrants: Mapping[int, Collection[int]]
) -> int:
    """How many games of the plan the tournament's judge has decided already; see `foreseen`."""
    return foreseen(tournament, rule, entrants).decided


def foreseen(
    tournament: Tournament,
    rule: Format,
    entrants: Mapping[int, Collection[int]],
    standing: Collection[Pair] = (),
) -> Foreseen:
    """The games of the plan; not those of `standing`, which the tournament plays already.

    The format is played on what is known, until it wants a verdict that nobody has; so decided is
    "at least" where later games depend on earlier ones. A plan that ends on what is known has no
    other games. Of many prompts a sample stands for all.
    """
    most = planned_games(rule, entrants)
    mine = Decision.objects.filter(judge=tournament.judge_id, status=DecisionStatus.DECIDED)
    if not most or not (standing or mine.exists()):
        return Foreseen(most, 0)
    names = dict(tournament.project.competitors.values_list("pk", "name"))
    if rule.scope is Scope.TOURNAMENT:
        return _foreseen_as_a_whole(tournament, rule, entrants, names)
    sample = list(entrants)[:: -(-len(entrants) // SAMPLE)]
    known = _known(tournament, sample)
    more = decided = 0
    for prompt in sample:
        ids = entrants[prompt]
        field = Field(tuple(sorted(ids)), (prompt,), tournament.seed, names)
        games, over = _played_on(rule, field, known)
        new = [game for game in games if _key(game.pairing) not in standing]
        left = 0 if over else max(planned_games(rule, {prompt: ids}) - len(games), 0)
        more += len(new) + left
        decided += sum(game.result is not Result.PENDING for game in new)
    scale = len(entrants) / len(sample)
    return Foreseen(min(round(more * scale), most), min(round(decided * scale), most))


def _foreseen_as_a_whole(
    tournament: Tournament,
    rule: Format,
    entrants: Mapping[int, Collection[int]],
    names: Mapping[int, str],
) -> Foreseen:
    """Where one history covers all prompts. No pair plays for which nobody is needed."""
    able = {prompt: frozenset(ids) for prompt, ids in entrants.items()}
    everybody = tuple(sorted(set().union(*able.values())))
    field = Field(everybody, tuple(able), tournament.seed, names, able)
    known = _known(tournament, list(able))
    games, over = _played_on(rule, field, known)
    decided = sum(game.result is not Result.PENDING for game in games)
    if over:
        return Foreseen(decided, decided)
    most = planned_games(rule, entrants)
    pairs = sum(math.comb(len(ids), 2) for ids in able.values())
    known_pairs = sum(
        one < other and {one, other} <= able.get(prompt, frozenset())
        for prompt, one, other in known
    )
    return Foreseen(most, min(max(decided, most - (pairs - known_pairs)), most))


def _played_on(rule: Format, field: Field, known: Known) -> tuple[list[Game], bool]:
    """The games of this field that are wanted on what is known, and whether that is all of them."""
    games: list[Game] = []
    for _ in range(LOOKS if rule.scope is Scope.TOURNAMENT else len(field.entrants) ** 2):
        pairings = rule.next_pairings(field, games)
        if not pairings:
            return games, all(game.result is not Result.PENDING for game in games)
        games += [Game(pair, known.get(_key(pair), Result.PENDING)) for pair in pairings]
    return games, False


def _key(pairing: Pairing) -> Pair:
    return pairing.prompt, pairing.a, pairing.b


def _known(tournament: Tournament, prompts: Sequence[int]) -> Known:
    """What the judge has decided on these prompts; of several samples of an output the first."""
    rows = Decision.objects.filter(judge=tournament.judge_id, status=DecisionStatus.DECIDED)
    if len(prompts) <= SAMPLE:
        rows = rows.filter(comparison__prompt__in=prompts)
    found: Known = {}
    a, b = "comparison__output_a__", "comparison__output_b__"
    columns = ("comparison__prompt_id", f"{a}competitor_id", f"{b}competitor_id", "winner")
    ordered = rows.order_by(f"-{a}sample", f"-{b}sample")
    for prompt, one, other, winner in ordered.values_list(*columns).iterator(chunk_size=10_000):
        found[prompt, one, other] = Result(winner) if winner in FLIPPED else Result.TIE
        found[prompt, other, one] = FLIPPED.get(winner, Result.TIE)
    return found
