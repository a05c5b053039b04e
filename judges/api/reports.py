"""How good the judges are."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import RootModel
from rest_framework.request import Request
from rest_framework.response import Response

from arena.api.docs import responses
from arena.api.projects import ProjectView
from arena.api.replies import reply
from arena.common.errors import InvalidInput
from judges.queries import judge_of
from judges.report_queries import Selection
from judges.services.judge_agreement import AgreementReport, agreement_report
from judges.services.judge_reports import JudgeReport, judge_report

QUERY = {
    "tournament": "only comparisons that this tournament plays",
    "category": "only prompts of this category",
    "tag": "only prompts with this tag",
    "language": "only prompts in this language",
}
PARAMETERS = [OpenApiParameter(name, str, description=text) for name, text in QUERY.items()]
FIGURES = (
    "A figure is `{value, low, high, n, prompts}`, with a 95 % interval by a bootstrap over "
    "prompts, or null where it cannot be told; `low` and `high` are null where resamples cannot "
    "differ."
)


class JudgeReportShape(RootModel[JudgeReport]):
    """A judge's biases, agreement, calibration, cost; `notes` says what a null figure lacks."""


class AgreementShape(RootModel[AgreementReport]):
    """The judges of a project beside each other and beside people."""


@extend_schema(tags=["judges"])
class JudgeReports(ProjectView):
    @extend_schema(
        summary="Report on one version of a judge",
        description=(
            "Position, length and same-family preference, rates of silence, agreement with people "
            f"and with other judges, calibration, cost and time of a verdict. {FIGURES}"
        ),
        parameters=PARAMETERS,
        responses=responses(JudgeReportShape, 404),
    )
    def get(self, request: Request, slug: str, pk: int) -> Response:
        report = judge_report(judge_of(self.project, pk), _selection(request))
        return reply(JudgeReportShape(report))


@extend_schema(tags=["judges"])
class JudgeAgreement(ProjectView):
    @extend_schema(
        summary="Compare the current judges with each other and with people",
        description=(
            "For every pair of judges raw agreement, Cohen's kappa, plain and weighted, Fleiss' "
            "kappa and Krippendorff's alpha; for all of them together the last two, and the "
            f"effective size of the jury they would make. {FIGURES}"
        ),
        parameters=PARAMETERS,
        responses=responses(AgreementShape, 404),
    )
    def get(self, request: Request, slug: str) -> Response:
        report = agreement_report(self.project, _selection(request))
        return reply(AgreementShape(report))


def _selection(request: Request) -> Selection:
    """The query; InvalidInput names what is unknown or no number."""
    given: dict[str, str] = request.query_params.dict()
    faults = {name: "is not a parameter here" for name in given if name not in QUERY}
    tournament = given.pop("tournament", "")
    if tournament and not (tournament.isascii() and tournament.isdigit() and len(tournament) < 19):
        faults["tournament"] = "must be a number"
    faults |= {name: "holds a NUL" for name, value in given.items() if "\0" in value}
    if faults:
        raise InvalidInput(f"the query is not valid; it may have: {', '.join(QUERY)}", faults)
    return Selection(tournament=int(tournament) if tournament else None, **given)
