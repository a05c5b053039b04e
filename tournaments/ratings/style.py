"""How an answer looks: length and Markdown, as style control counts them.

The differences are those of LMArena's style control: for length (a - b) / (a + b), for the others
the difference of densities over their sum plus one. Length is counted in characters, because
tokens are a different unit for every model and words do not exist in every script; a density
takes four characters for a token.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CODE = re.compile(r"^(?:```|~~~).*?^(?:```|~~~)[^\n]*$", re.MULTILINE | re.DOTALL)
_HEADER = re.compile(r"^ {0,3}#{1,6}[ \t]", re.MULTILINE)
_LIST_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]", re.MULTILINE)
_BOLD = re.compile(r"\*\*[^*\n]{1,500}\*\*|__[^_\n]{1,500}__")
_CHARACTERS_IN_A_TOKEN = 4.0


@dataclass(frozen=True)
class Look:
    """Of one answer. Markdown inside code blocks does not count, their length does."""

    characters: int
    headers: int
    lists: int
    bold: int


def look_of(text: str) -> Look:
    """Count, in time linear in the text."""
    prose = _CODE.sub("", text)
    return Look(
        characters=len(text),
        headers=len(_HEADER.findall(prose)),
        lists=len(_LIST_ITEM.findall(prose)),
        bold=len(_BOLD.findall(prose)),
    )


def differences(a: Look, b: Look) -> dict[str, float]:
    """{covariate: a minus b}: `length`, `headers`, `lists`, `bold`, and raw `characters`."""
    total = a.characters + b.characters
    found = {
        "characters": float(a.characters - b.characters),
        "length": (a.characters - b.characters) / total if total else 0.0,
    }
    for name in ("headers", "lists", "bold"):
        ours, theirs = _density(a, name), _density(b, name)
        found[name] = (ours - theirs) / (ours + theirs + 1.0)
    return found


def _density(look: Look, name: str) -> float:
    count: int = getattr(look, name)
    return count / (look.characters / _CHARACTERS_IN_A_TOKEN + 1.0)
