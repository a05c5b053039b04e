"""How people are asked: the campaigns of a project."""

from __future__ import annotations

from enum import StrEnum

from django.db.models import QuerySet

from arena.common.errors import NotFound
from arena.models import Project
from judges.models import Campaign, Judge

_KEPT_BY_A_NEW_VERSION = (
    "title", "instructions", "thanks", "access", "deadline", "quota", "criteria", "reasons",
    "asks_strength", "shows_agreement", "gold_every", "gold_policy", "gold_share", "gold_least",
)  # fmt: skip


class State(StrEnum):
    """Whether raters are given anything."""

    OPEN = "open"
    CLOSED = "closed"
    OVER = "over"
    """Its deadline has passed."""


def create_for(judge: Judge) -> Campaign:
    """The campaign of a new judge of the kind `human`, set up as that of its last version."""
    before = Campaign.objects.filter(judge__project=judge.project_id, judge__name=judge.name)
    last = before.order_by("-judge__version").first()
    kept = {name: getattr(last, name) for name in _KEPT_BY_A_NEW_VERSION} if last else {}
    return Campaign.objects.create(judge=judge, **{"title": judge.name, **kept})


def campaigns_of(project: Project) -> QuerySet[Campaign]:
    """All campaigns of a project, newest first."""
    return Campaign.objects.filter(judge__project=project).select_related("judge__project")


def open_in(project: Project) -> list[Campaign]:
    """The campaigns of a project in which its raters may take part now."""
    return [campaign for campaign in campaigns_of(project) if campaign.is_open]


def that_ask(project: Project) -> list[Campaign]:
    """Those of them whose raters can be asked about comparisons: in live battles raters ask."""
    return [campaign for campaign in open_in(project) if not campaign.is_live]


def in_project(project: Project, key: str) -> Campaign:
    """The campaign of this project with this key; NotFound otherwise."""
    found = campaigns_of(project).filter(key=key).first()
    if found is None:
        raise NotFound(f"there is no campaign {key!r} in {project.slug}")
    return found


def state_of(campaign: Campaign) -> State:
    """Open, closed by an owner, or over because of its deadline."""
    if campaign.closed_at is not None:
        return State.CLOSED
    return State.OPEN if campaign.is_open else State.OVER
