"""Template filters: how the settings of a rating are written."""

from __future__ import annotations

from django import template

from tournaments.models import RatingRun

register = template.Library()

NAMES = {
    "scale": "Points per unit of log-odds",
    "centre": "Centred at",
    "unit": "Unit of the intervals",
    "prior_games": "Weight of the prior, in games",
    "bootstrap": "Bootstrap resamples",
    "style_control": "Style held level",
    "position": "Advantage of being shown first",
    "judge_effects": "Effects of judges",
    "response_effects": "Effects of single answers",
    "graded": "Graded verdicts",
    "spread_of_slices": "Spread of slices about the whole",
}
VALUES = {
    ("position", "ignore"): "not estimated",
    ("position", "common"): "estimated",
    ("judge_effects", False): "not estimated",
    ("judge_effects", True): "estimated",
    ("response_effects", False): "not estimated",
    ("response_effects", True): "estimated",
    ("response_effects", "auto"): "where a plain fit would be biased",
    ("response_effects", "always"): "estimated",
    ("response_effects", "never"): "not estimated",
    ("graded", "auto"): "where one judge says of nine wins of ten how clear they are",
    ("graded", "never"): "not used",
}


@register.filter
def settings_in_words(run: RatingRun) -> list[tuple[str, str]]:
    """(name, value) of all that the method was told and chose, in its own order."""
    return [
        (NAMES.get(name) or name.replace("_", " ").capitalize(), _value(name, value))
        for name, value in run.settings.items()
    ]


def _value(name: str, value: object) -> str:
    if name == "confidence" and isinstance(value, float):
        return f"{100 * value:g} %"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "nothing"
    if isinstance(value, str | bool) and (name, value) in VALUES:
        return VALUES[name, value]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return "none" if value in (None, "") else str(value)
