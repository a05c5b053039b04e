"""What the share of noise in the answers means for whoever plans the next calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tournaments.ratings.noise_share import FEWEST_PROMPTS

MOSTLY_ANSWERS = 0.5
MOSTLY_JUDGE = 0.2
TOO_WIDE = 0.5


@dataclass(frozen=True)
class Told:
    """percent: of the noise in the answers, with its interval; None where it is not known."""

    text: str
    percent: float | None
    low: float | None
    high: float | None

    @property
    def rest(self) -> float:
        return 100.0 - (self.percent or 0.0)


def told(noise: Mapping[str, Any]) -> Told:
    """A run's `noise` for a page."""
    if noise.get("share") is None:
        return Told(in_words(noise), None, None, None)
    share, low, high = (round(100 * noise[name], 1) for name in ("share", "ci_low", "ci_high"))
    return Told(in_words(noise), share, low, high)


def in_words(noise: Mapping[str, Any]) -> str:
    """A run's `noise` in two sentences: what is known, and what to do about it."""
    if noise.get("share") is None:
        return f"Not known: {_why(noise)} {_what_gives_it()}"
    return f"{_finding(noise)} {_advice(noise['ci_low'], noise['ci_high'])}"


def _finding(noise: Mapping[str, Any]) -> str:
    share, low, high = (round(100 * noise[name]) for name in ("share", "ci_low", "ci_high"))
    return (
        f"{share} % ({low} to {high} %) of what blurs a verdict is in the answers of that prompt;"
        f" the rest is the judge. From {noise['comparisons']:,} comparisons on"
        f" {noise['prompts']:,} prompts that were judged more than once."
    )


def _advice(low: float, high: float) -> str:
    """What holds for every share of the interval; nothing where it says too little."""
    if low >= MOSTLY_ANSWERS:
        return (
            "Another prompt tells far more than asking again about the same answers, and a"
            " knock-out rests on lucky answers: spread the calls over prompts."
        )
    if high <= MOSTLY_JUDGE:
        return (
            "Asking again about the same answers tells nearly as much as another prompt, so few"
            " prompts go far."
        )
    if high - low > TOO_WIDE:
        return "That is too wide to plan by: more prompts with repeated calls narrow it."
    return "Asking again about the same answers helps, but another prompt tells more."


def _why(noise: Mapping[str, Any]) -> str:
    if not noise.get("comparisons"):
        return "no judge was asked twice about the same answers."
    return f"only {noise['prompts']} prompts had repeated calls; it takes {FEWEST_PROMPTS}."


def _what_gives_it() -> str:
    return (
        f"A judge with both orders, or with more than one sample, gives it from {FEWEST_PROMPTS}"
        " prompts on."
    )
