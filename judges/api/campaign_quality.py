"""How the raters of a campaign judge, and leaving some out."""

from __future__ import annotations

from typing import Self

from drf_spectacular.utils import extend_schema
from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from arena.api.auth import sender
from arena.api.docs import idempotent, query, responses
from arena.api.pagination import filters
from arena.api.replies import reply
from arena.api.serializers.common import Strict, checked
from arena.common.errors import NotFound
from judges.api.campaigns import CampaignView
from judges.models import Campaign, Participant
from judges.services.people import quality, quarantine
from judges.services.people.quality import RaterQuality
from judges.stats.bootstrap import Estimate
from judges.stats.raters.review import Share


class Interval(BaseModel):
    """A figure with its 95 % interval; the ends are null where none can be had."""

    value: float
    low: float | None
    high: float | None
    n: int

    @classmethod
    def of(cls, found: Estimate | Share | None) -> Self | None:
        """The same as JSON."""
        if found is None:
            return None
        return cls(value=found.value, low=found.low, high=found.high, n=found.n)


class FindingShape(BaseModel):
    """A test of honest voting that a rater did not pass. `p` is corrected over the raters."""

    test: str
    p: float
    text: str


class RaterQualityShape(BaseModel):
    """A rater, by the `id` of the list of raters. Figures of votes are null before the first."""

    id: int
    name: str
    votes: int
    median_seconds: float | None = None
    agreement: float | None = Field(None, description="share of other raters with the same verdict")
    kappa: float | None = None
    reliability: Interval | None = None
    first_side: Interval | None = Field(None, description="share of votes for the first shown")
    gold: Interval | None = Field(None, description="share right; who skips one has it wrong")
    trust: float | None = None
    flagged: bool = False
    findings: list[FindingShape]
    left_out: bool
    reason: str = Field("", description="why the rater is left out")

    @classmethod
    def of(cls, rater: RaterQuality) -> Self:
        """The rater with the report, if there is one."""
        kept, report = rater.quarantine, rater.report
        shape = cls(
            id=rater.row.participant.pk, name=rater.row.name, votes=0, findings=[],
            gold=Interval.of(rater.gold),
            left_out=kept is not None, reason=kept.reason if kept else "",
        )  # fmt: skip
        if report is None:
            return shape
        found = [FindingShape(test=f.test, p=f.adjusted, text=f.text) for f in report.findings]
        return shape.model_copy(
            update={
                "votes": report.n, "median_seconds": report.seconds,
                "agreement": report.agreement, "kappa": report.kappa,
                "reliability": Interval.of(report.reliability),
                "first_side": Interval.of(report.first),
                "trust": report.trust, "flagged": report.flagged, "findings": found,
            }
        )  # fmt: skip


class SuspectsShape(BaseModel):
    """Raters who seem to act together; `kind` is ring, copies or burst."""

    kind: str
    raters: list[int]
    p: float
    text: str


class QualityShape(BaseModel):
    """All raters of a campaign, those with findings first."""

    fleiss_kappa: Interval | None
    krippendorff_alpha: Interval | None
    raters: list[RaterQualityShape]
    groups: list[SuspectsShape]


class LeaveOut(Strict):
    """Why a rater is left out."""

    reason: str = Field("", max_length=2000)


@extend_schema(tags=["campaigns"])
class CampaignQuality(CampaignView):
    @extend_schema(
        operation_id="campaign_quality",
        summary="How each rater judges, and signs that somebody rigs the result",
        parameters=query(),
        responses=responses(QualityShape, 404),
    )
    def get(self, request: Request, slug: str, key: str) -> Response:
        filters(request, ())
        return reply(_shape(quality.quality_of(self.campaign(key))))


@extend_schema(tags=["campaigns"])
class RaterQuarantine(CampaignView):
    @extend_schema(
        operation_id="campaign_rater_leave_out",
        summary="Leave a rater's judgments out; verdicts and rankings follow",
        description="The judgments are kept. Doing it twice changes nothing.",
        parameters=idempotent(),
        request=LeaveOut,
        responses=responses({204: None}, 404),
    )
    def post(self, request: Request, slug: str, key: str, pk: int) -> Response:
        said = checked(LeaveOut, request.data)
        campaign = self.campaign(key)
        rater = _participant(campaign, pk).user
        quarantine.impose(campaign.judge, rater, reason=said.reason.strip(), by=sender(request))
        return Response(status=204)

    @extend_schema(
        operation_id="campaign_rater_take_in",
        summary="Let a rater's judgments count again",
        responses=responses({204: None}, 404),
    )
    def delete(self, request: Request, slug: str, key: str, pk: int) -> Response:
        campaign = self.campaign(key)
        rater = _participant(campaign, pk).user_id
        in_force = campaign.judge.quarantines.filter(rater=rater, lifted_at=None).first()
        if in_force is None:
            raise NotFound("this rater is not left out")
        quarantine.lift(in_force, by=sender(request))
        return Response(status=204)


def _participant(campaign: Campaign, pk: int) -> Participant:
    found = campaign.participants.filter(pk=pk).select_related("user").first()
    if found is None:
        raise NotFound("there is no such rater in this campaign")
    return found


def _shape(found: quality.Quality) -> QualityShape:
    total = found.review.agreement
    return QualityShape(
        fleiss_kappa=Interval.of(total.fleiss) if total else None,
        krippendorff_alpha=Interval.of(total.alpha) if total else None,
        raters=[RaterQualityShape.of(rater) for rater in found.raters],
        groups=[
            SuspectsShape(
                kind=item.group.kind, raters=[row.participant.pk for row in item.rows],
                p=min(item.group.p, 1.0), text=item.group.text,
            )
            for item in found.suspects
        ],
    )  # fmt: skip
