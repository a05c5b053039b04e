"""Making and changing campaigns, with live battles as one of their settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction

from arena.models import Project
from judges.models import Campaign
from judges.services.people import defining, live

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LIVE = "is_live"


@transaction.atomic
def make(
    *,
    project: Project,
    name: str = "",
    params: Mapping[str, Any],
    settings: Mapping[str, Any],
    by: User | None,
) -> Campaign:
    """A new campaign and its judge; `is_live` among `settings` opens it for live battles.

    Both are made or neither. Raises as `defining.define` and `live.switch` do.
    """
    made = defining.define(
        project=project, name=name, params=params, settings=_others(settings), by=by
    )
    if settings.get(LIVE):
        live.switch(made, on=True, by=by)
    return made


@transaction.atomic
def change(campaign: Campaign, changes: Mapping[str, Any], *, by: User | None) -> Campaign:
    """Change what `changes` names; return the campaign as it is then.

    Raises as `defining.change` and `live.switch` do, and changes nothing then.
    """
    row = defining.change(campaign, _others(changes), by=by)
    if changes.get(LIVE, row.is_live) != row.is_live:
        live.switch(row, on=changes[LIVE], by=by)
    return row


def _others(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key != LIVE}
