"""Campaigns: their settings, what they ask, and closing them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from django.contrib.auth.models import User
from drf_spectacular.utils import extend_schema
from pydantic import AwareDatetime, BaseModel, Field, model_validator
from rest_framework.request import Request
from rest_framework.response import Response

from arena.api.auth import sender
from arena.api.docs import idempotent, query, responses
from arena.api.pagination import filters, page_at_once
from arena.api.projects import ProjectView
from arena.api.replies import reply
from arena.api.serializers.common import Page, Strict, checked
from arena.datasets.records import Key, Name, fault
from arena.models import Role
from judges.models import Access, Campaign, GoldPolicy
from judges.services.evidence import raters_of
from judges.services.people import asking, campaigns, defining, opening
from judges.services.people.defining import FROZEN, CampaignSettings, Criterion
from judges.services.people.progress import progress_of
from judges.services.people.selecting import MOST, Wanted, select
from judges.services.people.shapes import CampaignShape


class NewCampaign(CampaignSettings):
    """A campaign to be made, together with its judge."""

    name: str = Field("", max_length=100, description="of the judge; without it, the title")
    raters: int = Field(
        1, description="raters a comparison needs; of an even number, a split vote is a tie"
    )
    page: str = Field("pairs", description="pairs, ranking or scoring")
    is_live: bool = Field(
        False, description="live battles: takes one rater, `pairs`, and two speakers"
    )


class CampaignChanges(Strict):
    """What is to be changed; the rest stays. `null` removes a deadline, a quota, gold.

    `raters` and `page` are refused (409) unless they are as they were.
    """

    title: str = ""
    instructions: str = ""
    thanks: str = ""
    access: Access = Access.MEMBERS
    deadline: AwareDatetime | None = None
    quota: int | None = None
    criteria: list[Criterion] = Field(default_factory=list)
    reasons: list[str] = Field(default_factory=list)
    asks_strength: bool = False
    shows_agreement: bool = False
    gold_every: int | None = None
    gold_policy: GoldPolicy = GoldPolicy.SHOW
    gold_share: float = 0.6
    gold_least: int = 4
    raters: int = 1
    page: str = "pairs"
    is_live: bool = False


class NamedComparison(Strict):
    """A prompt and the two competitors whose outputs are compared."""

    prompt: Key
    competitor_a: Name
    competitor_b: Name


class ComparisonsWanted(Strict):
    """What people are to judge: a selection, or a list."""

    selection: Wanted | None = None
    comparisons: list[NamedComparison] = Field(default_factory=list, max_length=MOST)
    preview: bool = Field(False, description="only count; takes a selection")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.selection is None) == (not self.comparisons):
            raise fault("selection", "give this or comparisons, one of both")
        if self.preview and self.selection is None:
            raise fault("preview", "takes a selection")
        return self


class ComparisonsAsked(BaseModel):
    """`added` are new, `known` were asked here before, `gold` are gold questions and left out.

    Of a selection: how many were `found`, `chosen`, and about how many `minutes` all raters
    together need. A preview adds nothing.
    """

    added: int = 0
    known: int = 0
    gold: int = 0
    found: int | None = None
    chosen: int | None = None
    minutes: float | None = None


class CampaignPage(Page[CampaignShape]):
    """Campaigns."""


class CampaignView(ProjectView):
    """Only those who may change campaigns may see them; raters have the page for judging."""

    roles = {"GET": Role.EDITOR}

    def campaign(self, key: str) -> Campaign:
        """The campaign of the project with this key."""
        return campaigns.in_project(self.project, key)

    def answer(self, row: Campaign, status: int = 200) -> Response:
        """The campaign as JSON."""
        (shape,) = _shapes([row])
        return reply(shape, status)


@extend_schema(tags=["campaigns"])
class Campaigns(CampaignView):
    @extend_schema(
        operation_id="campaigns_list",
        summary="List campaigns",
        description="Takes an editor of the project.",
        parameters=query(),
        responses=responses(CampaignPage, 404),
    )
    def get(self, request: Request, slug: str) -> Response:
        filters(request, ())
        return page_at_once(request, campaigns.campaigns_of(self.project), _shapes)

    @extend_schema(
        operation_id="campaigns_create",
        summary="Make a campaign and its judge",
        description=(
            "The judge is of the kind `human`, and tournaments and juries can name it. `raters` "
            "and `page` make its verdict and cannot be changed; all else can, while people judge."
        ),
        parameters=idempotent(),
        request=NewCampaign,
        responses=responses({201: CampaignShape}, 404, 409),
    )
    def post(self, request: Request, slug: str) -> Response:
        new = checked(NewCampaign, request.data)
        made = opening.make(
            project=self.project,
            name=new.name,
            params={name: getattr(new, name) for name in FROZEN},
            settings=new.model_dump(exclude={"name", *FROZEN}),
            by=sender(request),
        )
        return self.answer(made, status=201)


@extend_schema(tags=["campaigns"])
class OneCampaign(CampaignView):
    @extend_schema(
        operation_id="campaigns_read",
        summary="Read a campaign and how far it is",
        responses=responses(CampaignShape, 404),
    )
    def get(self, request: Request, slug: str, key: str) -> Response:
        return self.answer(self.campaign(key))

    @extend_schema(
        operation_id="campaigns_change",
        summary="Change a campaign",
        request=CampaignChanges,
        responses=responses(CampaignShape, 404, 409),
    )
    def patch(self, request: Request, slug: str, key: str) -> Response:
        changes: dict[str, Any] = checked(CampaignChanges, request.data).model_dump(
            exclude_unset=True
        )
        return self.answer(opening.change(self.campaign(key), changes, by=sender(request)))


@extend_schema(tags=["campaigns"])
class CloseCampaign(CampaignView):
    @extend_schema(
        operation_id="campaigns_close",
        summary="Close a campaign: nothing more is handed out",
        parameters=idempotent(),
        request=None,
        responses=responses(CampaignShape, 404, 409),
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        row = self.campaign(key)
        defining.close(row, by=sender(request))
        return self.answer(row)


@extend_schema(tags=["campaigns"])
class ReopenCampaign(CampaignView):
    @extend_schema(
        operation_id="campaigns_reopen",
        summary="Reopen a closed campaign",
        parameters=idempotent(),
        request=None,
        responses=responses(CampaignShape, 404, 409),
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        row = self.campaign(key)
        defining.reopen(row, by=sender(request))
        return self.answer(row)


@extend_schema(tags=["campaigns"])
class CampaignComparisons(CampaignView):
    @extend_schema(
        operation_id="campaigns_ask",
        summary="Have the raters of a campaign judge comparisons",
        description=(
            "A selection or a list. What is asked already is not asked twice; gold questions of "
            "the campaign are left out. A list comes before all selections."
        ),
        parameters=idempotent(),
        request=ComparisonsWanted,
        responses=responses(ComparisonsAsked, 404, 409),
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        wanted = checked(ComparisonsWanted, request.data)
        return reply(_asked(self.campaign(key), wanted, by=sender(request)))


def _shapes(rows: Sequence[Campaign]) -> list[CampaignShape]:
    found = progress_of(rows)
    return [CampaignShape.of(row, found[row.pk]) for row in rows]


def _asked(row: Campaign, wanted: ComparisonsWanted, *, by: User) -> ComparisonsAsked:
    if wanted.selection is None:
        named = [(item.prompt, item.competitor_a, item.competitor_b)
                 for item in wanted.comparisons]  # fmt: skip
        asked = asking.ask_listed(row, named, by=by)
        return ComparisonsAsked(added=asked.added, known=asked.known, gold=asked.gold)
    selection = select(row, wanted.selection, raters=raters_of(row.judge))
    counts = {
        "found": selection.found,
        "chosen": len(selection.chosen),
        "minutes": round(selection.minutes, 1),
    }
    if wanted.preview:
        return ComparisonsAsked(**counts)
    how = wanted.selection.model_dump(mode="json")
    asked = asking.add(row, selection.chosen, how=how, by=by)
    return ComparisonsAsked(added=asked.added, known=asked.known, gold=asked.gold, **counts)
