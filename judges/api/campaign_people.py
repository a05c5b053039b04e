"""The gold questions, invitation links and raters of a campaign."""

from __future__ import annotations

from functools import partial

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from pydantic import AwareDatetime, BaseModel, Field, RootModel
from rest_framework.request import Request
from rest_framework.response import Response

from arena.api.auth import sender
from arena.api.bulk import upload
from arena.api.docs import idempotent, query, responses, upload_body
from arena.api.pagination import filters, page
from arena.api.replies import reply, secret_reply
from arena.api.serializers.common import Page, Strict, UpsertCounts, checked
from arena.common.addresses import absolute
from judges.api.campaigns import CampaignView
from judges.services.people import gold_editing, links
from judges.services.people.gold_editing import GoldRecord
from judges.services.people.roster import roster
from judges.services.people.shapes import GoldShape, RaterLinkShape, RaterShape


class GoldUpload(RootModel[GoldRecord | list[GoldRecord]]):
    """One gold question, or many."""


class NewRaterLink(Strict):
    """A link to be made."""

    label: str = Field("", max_length=100, description="for whom; only owners see it")
    places: int | None = Field(None, description="people who may join by it, at most")
    expires_at: AwareDatetime | None = None


class NewRaterLinkShape(RaterLinkShape):
    """A link just made; `url` lets its reader in and is shown this once."""

    url: str


class CampaignRaters(BaseModel):
    """Everybody who takes part in a campaign."""

    results: list[RaterShape]


class GoldPage(Page[GoldShape]):
    """Gold questions."""


class RaterLinkPage(Page[RaterLinkShape]):
    """Invitation links."""


@extend_schema(tags=["campaigns"])
class CampaignGold(CampaignView):
    @extend_schema(
        operation_id="campaign_gold_list",
        summary="List the gold questions of a campaign, retired ones too",
        parameters=query(),
        responses=responses(GoldPage, 404),
    )
    def get(self, request: Request, slug: str, key: str) -> Response:
        filters(request, ())
        return page(request, gold_editing.gold_of(self.campaign(key)), GoldShape.of)

    @extend_schema(
        operation_id="campaign_gold_add",
        summary="Add gold questions",
        description=(
            "Comparisons whose answer is known. The same again changes nothing. Refused where "
            "the comparison is open for rating in this campaign, since a rater must not see it "
            "twice, and where raters were already held to another answer."
        ),
        parameters=idempotent(),
        request=upload_body(GoldUpload, GoldRecord),
        responses=responses(UpsertCounts, 404, 409, 413, 415, bulk=True),
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        write = partial(gold_editing.import_gold, self.campaign(key), by=sender(request))
        return upload(request, GoldRecord, write)


@extend_schema(tags=["campaigns"])
class OneGoldQuestion(CampaignView):
    @extend_schema(
        operation_id="campaign_gold_retire",
        summary="Retire a gold question: it is asked no more",
        responses=responses({204: None}, 404),
    )
    def delete(self, request: Request, slug: str, key: str, pk: int) -> Response:
        gold_editing.retire(self.campaign(key), pk, by=sender(request))
        return Response(status=204)


@extend_schema(tags=["campaigns"])
class CampaignLinks(CampaignView):
    @extend_schema(
        operation_id="campaign_links_list",
        summary="List the invitation links of a campaign",
        parameters=query(),
        responses=responses(RaterLinkPage, 404),
    )
    def get(self, request: Request, slug: str, key: str) -> Response:
        filters(request, ())
        return page(request, links.links_of(self.campaign(key)), RaterLinkShape.of)

    @extend_schema(
        operation_id="campaign_links_make",
        summary="Make an invitation link for raters without an account",
        description="Its address is in this answer alone. Refused (409) where only members may "
        "take part.",
        parameters=idempotent(),
        request=NewRaterLink,
        responses=responses({201: NewRaterLinkShape}, 404, 409),
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        new = checked(NewRaterLink, request.data)
        made, token = links.make(self.campaign(key), **new.model_dump(), by=sender(request))
        url = absolute(request, reverse("rating-invited", args=[token]))
        shape = NewRaterLinkShape(**RaterLinkShape.of(made).model_dump(), url=url)
        return secret_reply(shape, status=201)


@extend_schema(tags=["campaigns"])
class OneRaterLink(CampaignView):
    @extend_schema(
        operation_id="campaign_links_revoke",
        summary="Revoke an invitation link; who came by it stays",
        responses=responses({204: None}, 404),
    )
    def delete(self, request: Request, slug: str, key: str, pk: int) -> Response:
        links.revoke(self.campaign(key), pk, by=sender(request))
        return Response(status=204)


@extend_schema(tags=["campaigns"])
class Raters(CampaignView):
    @extend_schema(
        operation_id="campaign_raters_list",
        summary="List the raters of a campaign and what each has done",
        responses=responses(CampaignRaters, 404),
    )
    def get(self, request: Request, slug: str, key: str) -> Response:
        filters(request, ())
        rows = [RaterShape.of(row) for row in roster(self.campaign(key))]
        return reply(CampaignRaters(results=rows))
