"""What was estimated beside the strengths, in words and numbers that need no statistics."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LOOKS = {
    "length": "The longer answer",
    "headers": "The answer with more headers",
    "lists": "The answer with more lists",
    "bold": "The answer with more bold text",
}
EVEN = 50.0


@dataclass(frozen=True)
class Told:
    """An effect as it is told. value, low, high: in `unit`; low and high None without interval.

    in_percent: it can be drawn on a scale from 0 to 100. even: there 50 is no effect.
    """

    title: str
    text: str
    value: float
    low: float | None
    high: float | None
    in_percent: bool
    even: bool = False


def told(effects: Sequence[Mapping[str, Any]]) -> list[Told]:
    """The effects that a rating run keeps, in their order."""
    return [_told(effect) for effect in effects]


def _told(effect: Mapping[str, Any]) -> Told:
    """By the name that the rating methods give, which may end with the name of a judge."""
    name, _, judge = str(effect["name"]).partition(", ")
    if name in LOOKS or name == "first position":
        return _of_equals(name, judge, effect)
    if name == "discrimination":
        return _told_sharpness(judge, effect)
    if name == "threshold":
        return _told_threshold(effect)
    if name == "ties between equals":
        return _told_ties(judge, effect)
    if name == "noise in the answers":
        text = "Of what makes a verdict differ from the order of the competitors, this share is the"
        return _percent("Answers", f"{text} answer of that prompt; the rest is the judge.", effect)
    title, text = str(effect["name"]), str(effect["meaning"])
    return Told(_opened(title), f"{_opened(text)}.", *_numbers(effect), in_percent=False)


def _opened(words: str) -> str:
    """With a capital letter first; names further on keep theirs."""
    return words[:1].upper() + words[1:]


def _of_equals(name: str, judge: str, effect: Mapping[str, Any]) -> Told:
    """Log-odds as how often the favoured side would win if both were equally good."""
    value, low, high = (None if x is None else _chance(x) for x in _numbers(effect))
    assert value is not None
    who = LOOKS.get(name, "The answer that is shown first")
    title = name.capitalize() if name in LOOKS else "Shown first"
    if judge:
        title, who = f"Shown first, {judge}", f"Before {judge} the answer that is shown first"
    text = f"{who} wins this share of comparisons between equals"
    if low is not None and high is not None and low <= EVEN <= high:
        text += "; that may be no effect at all"
    return Told(title, f"{text}.", value, low, high, in_percent=True, even=True)


def _told_threshold(effect: Mapping[str, Any]) -> Told:
    """Of two equals each wins with the chance of minus the threshold; the rest are ties."""
    value, low, high = (None if x is None else 100.0 - 2.0 * _chance(-x) for x in _numbers(effect))
    assert value is not None
    text = "Two equally good competitors tie in this share of games: neither leads by enough."
    return Told("Ties", text, value, low, high, in_percent=True)


def _told_ties(judge: str, effect: Mapping[str, Any]) -> Told:
    if judge:
        text = f"{judge} ties two equally good competitors in this share of comparisons."
        return _percent(f"Ties, {judge}", text, effect)
    return _percent("Ties", "Two equally good competitors tie in this share of games.", effect)


def _chance(log_odds: float) -> float:
    """In per cent; log-odds beyond 700 are as good as certain."""
    return 100.0 / (1.0 + math.exp(-min(max(log_odds, -700.0), 700.0)))


def _told_sharpness(judge: str, effect: Mapping[str, Any]) -> Told:
    value, low, high = _numbers(effect)
    than = "The average judge is 1"
    if low is not None and low > 1:
        than = "It tells good from bad more sharply than the average judge, which is 1"
    elif high is not None and high < 1:
        than = "It tells good from bad less sharply than the average judge, which is 1"
    return Told(f"Sharpness of {judge}", f"{than}.", value, low, high, in_percent=False)


def _percent(title: str, text: str, effect: Mapping[str, Any]) -> Told:
    value, low, high = (None if x is None else 100 * x for x in _numbers(effect))
    assert value is not None
    return Told(title, text, value, low, high, in_percent=True)


def _numbers(effect: Mapping[str, Any]) -> tuple[float, float | None, float | None]:
    return effect["value"], effect["ci_low"], effect["ci_high"]
