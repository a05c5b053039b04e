"""From two scores to a verdict."""

from __future__ import annotations

from judges.contracts import Preference

LOWEST, HIGHEST = 1, 5
"""The scale of the scoring page, ends included."""


def preference_of(scores: tuple[float, float]) -> Preference:
    """What the scores of the first and the second say; both on the lowest is both bad."""
    first, second = scores
    if first == second:
        return Preference.BOTH_BAD if first == LOWEST else Preference.TIE
    return Preference.FIRST if first > second else Preference.SECOND
