"""Does the judge prefer answers of its own model family?"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judges.stats.bootstrap import Estimate, FloatArray, IntArray, PromptBootstrap
from judges.stats.excess import excess
from judges.stats.verdicts import Verdicts, sides

FAMILIES = {
    "alpaca": ("alpaca",),
    "baichuan": ("baichuan",),
    "bloom": ("bloom",),
    "claude": ("claude",),
    "command": ("command", "c4ai", "aya"),
    "deepseek": ("deepseek",),
    "ernie": ("ernie",),
    "exaone": ("exaone",),
    "falcon": ("falcon",),
    "gemini": ("gemini", "gemma", "bard", "palm", "text-bison", "chat-bison", "learnlm"),
    "glm": ("glm", "chatglm"),
    "gpt": ("gpt", "chatgpt", "o1", "o3", "o4", "text-davinci", "davinci"),
    "granite": ("granite",),
    "grok": ("grok",),
    "guanaco": ("guanaco",),
    "hunyuan": ("hunyuan",),
    "internlm": ("internlm",),
    "jamba": ("jamba",),
    "kimi": ("kimi", "moonshot"),
    "llama": ("llama", "meta-llama", "codellama"),
    "minimax": ("minimax", "abab"),
    "mistral": ("mistral", "mixtral", "ministral", "codestral", "magistral", "pixtral"),
    "nemotron": ("nemotron",),
    "nova": ("nova",),
    "olmo": ("olmo", "tulu"),
    "phi": ("phi",),
    "qwen": ("qwen", "qwq", "qvq"),
    "solar": ("solar",),
    "vicuna": ("vicuna",),
    "yi": ("yi",),
}
"""Of each family the beginnings of its models' names. A name of another sort belongs to none."""

_BEGINNING = {prefix: family for family, prefixes in FAMILIES.items() for prefix in prefixes}
# A beginning ends where a digit, a separator or the name does: "o1-mini", not "o1x".
_NAME = re.compile(
    rf"({'|'.join(sorted(map(re.escape, _BEGINNING), key=len, reverse=True))})(?=[^a-z]|$)"
)


@dataclass(frozen=True)
class FamilyPreference:
    """own: how often the judge prefers its own family to another; theirs: how often other judges do
    in the same comparisons; beyond: the difference. Where either names no side, nothing counts."""

    own: Estimate | None
    theirs: Estimate | None
    beyond: Estimate | None


def family_of(name: str) -> str | None:
    """The model family that a name begins with ("openai/gpt-4o-mini": gpt); None if none does."""
    found = _NAME.match(name.rsplit("/", 1)[-1].strip().lower())
    return _BEGINNING[found[1]] if found else None


def family_preference(
    boot: PromptBootstrap,
    prompt: IntArray,
    own_side: NDArray[np.int8],
    verdicts: Verdicts,
    others: FloatArray,
) -> FamilyPreference:
    """From comparisons (C,): which side is of the judge's family, its verdict, others' share for a.

    own_side: 1 where only a is of the family, -1 where only b is, 0 otherwise. others: of the
    judges of other families that named a side, the share for a; nan where none did.
    """
    own = _for_side(own_side, sides(verdicts))
    theirs = _for_side(own_side, others)
    both = ~np.isnan(own) & ~np.isnan(theirs)
    sums = boot.of_rows(prompt[both], own[both], theirs[both], np.ones(int(both.sum())))
    return FamilyPreference(
        own=sums.share(0, 2), theirs=sums.share(1, 2), beyond=excess(boot, prompt, own, theirs)
    )


def _for_side(own_side: NDArray[np.int8], for_a: FloatArray) -> FloatArray:
    return np.where(own_side == 0, np.nan, np.where(own_side > 0, for_a, 1 - for_a))
