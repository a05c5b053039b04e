"""Campaigns, gold questions, links and raters as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel

from judges.models import Campaign, GoldQuestion, RaterLink
from judges.services.people.defining import CampaignSettings, settings_of
from judges.services.people.links import standing
from judges.services.people.progress import Progress
from judges.services.people.roster import RaterRow


class CampaignProgress(BaseModel):
    """How far it is. `needed` judgments are still to be made; `pace` is judgments a day, over the
    last 7 days; `ends_at` is when they will be made at that pace."""

    decided: int
    undecided: int
    waiting: int
    judgments: int
    raters: int
    needed: int
    pace: float | None
    ends_at: datetime | None


class CampaignShape(CampaignSettings):
    """A campaign. `raters` and `page` are params of its judge and frozen; `state` is open, closed
    or over (past its deadline)."""

    key: str
    judge: str
    judge_version: int
    is_current: bool
    raters: int
    page: str
    is_live: bool
    state: str
    progress: CampaignProgress
    created_at: datetime
    closed_at: datetime | None

    @classmethod
    def of(cls, row: Campaign, progress: Progress) -> Self:
        """The row with how far it is."""
        counts = {name: getattr(progress, name) for name in CampaignProgress.model_fields}
        return cls(
            **settings_of(row),
            key=row.key,
            judge=row.judge.name,
            judge_version=row.judge.version,
            is_current=row.judge.is_current,
            raters=progress.raters_each,
            page=row.judge.params.get("page", "pairs"),
            is_live=row.is_live,
            state=progress.state,
            progress=CampaignProgress(**counts),
            created_at=row.created_at,
            closed_at=row.closed_at,
        )


class GoldShape(BaseModel):
    """A gold question in terms of its competitors a and b, and how raters answered it."""

    id: int
    prompt: str
    competitor_a: str
    competitor_b: str
    expected: str
    explanation: str
    warm_up: bool
    answered: int
    right: int
    is_also_asked: bool
    retired_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, row: GoldQuestion) -> Self:
        """A row of `gold_of`."""
        return cls(
            id=row.pk,
            prompt=row.comparison.prompt.key,
            competitor_a=row.comparison.output_a.competitor.name,
            competitor_b=row.comparison.output_b.competitor.name,
            expected=row.expected,
            explanation=row.explanation,
            warm_up=row.is_warm_up,
            answered=row.answered,  # type: ignore[attr-defined]  # annotated
            right=row.right,  # type: ignore[attr-defined]
            is_also_asked=row.is_also_asked,  # type: ignore[attr-defined]
            retired_at=row.retired_at,
            created_at=row.created_at,
        )


class RaterLinkShape(BaseModel):
    """An invitation link without its token; `state` is open, full, expired or revoked."""

    id: int
    label: str
    hint: str
    state: str
    places: int | None
    joined: int
    expires_at: datetime | None
    revoked_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, row: RaterLink) -> Self:
        """A row of `links_of`."""
        return cls(
            id=row.pk,
            label=row.label,
            hint=row.hint,
            state=standing(row),
            places=row.places,
            joined=len(row.participants.all()),
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            created_at=row.created_at,
        )


class RaterShape(BaseModel):
    """A rater in a campaign; gold questions of the warm-up do not count."""

    id: int
    name: str
    is_guest: bool
    link: int | None
    languages: list[str]
    judged: int
    skipped: int
    gold_answered: int
    gold_right: int
    is_quarantined: bool
    joined_at: datetime
    seen_at: datetime
    stopped_at: datetime | None
    stopped_why: str

    @classmethod
    def of(cls, row: RaterRow) -> Self:
        """A row of the roster."""
        who = row.participant
        return cls(
            id=who.pk,
            name=row.name,
            is_guest=who.is_guest,
            link=who.link_id,
            languages=who.languages,
            judged=row.judged,
            skipped=row.skipped,
            gold_answered=row.gold.answered,
            gold_right=row.gold.right,
            is_quarantined=row.is_quarantined,
            joined_at=who.joined_at,
            seen_at=row.seen_at,
            stopped_at=who.stopped_at,
            stopped_why=who.stopped_why,
        )
