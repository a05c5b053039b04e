"""Template filters: how the settings of a rating are written."""

from __future__ import annotations

from django import template

from tournaments.models import RatingRun

register = template.Library()


@register.filter
def settings_in_words(run: RatingRun) -> list[tuple[str, str]]:
    """(name, value) of all that the method was told and chose, in its own order."""
    return [
        (name.replace("_", " ").capitalize(), f"{value:g}" if isinstance(value, float) else value)
        for name, value in run.settings.items()
    ]
