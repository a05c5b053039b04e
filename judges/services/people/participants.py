"""Who takes part in a campaign: members, and guests who came by a link."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.utils import timezone

from arena.common.errors import Conflict, Forbidden, NotFound
from arena.models import RANK, Role
from arena.services.tokens import digest
from judges.models import (
    Access,
    Campaign,
    Decision,
    DecisionStatus,
    Participant,
    RaterLink,
)


def campaign_of(key: str) -> Campaign:
    """The campaign with this key; NotFound when there is none."""
    found = Campaign.objects.select_related("judge__project").filter(key=key).first()
    if found is None:
        raise NotFound("there is no such campaign; perhaps the address was not copied whole")
    return found


def may_take_part(user: User | AnonymousUser, campaign: Campaign) -> bool:
    """Whether somebody who is signed in rates here as a member of the project."""
    role = campaign.judge.project.role_of(user) if user.is_authenticated else None
    return role is not None and RANK[role] >= RANK[Role.RATER]


def member(user: User, campaign: Campaign) -> Participant:
    """The participant that a member of the project is. Raises Forbidden for others."""
    found = Participant.objects.filter(campaign=campaign, user=user).first()
    if found is None:
        if not may_take_part(user, campaign):
            raise Forbidden("this campaign is for members of its project who may judge")
        found, _ = Participant.objects.get_or_create(campaign=campaign, user=user)
    return found


def guest_of(campaign: Campaign, pk: int) -> Participant | None:
    """The guest with this number, which their browser's session keeps."""
    return Participant.objects.filter(campaign=campaign, pk=pk, is_guest=True).first()


@transaction.atomic
def guest(campaign: Campaign, *, name: str = "", link: RaterLink | None = None) -> Participant:
    """A new participant without an account.

    Raises Forbidden when guests need an invitation, Conflict when there is no place for one.
    """
    if not campaign.is_open:
        raise Conflict("this campaign is over")
    if link is None and campaign.access != Access.OPEN:
        raise Forbidden("this campaign needs an invitation, or an account of its project")
    if link is not None:
        locked = RaterLink.objects.select_for_update().get(pk=link.pk)
        if locked.places is not None and locked.participants.count() >= locked.places:
            raise Conflict("all places of this invitation are taken")
    user = User(username=f"guest-{secrets.token_hex(8)}", is_active=False)
    user.set_unusable_password()
    user.save()
    return Participant.objects.create(
        campaign=campaign, user=user, name=name.strip()[:100], is_guest=True, link=link
    )


def languages_in(campaign: Campaign) -> list[str]:
    """The languages of the prompts that wait for raters or are gold, sorted; unknown left out."""
    waiting = Decision.objects.filter(judge=campaign.judge_id, status=DecisionStatus.WAITING)
    found: set[str] = set()
    for shown in (waiting, campaign.gold.filter(retired_at=None)):
        languages = shown.order_by().values_list("comparison__prompt__language", flat=True)
        found.update(languages.distinct())
    return sorted(found - {""})


def read_languages(participant: Participant, languages: Sequence[str]) -> None:
    """Keep which languages a rater reads; none means any."""
    participant.languages = list(languages)
    participant.save(update_fields=["languages"])


def begin(participant: Participant) -> None:
    """The rater has read what to do and been through the warm-up."""
    if participant.warmed_up_at is None:
        participant.warmed_up_at = timezone.now()
        participant.save(update_fields=["warmed_up_at"])


def new_link(
    campaign: Campaign,
    *,
    label: str = "",
    places: int | None = None,
    expires_at: datetime | None = None,
) -> tuple[RaterLink, str]:
    """A link and its token, which is shown once and kept nowhere."""
    token = secrets.token_urlsafe(24)
    link = RaterLink.objects.create(
        campaign=campaign,
        digest=digest(token),
        hint=token[:8],
        label=label.strip()[:100],
        places=places,
        expires_at=expires_at,
    )
    return link, token


def link_of(token: str) -> RaterLink:
    """The link of a token that may still be used. Raises NotFound, or Conflict with the reason."""
    link = (
        RaterLink.objects.select_related("campaign__judge__project")
        .filter(digest=digest(token))
        .first()
    )
    if link is None:
        raise NotFound("there is no such invitation; perhaps the address was not copied whole")
    if link.revoked_at is not None:
        raise Conflict("this invitation was withdrawn")
    if link.expires_at is not None and link.expires_at <= timezone.now():
        raise Conflict("this invitation has expired")
    if link.campaign.access == Access.MEMBERS:
        raise Conflict("this campaign is for members of its project only")
    return link
