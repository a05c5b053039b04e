"""Making campaigns, and changing, closing and reopening them. Every act is logged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Self

from django.db import transaction
from django.utils import timezone
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from arena.common.errors import Conflict, InvalidInput
from arena.datasets.records import fault, field_faults
from arena.models import Project
from arena.services import audit
from judges.models import Access, Campaign, GoldPolicy
from judges.services import judges
from judges.services.people.campaigns import State, state_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_NAME = 100
FROZEN = ("raters", "page")
"""Params of the judge: they make the verdict, so other ones make another version of it."""

Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=r"^[^\x00]*$"),
]
Words = Annotated[str, StringConstraints(max_length=20_000, pattern=r"^[^\x00]*$")]
Whole = Annotated[int, Field(ge=1, le=1_000_000)]


class Criterion(BaseModel):
    """One of the questions that raters vote on beside the verdict."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="names it in exports")
    label: Line = Field(description="what raters read")


class CampaignSettings(BaseModel):
    """All of a campaign that may be changed while people judge."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[Line, StringConstraints(max_length=200)] = Field(description="raters read it")
    instructions: Words = Field("", description="Markdown, for raters")
    thanks: Words = Field("", description="Markdown, at the end of a session")
    access: Access = Field(
        Access.MEMBERS, description="who may take part: members, invited by link, or everybody"
    )
    deadline: AwareDatetime | None = Field(None, description="nothing is handed out after it")
    quota: Whole | None = Field(None, description="comparisons a rater, at most")
    criteria: list[Criterion] = Field(
        default_factory=list, max_length=12, description="voted on one by one, beside the verdict"
    )
    reasons: list[Line] = Field(
        default_factory=list, max_length=20, description="short texts to choose from"
    )
    asks_strength: bool = Field(False, description="slightly or much better")
    shows_agreement: bool = Field(
        False, description="raters learn how often others agreed with them"
    )
    gold_every: int | None = Field(
        None, ge=2, le=1000, description="one gold question among so many; null: none"
    )
    gold_policy: GoldPolicy = Field(
        GoldPolicy.SHOW, description="what happens to a rater below `gold_share`"
    )
    gold_share: float = Field(0.6, ge=0, le=1, description="of gold answered as expected, at least")
    gold_least: int = Field(
        4, ge=1, le=1000, description="gold answers before anybody is held to it"
    )

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        keys = [item.key for item in self.criteria]
        if len(keys) != len(set(keys)):
            raise fault("criteria", "names a key twice")
        if len(self.reasons) != len(set(self.reasons)):
            raise fault("reasons", "names a reason twice")
        return self


@transaction.atomic
def define(
    *,
    project: Project,
    name: str = "",
    params: Mapping[str, Any],
    settings: Mapping[str, Any],
    by: User | None,
) -> Campaign:
    """Define a judge of the kind `human` and its campaign.

    Without a `name` the judge is called by the title. Raises InvalidInput for bad params or
    settings, Conflict where there is a judge of this name.
    """
    given = _checked(settings)
    name = name.strip() or given.title[:MAX_NAME].strip()
    if project.judges.filter(name=name).exists():
        raise Conflict(
            f"there is a judge called {name!r}; choose another name, or define a new version of it",
            {"name": "is taken"},
        )
    judge = judges.define(project=project, name=name, kind="human", params=params)
    campaign: Campaign = judge.campaign
    _write(campaign, given)
    audit.record(project, by, "campaign.created", campaign.title, judge=str(judge))
    return campaign


@transaction.atomic
def change(campaign: Campaign, changes: Mapping[str, Any], *, by: User | None) -> Campaign:
    """Change what `changes` names; return the campaign as it is then.

    Raises InvalidInput for bad settings, Conflict for params of the judge, which are frozen.
    """
    locked = Campaign.objects.select_for_update(of=("self",), no_key=True)
    row = locked.select_related("judge__project").get(pk=campaign.pk)
    _refuse_frozen(row, changes)
    before = settings_of(row)
    wanted = {name: value for name, value in changes.items() if name not in FROZEN}
    given = _checked({**before, **wanted})
    after = given.model_dump()
    changed = [name for name in after if after[name] != before[name]]
    if changed:
        _write(row, given)
        audit.record(row.judge.project, by, "campaign.changed", row.title, changed=list(changed))
    return row


@transaction.atomic
def close(campaign: Campaign, *, by: User | None) -> None:
    """Hand out nothing more; what raters hold they may still answer. Raises Conflict if closed."""
    still_open = Campaign.objects.filter(pk=campaign.pk, closed_at=None)
    if not still_open.update(closed_at=timezone.now()):
        raise Conflict("this campaign is closed already")
    campaign.refresh_from_db()
    audit.record(campaign.judge.project, by, "campaign.closed", campaign.title)


@transaction.atomic
def reopen(campaign: Campaign, *, by: User | None) -> None:
    """Hand out comparisons again. Raises Conflict when it is not closed, or past its deadline."""
    row = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    if row.deadline is not None and row.deadline <= timezone.now():
        raise Conflict("its deadline has passed: set a later one, or none", {"deadline": "is over"})
    if state_of(row) is not State.CLOSED:
        raise Conflict("this campaign is open already")
    Campaign.objects.filter(pk=row.pk).update(closed_at=None)
    campaign.refresh_from_db()
    audit.record(campaign.judge.project, by, "campaign.reopened", campaign.title)


def settings_of(campaign: Campaign) -> dict[str, Any]:
    """The settings of a campaign by name."""
    return {name: getattr(campaign, name) for name in CampaignSettings.model_fields}


def _checked(settings: Mapping[str, Any]) -> CampaignSettings:
    try:
        return CampaignSettings.model_validate(dict(settings))
    except ValidationError as error:
        raise InvalidInput("the campaign is not valid", dict(field_faults(error))) from None


def _refuse_frozen(campaign: Campaign, changes: Mapping[str, Any]) -> None:
    params = campaign.judge.params
    frozen = [name for name in FROZEN if name in changes and changes[name] != params.get(name)]
    if frozen:
        raise Conflict(
            f"{' and '.join(frozen)} cannot be changed, because verdicts rest on it: define a new "
            f"version of the judge {campaign.judge.name}, which gets a campaign set up as this one",
            dict.fromkeys(frozen, "is frozen"),
        )


def _write(campaign: Campaign, given: CampaignSettings) -> None:
    for name, value in given.model_dump().items():
        setattr(campaign, name, _plain(value))
    campaign.save(update_fields=list(CampaignSettings.model_fields))


def _plain(value: object) -> object:
    """Choices as plain texts: what the row reads back from the database."""
    return value.value if isinstance(value, Access | GoldPolicy) else value
