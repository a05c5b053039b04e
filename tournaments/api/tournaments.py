"""Tournaments: create, start, watch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from operator import or_
from typing import Any, Literal

from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from arena.api.docs import idempotent, query, responses
from arena.api.pagination import filters, page_at_once
from arena.api.projects import ProjectView
from arena.api.replies import reply
from arena.api.serializers.common import Page, Strict, checked
from arena.common.errors import InvalidInput, NotFound
from judges import aggregation as aggregations
from tournaments.models import Match, Tournament, Undecided
from tournaments.queries import matches_with_evidence, tournament_of
from tournaments.services import lifecycle
from tournaments.services.extending import Wanted, extend, extension_of, withdraw
from tournaments.services.shapes.matches import MatchShape
from tournaments.services.shapes.tournaments import ExtensionShape, TournamentShape

ACTS: dict[str, Callable[[Tournament], object]] = {
    "start": lifecycle.start,
    "pause": lifecycle.pause,
    "resume": lifecycle.resume,
    "cancel": lifecycle.cancel,
    "retry": lifecycle.retry_undecided,
}


COLUMNS = {
    "prompt": "decision__comparison__prompt__key",
    "round": "round",
    "status": "decision__status",
    "verdict": "decision__winner",
}
MATCH_FILTERS = (*COLUMNS, "competitor")


class NewBudget(Strict):
    """Where to stop."""

    max_calls: int | None = Field(None, ge=1)
    max_usd: float | None = Field(None, gt=0)


class NewTournament(Strict):
    """A tournament to be drafted. Several judges make a jury; no competitors means all."""

    name: str = Field("", max_length=200)
    format: str = lifecycle.DEFAULT_FORMAT
    format_params: dict[str, Any] = Field(default_factory=dict)
    judges: list[str] = Field(min_length=1)
    aggregation: str = aggregations.DEFAULT
    competitors: list[str] = Field(default_factory=list)
    slice: dict[str, Any] = Field(default_factory=dict)
    seed: int = Field(0, ge=0, lt=2**63)
    budget: NewBudget = Field(default_factory=NewBudget)
    undecided: Undecided = Undecided.LEAVE


class NewExtension(Strict):
    """What a tournament that has started shall get.

    `prompts: "new"` are those of its slice that came since, and outputs that came late. A budget is
    a new limit of the whole. With `preview` nothing is written.
    """

    prompts: Literal["new"] | None = None
    competitors: list[str] = Field(default_factory=list)
    budget: NewBudget = Field(default_factory=NewBudget)
    preview: bool = False

    def wanted(self) -> Wanted:
        return Wanted(
            prompts=self.prompts == "new",
            competitors=tuple(self.competitors),
            max_calls=self.budget.max_calls,
            max_usd=self.budget.max_usd,
        )


class Withdrawal(Strict):
    """Who plays no more; its finished games stay on the board or leave it."""

    competitor: str
    keep_games: bool = True


class Extended(BaseModel):
    """What an extension adds; `tournament` is null in a preview."""

    extension: ExtensionShape
    tournament: TournamentShape | None


class TournamentPage(Page[TournamentShape]):
    """Tournaments."""


class MatchPage(Page[MatchShape]):
    """Matches."""


def _answer(tournament: Tournament, status: int = 200) -> Response:
    return reply(TournamentShape.of(tournament), status)


@extend_schema(tags=["tournaments"])
class Tournaments(ProjectView):
    @extend_schema(
        operation_id="tournaments_list",
        summary="List tournaments",
        parameters=query(),
        responses=responses(TournamentPage, 404),
    )
    def get(self, request: Request, slug: str) -> Response:
        filters(request, ())
        rows = self.project.tournaments.select_related("judge")
        return page_at_once(request, rows, TournamentShape.of_all)

    @extend_schema(
        operation_id="tournaments_create",
        summary="Draft a tournament",
        description="Nothing is played or paid for before `start`; `estimate` says what it takes.",
        parameters=idempotent(),
        request=NewTournament,
        responses=responses({201: TournamentShape}, 404, 409),
    )
    def post(self, request: Request, slug: str) -> Response:
        new = checked(NewTournament, request.data)
        tournament = lifecycle.create(
            project=self.project,
            max_calls=new.budget.max_calls,
            max_usd=new.budget.max_usd,
            **new.model_dump(exclude={"budget"}),
        )
        return _answer(tournament, status=201)


@extend_schema(tags=["tournaments"])
class OneTournament(ProjectView):
    @extend_schema(
        operation_id="tournaments_read",
        summary="Read a tournament with progress, usage and estimate",
        responses=responses(TournamentShape, 404),
    )
    def get(self, request: Request, slug: str, pk: int) -> Response:
        return _answer(tournament_of(self.project, pk))


@extend_schema(tags=["tournaments"])
class TournamentAct(ProjectView):
    @extend_schema(
        operation_id="tournaments_act",
        summary="start, pause, resume, cancel, or retry what is undecided",
        description="409 with a reason when it is not possible now.",
        parameters=idempotent(),
        request=None,
        responses=responses(TournamentShape, 404, 409),
    )
    def post(self, request: Request, slug: str, pk: int, act: str) -> Response:
        if act not in ACTS:
            raise NotFound(f"a tournament can {', '.join(ACTS)}; not {act!r}")
        ACTS[act](tournament_of(self.project, pk))
        return _answer(tournament_of(self.project, pk))


@extend_schema(tags=["tournaments"])
class TournamentExtension(ProjectView):
    @extend_schema(
        operation_id="tournaments_extend",
        summary="Add prompts, competitors or budget to a tournament that has started",
        description="A completed tournament plays on; a paused one waits to be resumed. What was "
        "judged is not judged again. 409 where there is nothing to add.",
        parameters=idempotent(),
        request=NewExtension,
        responses=responses(Extended, 404, 409),
    )
    def post(self, request: Request, slug: str, pk: int) -> Response:
        asked = checked(NewExtension, request.data)
        tournament = tournament_of(self.project, pk)
        adds = ExtensionShape.model_validate(extension_of(tournament, asked.wanted()).as_dict())
        shape = None
        if not asked.preview:
            extend(tournament, asked.wanted())
            shape = TournamentShape.of(tournament_of(self.project, pk))
        return reply(Extended(extension=adds, tournament=shape))


@extend_schema(tags=["tournaments"])
class TournamentWithdrawal(ProjectView):
    @extend_schema(
        operation_id="tournaments_withdraw",
        summary="Take a competitor out of a tournament that has started",
        description="Its open games are taken back, and its opponents go on without a contest.",
        parameters=idempotent(),
        request=Withdrawal,
        responses=responses(TournamentShape, 404, 409),
    )
    def post(self, request: Request, slug: str, pk: int) -> Response:
        asked = checked(Withdrawal, request.data)
        tournament = tournament_of(self.project, pk)
        withdraw(tournament, asked.competitor, keep_games=asked.keep_games)
        return _answer(tournament_of(self.project, pk))


@extend_schema(tags=["tournaments"])
class Matches(ProjectView):
    @extend_schema(
        summary="List matches with their verdicts and judgments",
        parameters=query(*MATCH_FILTERS),
        responses=responses(MatchPage, 404),
    )
    def get(self, request: Request, slug: str, pk: int) -> Response:
        rows = _chosen(tournament_of(self.project, pk), filters(request, MATCH_FILTERS))
        return page_at_once(
            request, rows, lambda found: map(MatchShape.of, matches_with_evidence(found))
        )


def _chosen(tournament: Tournament, given: Mapping[str, str]) -> QuerySet[Match]:
    """The matches that the query's filters leave."""
    compared = "decision__comparison__"
    rows = tournament.matches.all()
    for name, value in given.items():
        if name == "competitor":
            sides = (f"{compared}output_{side}__competitor__name" for side in "ab")
            rows = rows.filter(reduce(or_, (Q(**{side: value}) for side in sides)))
        elif name == "round" and not value.isdecimal():
            raise InvalidInput("the query is not valid", {"round": "must be a whole number"})
        else:
            rows = rows.filter(**{COLUMNS[name]: value})
    return rows
