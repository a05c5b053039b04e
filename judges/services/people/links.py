"""Invitation links of a campaign, for raters without an account. Every act is logged."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from arena.common.errors import Conflict, InvalidInput, NotFound
from arena.services import audit
from judges.models import Access, Campaign, Participant, RaterLink
from judges.services.people import participants

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_PLACES = 100_000


def links_of(campaign: Campaign) -> QuerySet[RaterLink]:
    """All links, newest first, each with the participants who came by it."""
    joined = Prefetch("participants", Participant.objects.select_related("user"))
    return campaign.links.prefetch_related(joined)


@transaction.atomic
def make(
    campaign: Campaign,
    *,
    label: str = "",
    places: int | None = None,
    expires_at: datetime | None = None,
    by: User | None,
) -> tuple[RaterLink, str]:
    """A link and its token, which is shown once. Raises InvalidInput for bad places or expiry,
    Conflict where only members may take part."""
    if campaign.access == Access.MEMBERS:
        raise Conflict(
            "only members may take part in this campaign: let those with an invitation in first",
            {"access": "is members"},
        )
    if places is not None and not 1 <= places <= MOST_PLACES:
        raise InvalidInput(
            "the link is not valid", {"places": f"must be from 1 to {MOST_PLACES:,}"}
        )
    if expires_at is not None and expires_at <= timezone.now():
        raise InvalidInput("the link is not valid", {"expires_at": "is in the past"})
    label = label.replace("\x00", "")
    link, token = participants.new_link(campaign, label=label, places=places, expires_at=expires_at)
    audit.record(
        campaign.judge.project, by, "rater_link.created", campaign.title,
        label=link.label, places=places,
    )  # fmt: skip
    return link, token


@transaction.atomic
def revoke(campaign: Campaign, pk: int, *, by: User | None) -> None:
    """Let nobody else in by this link; who came by it stays. Again, it changes nothing."""
    found = campaign.links.select_for_update().filter(pk=pk).first()
    if found is None:
        raise NotFound("there is no such link")
    if found.revoked_at is None:
        found.revoked_at = timezone.now()
        found.save(update_fields=["revoked_at"])
        audit.record(
            campaign.judge.project, by, "rater_link.revoked", campaign.title, label=found.label
        )


def standing(link: RaterLink) -> str:
    """Whether it lets somebody in, in a word: open, full, expired or revoked."""
    if link.revoked_at is not None:
        return "revoked"
    if link.expires_at is not None and link.expires_at <= timezone.now():
        return "expired"
    if link.places is not None and len(link.participants.all()) >= link.places:
        return "full"
    return "open"
