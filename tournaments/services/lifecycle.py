"""The life of a tournament: draft -> running -> completed, with pauses. All its status changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from pydantic import ValidationError

from arena.common.errors import Conflict, InvalidInput
from arena.common.plugins import Params, fields_of
from arena.models import Competitor, Output, Project, Prompt
from judges.models import SETTLED, Decision
from judges.services import decisions
from judges.services.judges import jury_of
from tournaments.formats import registry as formats
from tournaments.formats.base import Scope
from tournaments.models import Bracket, Match, Tournament, TournamentStatus
from tournaments.services.budgeting import limits_in_words, purse_of
from tournaments.tasks import advance as advance_task


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
    aggregation: str = "plurality",
    competitors: Sequence[str] = (),
    slice: Mapping[str, Any] | None = None,  # noqa: A002  # the contract's word
    seed: int = 0,
    max_calls: int | None = None,
    max_usd: float | None = None,
) -> Tournament:
    """Write a draft. Raises InvalidInput or NotFound naming what is wrong; nothing is played."""
    rule = formats.build(format, format_params)
    chosen = _competitors(project, competitors)
    _check_named(getattr(rule, "named", ()), chosen)
    judge = jury_of(project, judges, aggregation)
    tournament = Tournament.objects.create(
        project=project,
        name=name.strip() or f"{formats.get(format).label} · {judge.name}"[:200],
        format=format,
        format_params=dict(format_params or {}),
        judge=judge,
        slice=_checked_slice(slice or {}),
        seed=seed,
        max_calls=max_calls,
        max_usd=max_usd,
    )
    tournament.competitors.set(chosen)
    return tournament


@transaction.atomic
def start(tournament: Tournament) -> Tournament:
    """Freeze the field and begin to play. Raises Conflict when it is not a draft or has no field.

    A bracket takes a prompt with outputs of at least two competitors; other prompts are left out.
    """
    _move(tournament, [TournamentStatus.DRAFT], TournamentStatus.RUNNING)
    brackets = _brackets(tournament)
    if not brackets:
        raise Conflict("no prompt of this slice has outputs of two of these competitors")
    Bracket.objects.bulk_create(brackets, batch_size=2000)
    rule = formats.build(tournament.format, tournament.format_params)
    planned = sum(
        rule.planned_games(len(bracket.entrants), 1 if bracket.prompt_id else len(brackets))
        for bracket in brackets
    )
    Tournament.objects.filter(pk=tournament.pk).update(planned=planned, started_at=timezone.now())
    wake(tournament.pk)
    tournament.refresh_from_db()
    return tournament


@transaction.atomic
def pause(tournament: Tournament, note: str = "") -> Tournament:
    """Stop asking. What is being judged right now may finish, and is kept."""
    _move(tournament, [TournamentStatus.RUNNING], TournamentStatus.PAUSED, note)
    _hold(tournament)
    return tournament


@transaction.atomic
def resume(tournament: Tournament) -> Tournament:
    """Go on where it was paused."""
    _move(tournament, [TournamentStatus.PAUSED], TournamentStatus.RUNNING)
    ask_again(tournament)
    tournament.brackets.filter(finished=False).update(dirty=True)
    wake(tournament.pk)
    return tournament


@transaction.atomic
def cancel(tournament: Tournament) -> Tournament:
    """End it for good. Its verdicts stay."""
    status = TournamentStatus
    _move(tournament, [status.DRAFT, status.RUNNING, status.PAUSED], status.CANCELLED)
    Tournament.objects.filter(pk=tournament.pk).update(finished_at=timezone.now())
    _hold(tournament)
    return tournament


@transaction.atomic
def retry_undecided(tournament: Tournament) -> int:
    """Ask again for matches whose call failed or whose record was missing; return how many.

    Where a lot has passed such a match only its verdict changes, not who went on. Raises Conflict
    unless the tournament runs or is completed: others shall cost nothing.
    """
    if tournament.status not in (TournamentStatus.RUNNING, TournamentStatus.COMPLETED):
        raise Conflict(f"the tournament is {tournament.status}; it asks for nothing now")
    mine = Decision.objects.filter(matches__tournament=tournament).distinct()
    again = Decision.objects.filter(pk__in=mine.values("pk"))
    _refuse_beyond_budget(tournament, again.filter(silence__in=decisions.RETRYABLE).count())
    return decisions.retry(again)


def _refuse_beyond_budget(tournament: Tournament, wanted: int) -> None:
    affordable = purse_of(tournament).affordable(wanted)
    if affordable < wanted:
        raise Conflict(
            f"the budget of {limits_in_words(tournament)} pays for {affordable} of {wanted} matches"
        )


def complete(tournament_id: int) -> bool:
    """Close a running tournament whose brackets are all finished; True for the one who did it."""
    done = Tournament.objects.filter(pk=tournament_id, status=TournamentStatus.RUNNING).exclude(
        brackets__finished=False
    )
    return bool(done.update(status=TournamentStatus.COMPLETED, finished_at=timezone.now()))


def wake(tournament_id: int) -> None:
    """Tell a worker, once this transaction is in, to ask the format. May be lost: see sweep."""
    transaction.on_commit(partial(advance_task.delay, tournament_id=tournament_id))


def _move(
    tournament: Tournament, allowed: list[TournamentStatus], to: TournamentStatus, note: str = ""
) -> None:
    """Change the status by compare-and-swap, so that of two requests one gets a Conflict."""
    mine = Tournament.objects.filter(pk=tournament.pk, status__in=allowed)
    if not mine.update(status=to, note=note):
        tournament.refresh_from_db()
        raise Conflict(f"the tournament is {tournament.status}; it cannot become {to}")
    tournament.refresh_from_db()


def _hold(tournament: Tournament) -> None:
    mine = Decision.objects.filter(matches__tournament=tournament)
    decisions.hold(Decision.objects.filter(pk__in=mine.values("pk")))
    sharing = Tournament.objects.filter(
        status=TournamentStatus.RUNNING, project=tournament.project_id
    ).exclude(pk=tournament.pk)
    for other in sharing:
        ask_again(other)


def ask_again(tournament: Tournament) -> None:
    """Have the judge decide the matches that are not settled; takes up what was held."""
    pending = Match.objects.filter(tournament=tournament).exclude(decision__status__in=SETTLED)
    comparisons = list(pending.values_list("decision__comparison_id", flat=True))
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


def _check_named(names: Sequence[str], chosen: Sequence[Competitor]) -> None:
    """The competitors that the format's params name have to play."""
    unknown = set(names) - {competitor.name for competitor in chosen}
    if unknown:
        raise InvalidInput(
            "the format names competitors that do not play",
            fields={"format_params": ", ".join(sorted(unknown))},
        )


def _checked_slice(wanted: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return Slice.model_validate(dict(wanted)).model_dump(exclude_defaults=True)
    except ValidationError as error:
        raise InvalidInput("the slice is not valid", fields=fields_of(error, "slice")) from None


def _prompts(tournament: Tournament) -> QuerySet[Prompt]:
    prompts = Prompt.objects.filter(project=tournament.project_id)
    wanted = tournament.slice
    if wanted.get("category"):
        prompts = prompts.filter(category=wanted["category"])
    if wanted.get("language"):
        prompts = prompts.filter(language=wanted["language"])
    return prompts


def _brackets(tournament: Tournament) -> list[Bracket]:
    entrants = entrants_by_prompt(tournament)
    if formats.get(tournament.format).scope is Scope.PROMPT:
        return [
            Bracket(tournament=tournament, prompt_id=prompt, entrants=sorted(ids))
            for prompt, ids in entrants.items()
            if len(ids) > 1
        ]
    everybody = sorted(set().union(*entrants.values()))
    if len(everybody) < 2:
        return []
    return [Bracket(tournament=tournament, prompt=None, entrants=everybody)]


def entrants_by_prompt(tournament: Tournament) -> dict[int, set[int]]:
    """{prompt id: ids of the competitors that answered it}, in the order of the prompts."""
    tags = set(tournament.slice.get("tags") or ())
    rows = (
        Output.objects.filter(
            prompt__in=_prompts(tournament), competitor__in=tournament.competitors.all()
        )
        .order_by("prompt_id")
        .values_list("prompt_id", "competitor_id", "prompt__tags")
    )
    found: dict[int, set[int]] = {}
    for prompt, competitor, has in rows:
        if tags <= set(has):
            found.setdefault(prompt, set()).add(competitor)
    return found
