"""The life of a tournament: draft -> running -> completed, with pauses. All its status changes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from pydantic import ValidationError

from arena.common.errors import Conflict, InvalidInput
from arena.common.plugins import Params, fields_of
from arena.models import Competitor, Project
from judges import aggregation as aggregations
from judges.models import SETTLED, Decision, DecisionStatus
from judges.services import decisions, docket
from judges.services.judges import jury_of
from judges.services.people.asking import refuse_live
from tournaments.formats import registry as formats
from tournaments.formats.base import Format
from tournaments.models import Bracket, Match, Tournament, TournamentStatus, Undecided
from tournaments.services import asking
from tournaments.services.budgeting import limits_in_words, purse_of
from tournaments.services.cautioning import refuse_empty, refuse_impossible
from tournaments.services.ending import ending_of
from tournaments.services.fields import answered, can_replace, freeze, planned_games, rule_of
from tournaments.tasks import advance as advance_task
from tournaments.tasks import rate as rate_task

DEFAULT_FORMAT = "adaptive"
"""The format of a run that names none; docs/formats.md says why."""


class Slice(Params):
    """Which prompts play: those of a category and a language, with all of the tags."""

    category: str = ""
    tags: list[str] = []
    language: str = ""


@transaction.atomic
def create(
    *,
    project: Project,
    name: str,
    format: str,  # noqa: A002  # the contract's word
    judges: list[str],
    format_params: Mapping[str, Any] | None = None,
    aggregation: str = aggregations.DEFAULT,
    competitors: Sequence[str] = (),
    slice: Mapping[str, Any] | None = None,  # noqa: A002  # the contract's word
    seed: int = 0,
    max_calls: int | None = None,
    max_usd: float | None = None,
    undecided: str = Undecided.LEAVE,
) -> Tournament:
    """Write a draft; nothing is played.

    Raises InvalidInput or NotFound naming what is wrong, and as `refuse_live` does.
    """
    rule = formats.build(format, format_params)
    _check_limits(max_calls, max_usd)
    chosen = _competitors(project, competitors)
    _check_named(getattr(rule, "named", ()), chosen)
    refuse_impossible(rule, len(chosen))
    wanted = _checked_slice(slice or {})
    refuse_empty(project, wanted)
    _check_undecided(undecided, rule)
    judge = jury_of(project, judges, aggregation)
    refuse_live(judge)
    tournament = Tournament.objects.create(
        project=project,
        name=name.strip() or f"{formats.get(format).label} · {judge.name}"[:200],
        format=format,
        format_params=dict(format_params or {}),
        judge=judge,
        slice=wanted,
        seed=seed,
        max_calls=max_calls,
        max_usd=max_usd,
        undecided=undecided,
    )
    tournament.competitors.set(chosen)
    return tournament


@transaction.atomic
def start(tournament: Tournament) -> Tournament:
    """Freeze the field and begin to play. Raises Conflict when it is not a draft or has no field.

    A bracket takes a prompt with outputs of at least two competitors; other prompts are left out.
    """
    move(tournament, [TournamentStatus.DRAFT], TournamentStatus.RUNNING)
    refuse_live(tournament.judge)
    entrants = answered(tournament)
    if not entrants:
        raise Conflict("no prompt of this slice has outputs of two of these competitors")
    freeze(tournament, entrants)
    Tournament.objects.filter(pk=tournament.pk).update(
        planned=planned_games(rule_of(tournament), entrants), started_at=timezone.now()
    )
    wake(tournament.pk)
    tournament.refresh_from_db()
    return tournament


@transaction.atomic
def pause(tournament: Tournament, note: str = "") -> Tournament:
    """Stop asking. What is being judged right now may finish, and is kept."""
    move(tournament, [TournamentStatus.RUNNING], TournamentStatus.PAUSED, note)
    hold_matches(tournament)
    return tournament


@transaction.atomic
def resume(tournament: Tournament) -> Tournament:
    """Go on where it was paused, or where its format broke."""
    status = TournamentStatus
    move(tournament, [status.PAUSED, status.FAILED], status.RUNNING)
    refuse_live(tournament.judge)
    ask_again(tournament)
    tournament.brackets.filter(finished=False).update(dirty=True)
    wake(tournament.pk)
    return tournament


@transaction.atomic
def cancel(tournament: Tournament) -> Tournament:
    """End it for good. Its verdicts stay."""
    status = TournamentStatus
    ending = [status.DRAFT, status.RUNNING, status.PAUSED, status.FAILED]
    move(tournament, ending, status.CANCELLED)
    Tournament.objects.filter(pk=tournament.pk).update(finished_at=timezone.now())
    hold_matches(tournament)
    return tournament


@transaction.atomic
def retry_undecided(tournament: Tournament) -> int:
    """Ask again for matches whose call failed or whose record was missing; return how many.

    Where a lot has passed such a match only its verdict changes, not who went on. Raises Conflict
    unless the tournament runs or is completed: others shall cost nothing.
    """
    tournament = Tournament.objects.select_for_update().get(pk=tournament.pk)
    if tournament.status not in (TournamentStatus.RUNNING, TournamentStatus.COMPLETED):
        raise Conflict(f"the tournament is {tournament.status}; it asks for nothing now")
    wanted = tournament.matches.filter(counts=True)
    for competitor in tournament.withdrawn:
        wanted = wanted.exclude(plays(competitor))
    again = Decision.objects.filter(pk__in=wanted.values("decision"))
    # What another tournament has asked for anew and then been stopped at is open here as well.
    held = dict(again.filter(status=DecisionStatus.HELD).values_list("comparison_id", "pk"))
    failed = list(again.filter(silence__in=decisions.RETRYABLE).values_list("pk", flat=True))
    _refuse_beyond_budget(tournament, len(failed))
    asking.let_others_go(tournament, failed)
    asking.want(tournament.matches.filter(decision__in=[*failed, *held.values()]))
    decisions.ask(tournament.judge, list(held))
    return decisions.retry(Decision.objects.filter(pk__in=failed)) + len(held)


def plays(competitor_id: int) -> Q:
    """That a match is one of this competitor's."""
    side = "decision__comparison__output_{}__competitor"
    return Q(**{side.format("a"): competitor_id}) | Q(**{side.format("b"): competitor_id})


def _refuse_beyond_budget(tournament: Tournament, wanted: int) -> None:
    affordable = purse_of(tournament).affordable(wanted)
    if affordable < wanted:
        raise Conflict(
            f"the budget of {limits_in_words(tournament)} pays for {affordable} of {wanted} matches"
        )


@transaction.atomic
def complete(tournament_id: int) -> bool:
    """Close a running tournament whose brackets are all finished; True for the one who did it."""
    running = Tournament.objects.filter(pk=tournament_id, status=TournamentStatus.RUNNING)
    # Whoever extends it at this moment has the row; only after that it is seen what still plays.
    if not list(running.select_for_update().values_list("pk", flat=True)):
        return False
    if Bracket.objects.filter(tournament=tournament_id, finished=False).exists():
        return False
    ended = ending_of(running.select_related("project").get())
    played = Match.objects.filter(tournament=tournament_id).count()
    running.update(
        status=TournamentStatus.COMPLETED,
        note=ended.note,
        finished_at=timezone.now(),
        planned=F("planned") if ended.early else played,
        changes=F("changes") + 1,
    )
    return True


@transaction.atomic
def fail(tournament_id: int, note: str) -> None:
    """Stop a running tournament whose format broke, and say how. What is under way may finish."""
    running = Tournament.objects.filter(pk=tournament_id, status=TournamentStatus.RUNNING)
    if running.update(status=TournamentStatus.FAILED, note=note):
        hold_matches(Tournament.objects.get(pk=tournament_id))


@transaction.atomic
def reopen(tournament: Tournament) -> Tournament:
    """Have a completed tournament play on; one that plays or is paused stays as it is."""
    tournament.refresh_from_db()
    refuse_live(tournament.judge)
    if tournament.status == TournamentStatus.COMPLETED:
        move(tournament, [TournamentStatus.COMPLETED], TournamentStatus.RUNNING)
        Tournament.objects.filter(pk=tournament.pk).update(finished_at=None)
    wake(tournament.pk)
    tournament.refresh_from_db()
    return tournament


def mark_changed(tournament_id: int) -> None:
    """Have the ratings of a completed tournament fitted again: its field changed.

    The mark is in the transaction of the change; the sweep finds it when the message is lost.
    """
    done = Tournament.objects.filter(pk=tournament_id, status=TournamentStatus.COMPLETED)
    if done.update(changes=F("changes") + 1):
        have_rated(tournament_id)


def have_rated(tournament_id: int) -> None:
    """Tell a worker, once this transaction is in, to fit the ratings. May be lost: see sweep."""
    docket.send(rate_task, tournament_id=tournament_id)


def wake(tournament_id: int) -> None:
    """Tell a worker, once this transaction is in, to ask the format. May be lost: see sweep."""
    docket.send(advance_task, tournament_id=tournament_id)


def move(
    tournament: Tournament, allowed: list[TournamentStatus], to: TournamentStatus, note: str = ""
) -> None:
    """Change the status by compare-and-swap, so that of two requests one gets a Conflict."""
    mine = Tournament.objects.filter(pk=tournament.pk, status__in=allowed)
    if not mine.update(status=to, note=note):
        tournament.refresh_from_db()
        raise Conflict(f"the tournament is {tournament.status}; it cannot become {to}")
    tournament.refresh_from_db()


def hold_matches(tournament: Tournament, matches: QuerySet[Match] | None = None) -> None:
    """Take back what nobody judges yet: all of it, or these matches.

    Another tournament that runs and shares them asks again.
    """
    held = tournament.matches.all() if matches is None else matches
    decisions.hold(Decision.objects.filter(pk__in=held.values("decision")))
    asking.let_go(held.filter(decision__status=DecisionStatus.HELD))
    sharing = Tournament.objects.filter(
        status=TournamentStatus.RUNNING, project=tournament.project_id
    ).exclude(pk=tournament.pk)
    for other in sharing:
        ask_again(other)


def ask_again(tournament: Tournament) -> None:
    """Have the judge decide the matches that are not settled; takes up what was held."""
    pending = Match.objects.filter(tournament=tournament).exclude(decision__status__in=SETTLED)
    comparisons = list(pending.values_list("decision__comparison_id", flat=True))
    asking.want(pending)
    decisions.ask(tournament.judge, comparisons)


def _competitors(project: Project, names: Sequence[str]) -> list[Competitor]:
    found = list(project.competitors.filter(name__in=names) if names else project.competitors.all())
    unknown = set(names) - {competitor.name for competitor in found}
    if unknown:
        raise InvalidInput(
            "some competitors are not known here",
            fields={"competitors": ", ".join(sorted(unknown))},
        )
    if len(found) < 2:
        raise InvalidInput(
            "a tournament needs two competitors", fields={"competitors": "at least two are needed"}
        )
    return found


def _check_limits(max_calls: int | None, max_usd: float | None) -> None:
    """A budget that pays for nothing is a mistake; None is no limit."""
    faults = {}
    if max_calls is not None and max_calls < 1:
        faults["budget.max_calls"] = "must be at least 1"
    if max_usd is not None and not 0 < max_usd < math.inf:
        faults["budget.max_usd"] = "must be a number above 0"
    if faults:
        raise InvalidInput("the budget is not valid", fields=faults)


def _check_named(names: Sequence[str], chosen: Sequence[Competitor]) -> None:
    """The competitors that the format's params name have to play."""
    unknown = set(names) - {competitor.name for competitor in chosen}
    if unknown:
        raise InvalidInput(
            "the format names competitors that do not play",
            fields={"format_params": ", ".join(sorted(unknown))},
        )


def _check_undecided(undecided: str, rule: Format) -> None:
    fault = ""
    if undecided not in Undecided.values:
        fault = f"must be one of {', '.join(Undecided.values)}"
    elif undecided == Undecided.REPLACE and not can_replace(rule):
        fault = f"{rule.label.lower()} has a fixed plan: no game of it can be replaced"
    if fault:
        raise InvalidInput("this cannot be done with games undecided", {"undecided": fault})


def _checked_slice(wanted: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return Slice.model_validate(dict(wanted)).model_dump(exclude_defaults=True)
    except ValidationError as error:
        raise InvalidInput("the slice is not valid", fields=fields_of(error, "slice")) from None
