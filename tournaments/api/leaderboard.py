"""The leaderboard."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from arena.api.docs import responses
from arena.api.projects import ProjectView
from arena.common.errors import InvalidInput
from tournaments.models import Tournament
from tournaments.queries import tournament_of
from tournaments.ratings import registry as methods
from tournaments.services import rating
from tournaments.services.shapes import LeaderboardShape

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
        given = _query(request)
        words = (given.get(name, "") for name in ("method", "ties", "style_control"))
        method, params = rating.method_for(*words)
        run = rating.rate(
            project=self.project,
            tournament=self._tournament(given.get("tournament", "")),
            method=method,
            params=params,
            filters={name: given[name] for name in rating.FILTERS if given.get(name)},
        )
        return Response(LeaderboardShape.of(run).model_dump(mode="json"))

    def _tournament(self, given: str) -> Tournament | None:
        if not given:
            return None
        if not given.isascii() or not given.isdigit() or len(given) > 18:
            raise InvalidInput("the query is not valid", {"tournament": "must be a number"})
        return tournament_of(self.project, int(given))


def _query(request: Request) -> dict[str, str]:
    """The query; InvalidInput for what is unknown or cannot be had, instead of passing it over."""
    given: dict[str, str] = request.query_params.dict()
    faults = {name: "is not a parameter here" for name in given if name not in QUERY}
    if given.get("method") and given["method"] not in methods.names():
        faults["method"] = f"must be one of {', '.join(methods.names())}"
    if faults:
        raise InvalidInput(f"the query is not valid; it may have: {', '.join(QUERY)}", faults)
    return given
