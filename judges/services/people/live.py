"""The owner's side of live battles: who speaks, where raters may ask, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from arena.common.errors import Conflict, InvalidInput, NotFound
from arena.datasets.records import field_faults
from arena.models import Competitor, Project
from arena.services import audit
from judges.models import Battle, Campaign, Speaker
from judges.services import endpoints
from judges.services.evidence import raters_of
from judges.services.people import campaigns, defining
from judges.services.people.battles import DROPPED, speakers_of
from judges.services.people.places import waiting_in
from judges.services.people.speaking import Voice, asking, question_to, wait_for

if TYPE_CHECKING:
    from django.contrib.auth.models import User

TRIAL_SECONDS = 60.0
LEAST_SPEAKERS = 2

Name = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$"
    ),
]


class SpeakerSettings(BaseModel):
    """How a competitor is asked."""

    model_config = ConfigDict(extra="forbid")

    competitor: Name = Field(description="made where it is new")
    endpoint: Name = Field(description="an endpoint of the project")
    model: str = Field("", max_length=200, pattern=r"^[^\x00-\x1f]*$", description="if not its own")
    system: str = Field("", max_length=20_000, pattern=r"^[^\x00]*$", description="system message")
    temperature: float | None = Field(None, ge=0, le=2, allow_inf_nan=False)
    max_tokens: int = Field(2048, ge=1, le=32_768, description="of a reply, thinking included")


def all_speakers(project: Project) -> QuerySet[Speaker]:
    """Every competitor that was ever set up to be asked; those that take part come first."""
    rows = Speaker.objects.filter(competitor__project=project)
    in_order = rows.order_by(F("retired_at").desc(nulls_first=True), "competitor__name")
    return in_order.select_related("competitor", "endpoint__project")


def speaker_of(project: Project, pk: int) -> Speaker:
    """A speaker of this project; NotFound otherwise."""
    found = all_speakers(project).filter(pk=pk).first()
    if found is None:
        raise NotFound("there is no such speaker in this project")
    return found


@transaction.atomic
def set_up(project: Project, settings: Mapping[str, Any], *, by: User | None) -> Speaker:
    """Let a competitor take part, or change how it is asked; a retired one comes back.

    Raises InvalidInput for bad settings; Conflict when another model would answer under the name
    of one that raters have voted on, or that is in a battle at this moment.
    """
    given = _checked(settings)
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    try:
        endpoint = endpoints.named(project, given.endpoint)
    except NotFound as error:
        raise InvalidInput(error.message, {"endpoint": "is not known"}) from None
    model = "" if given.model.strip() == endpoint.model else given.model.strip()
    if not (model or endpoint.model):
        raise InvalidInput("which model?", {"model": "is needed: the endpoint names none"})
    competitor, _ = Competitor.objects.get_or_create(project=project, name=given.competitor)
    asked = {**given.model_dump(exclude={"competitor", "endpoint"}), "endpoint": endpoint}
    # Locked: a battle that begins with it waits, and then reads how it is asked.
    before = Speaker.objects.select_for_update().filter(competitor=competitor).first()
    if before is not None:
        _check_same(before, {**asked, "model": model})
    row, made = Speaker.objects.update_or_create(
        competitor=competitor, defaults={**asked, "model": model, "retired_at": None}
    )
    act = "speaker.set_up" if made else "speaker.changed"
    audit.record(project, by, act, competitor.name, endpoint=endpoint.name)
    return row


@transaction.atomic
def retire(speaker: Speaker, *, by: User | None) -> None:
    """Let a competitor take part no more; what raters said of it stays."""
    still = Speaker.objects.filter(pk=speaker.pk, retired_at=None)
    if still.update(retired_at=timezone.now()):
        audit.record(speaker.competitor.project, by, "speaker.retired", speaker.competitor.name)


def attempt(speaker: Speaker, text: str) -> Voice:
    """What a speaker answers to an owner's message; nothing of it is kept."""
    question = question_to(speaker, [{"role": "user", "content": text}])
    with asking([question], TRIAL_SECONDS) as voices:
        wait_for(voices)
    return voices[0]


def overview(project: Project) -> QuerySet[Campaign]:
    """The campaigns that are live or had battles, with counts: `voted`, `flagged`, `dropped`."""
    voted = Q(battles__answer__isnull=False)
    rows = campaigns.campaigns_of(project).annotate(
        voted=Count("battles", filter=voted),
        flagged=Count("battles", filter=voted & ~Q(battles__flag="")),
        dropped=Count("battles", filter=Q(battles__flag=DROPPED)),
    )
    return rows.filter(Q(is_live=True) | Exists(Battle.objects.filter(campaign=OuterRef("pk"))))


def flagged(project: Project, most: int = 50) -> list[Battle]:
    """The last battles whose votes were left out because an answer names itself."""
    rows = Battle.objects.filter(campaign__judge__project=project, answer__isnull=False)
    left_out = rows.exclude(flag="").order_by("-answered_at")
    return list(
        left_out.select_related("campaign", "first__competitor", "second__competitor")[:most]
    )


@transaction.atomic
def begin(project: Project, title: str, access: str, *, by: User | None) -> Campaign:
    """Make a campaign of live battles, with its judge. Raises as `define` and `switch` do."""
    made = defining.define(
        project=project,
        params={"raters": 1, "page": "pairs"},
        settings={"title": title, "access": access},
        by=by,
    )
    switch(made, on=True, by=by)
    return made


@transaction.atomic
def switch(campaign: Campaign, *, on: bool, by: User | None) -> None:
    """Let raters of a campaign ask prompts of their own, or hand out comparisons again.

    Raises Conflict when its votes could not decide anything, or nobody could answer.
    """
    if on and raters_of(campaign.judge) != 1:
        raise Conflict("a battle has one rater: this needs a campaign with one rater each")
    if on and campaign.judge.params.get("page", "pairs") != "pairs":
        raise Conflict("this needs a campaign whose raters see two answers side by side")
    if on and speakers_of(campaign.judge.project).count() < LEAST_SPEAKERS:
        raise Conflict("set up two competitors first that can be asked")
    if on and waiting_in(campaign).exists():
        raise Conflict("comparisons wait for people here: a live campaign hands out none")
    if Campaign.objects.filter(pk=campaign.pk, is_live=not on).update(is_live=on):
        act = "campaign.live" if on else "campaign.not_live"
        audit.record(campaign.judge.project, by, act, campaign.title)
    campaign.is_live = on


def _checked(settings: Mapping[str, Any]) -> SpeakerSettings:
    try:
        return SpeakerSettings.model_validate(dict(settings))
    except ValidationError as error:
        raise InvalidInput("the speaker is not valid", dict(field_faults(error))) from None


def _check_same(row: Speaker, asked: Mapping[str, Any]) -> None:
    """One competitor, one way to answer: votes on what was another would be mixed."""
    changed = [name for name, value in asked.items() if getattr(row, name) != value]
    if not changed:
        return
    met = Battle.objects.filter(Q(first=row) | Q(second=row))
    if any(battle.is_under_way for battle in met.filter(answered_at=None)):
        raise Conflict(
            f"a rater is in a battle with {row.competitor.name}: set up a competitor of another "
            "name, or wait until it is over",
            dict.fromkeys(changed, "cannot be changed at this moment"),
        )
    if met.filter(answer__isnull=False).exists():
        raise Conflict(
            f"raters have voted on {row.competitor.name} as it is: set up a competitor of another "
            "name",
            dict.fromkeys(changed, "cannot be changed any more"),
        )
