"""Tournaments: create, start, watch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from arena.api.docs import idempotent, query, responses
from arena.api.pagination import CursorPages, filters, page
from arena.api.projects import ProjectView
from arena.api.serializers.common import Page, Strict, checked
from arena.common.errors import NotFound
from tournaments.models import Tournament
from tournaments.queries import matches_with_evidence, tournament_of
from tournaments.services import lifecycle
from tournaments.services.shapes import MatchShape, TournamentShape

ACTS: dict[str, Callable[[Tournament], object]] = {
    "start": lifecycle.start,
    "pause": lifecycle.pause,
    "resume": lifecycle.resume,
    "cancel": lifecycle.cancel,
    "retry": lifecycle.retry_undecided,
}


class NewBudget(Strict):
    """Where to stop."""

    max_calls: int | None = Field(None, ge=1)
    max_usd: float | None = Field(None, gt=0)


class NewTournament(Strict):
    """A tournament to be drafted. Several judges make a jury; no competitors means all."""

    name: str = Field("", max_length=200)
    format: str
    format_params: dict[str, Any] = Field(default_factory=dict)
    judges: list[str] = Field(min_length=1)
    aggregation: str = "plurality"
    competitors: list[str] = Field(default_factory=list)
    slice: dict[str, Any] = Field(default_factory=dict)
    seed: int = Field(0, ge=0, lt=2**63)
    budget: NewBudget = Field(default_factory=NewBudget)


class TournamentPage(Page[TournamentShape]):
    """Tournaments."""


class MatchPage(Page[MatchShape]):
    """Matches."""


def _answer(tournament: Tournament, status: int = 200) -> Response:
    return Response(TournamentShape.of(tournament).model_dump(mode="json"), status=status)


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
        return page(request, rows, TournamentShape.of)

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
class Matches(ProjectView):
    @extend_schema(
        summary="List matches with their verdicts and judgments",
        parameters=query(),
        responses=responses(MatchPage, 404),
    )
    def get(self, request: Request, slug: str, pk: int) -> Response:
        filters(request, ())
        pages = CursorPages()
        rows = pages.paginate_queryset(tournament_of(self.project, pk).matches.all(), request)
        found = matches_with_evidence(rows or [])
        return pages.get_paginated_response(
            [MatchShape.of(match).model_dump(mode="json") for match in found]
        )
