"""The leaderboard."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from arena.api.docs import responses
from arena.api.projects import ProjectView
from arena.api.replies import reply
from arena.common.errors import InvalidInput
from arena.models import Project
from tournaments.models import Tournament
from tournaments.queries import tournament_of
from tournaments.ratings import registry as methods
from tournaments.services import rating
from tournaments.services.shapes.leaderboards import LeaderboardShape, SliceShape, SlicesShape

MOST_RESAMPLES = 2_000
"""Of a fit that somebody waits for."""

QUERY = {
    "tournament": "only this tournament's matches; left out: all tournaments of the project",
    "method": "a name of /rating-methods; default bradley_terry",
    "category": "only prompts of this category",
    "tag": "only prompts with this tag",
    "language": "only prompts in this language",
    "judge": "only verdicts of this judge, in tournaments or not",
    "judge_kind": "only verdicts of judges of this kind, or imported as of this kind (human, llm)",
    "style_control": "true, or some of length,headers,lists,bold: hold these of an answer level",
    "ties": "half (a tie is half a win for both), davidson or rao_kupper (ties are modelled)",
    "bootstrap": "resamples of the prompts, up to 2000, instead of the default intervals",
    "anchor": "the competitor that is rated 1000, instead of the mean of the field",
    "graded": "never: all wins count the same; auto, the default: a slight one is three quarters",
    "effects": "also estimate, and report: some of order (of being shown first), judges, answers",
}
WORDS = ("method", "ties", "style_control", "effects", "graded")
"""What of it names the method and its params."""

SLICES_QUERY = {
    "by": "category (the default), language or tag",
    "tournament": QUERY["tournament"],
}


@extend_schema(tags=["rankings"])
class Leaderboard(ProjectView):
    @extend_schema(
        summary="Rank the competitors, with intervals and rank ranges",
        description="Refitted from the verdicts as they stand; the same data give the same digits.",
        parameters=[OpenApiParameter(name, str, description=text) for name, text in QUERY.items()],
        responses=responses(LeaderboardShape, 404),
    )
    def get(self, request: Request, slug: str) -> Response:
        given = _query(request, QUERY)
        method, params = rating.method_for(*(given.get(name, "") for name in WORDS))
        run = rating.rate(
            project=self.project,
            tournament=_tournament(self.project, given),
            method=method,
            params=params | _options(given),
            filters={name: given[name] for name in rating.FILTERS if given.get(name)},
        )
        return reply(LeaderboardShape.of(run))


@extend_schema(tags=["rankings"])
class LeaderboardSlices(ProjectView):
    @extend_schema(
        summary="Rank the competitors by category, language or tag, side by side",
        description="Bradley-Terry ratings of all slices at once: a thin slice borrows strength.",
        parameters=[
            OpenApiParameter(name, str, description=text) for name, text in SLICES_QUERY.items()
        ],
        responses=responses(SlicesShape, 404),
    )
    def get(self, request: Request, slug: str) -> Response:
        given = _query(request, SLICES_QUERY)
        by, tournament = given.get("by") or "category", _tournament(self.project, given)
        tables = rating.rate_slices(project=self.project, tournament=tournament, by=by)
        shape = SlicesShape(
            by=by,
            tournament=tournament.pk if tournament else None,
            slices=[SliceShape.of(name, table) for name, table in tables.items()],
        )
        return reply(shape)


def _options(given: Mapping[str, str]) -> dict[str, int | str]:
    """Params of the method that the query names itself."""
    options: dict[str, int | str] = {"anchor": given["anchor"]} if given.get("anchor") else {}
    if resamples := given.get("bootstrap"):
        known = resamples.isascii() and resamples.isdigit() and len(resamples) < 6
        if not known or int(resamples) > MOST_RESAMPLES:
            fault = f"must be a number up to {MOST_RESAMPLES}"
            raise InvalidInput("the query is not valid", {"bootstrap": fault})
        options["bootstrap"] = int(resamples)
    return options


def _tournament(project: Project, query: Mapping[str, str]) -> Tournament | None:
    given = query.get("tournament", "")
    if not given:
        return None
    if not given.isascii() or not given.isdigit() or len(given) > 18:
        raise InvalidInput("the query is not valid", {"tournament": "must be a number"})
    return tournament_of(project, int(given))


def _query(request: Request, known: Collection[str]) -> dict[str, str]:
    """The query; InvalidInput for what is unknown or cannot be had, instead of passing it over."""
    given: dict[str, str] = request.query_params.dict()
    faults = {name: "is not a parameter here" for name in given if name not in known}
    if given.get("method") and given["method"] not in methods.names():
        faults["method"] = f"must be one of {', '.join(methods.names())}"
    if faults:
        raise InvalidInput(f"the query is not valid; it may have: {', '.join(known)}", faults)
    return given
