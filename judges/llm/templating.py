"""Prompt templates: plain text that a user can read and replace.

    === system ===            begins a message of that role (system or user)
    {{name}}                  is replaced by a value
    {{#name}} ... {{/name}}   stays only when the value is not empty

A template is taken apart once; values are put in in one pass and never looked at again, so
nothing inside a value can be mistaken for a placeholder.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent / "templates"

ROLE = re.compile(r"^=== (system|user) ===[ \t]*\n", re.MULTILINE)
TAG = re.compile(
    r"^[ \t]*\{\{([#/])(\w+)\}\}[ \t]*(?:\n|\Z)"  # a section mark alone on its line takes the line
    r"|\{\{([#/]?)(\w+)\}\}",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Part:
    """A piece of a template: literal text ("") or a tag ("=" value, "#" begin, "/" end)."""

    sort: str
    text: str


@dataclass(frozen=True)
class Template:
    """A parsed template. `name` is "custom" when its text came with the judge's params."""

    name: str
    sha256: str
    messages: tuple[tuple[str, tuple[Part, ...]], ...]

    def render(self, values: Mapping[str, str]) -> list[dict[str, str]]:
        """The chat messages {role, content}, with `values` put in. Empty ones are left out."""
        filled = ((role, _fill(parts, values).strip()) for role, parts in self.messages)
        return [{"role": role, "content": content} for role, content in filled if content]


def load(template: str, known: Collection[str], required: Collection[str]) -> Template:
    """The template that a judge's params name, or hold when the string has several lines.

    `known` are the placeholders there may be, `required` those there must be.
    Raises ValueError with what is wrong.
    """
    return _load(template, frozenset(known), frozenset(required))


def names() -> list[str]:
    """The templates that come with Arena."""
    return sorted(path.stem for path in FOLDER.glob("*.txt"))


@lru_cache(maxsize=256)
def _load(template: str, known: frozenset[str], required: frozenset[str]) -> Template:
    if "\n" in template:
        return parse("custom", template, known, required)
    if template not in names():
        raise ValueError(f"no template is called {template!r}; there are: {', '.join(names())}")
    text = (FOLDER / f"{template}.txt").read_text(encoding="utf-8")
    return parse(template, text, known, required)


def parse(name: str, text: str, known: Collection[str], required: Collection[str]) -> Template:
    """Take a template apart; ValueError says what is wrong with it."""
    head, *rest = ROLE.split(text)
    pairs = list(zip(rest[::2], rest[1::2], strict=True))
    if head.strip():
        pairs.insert(0, ("user", head))
    messages = tuple((role, _parts(body)) for role, body in pairs)
    used = {part.text for _, parts in messages for part in parts if part.sort in ("=", "#")}
    shown = {part.text for _, parts in messages for part in parts if part.sort == "="}
    if unknown := sorted(used - set(known)):
        raise ValueError(f"unknown placeholder {unknown[0]!r}; known: {', '.join(sorted(known))}")
    if missing := sorted(set(required) - shown):
        raise ValueError(f"the template never shows {', '.join(f'{{{{{m}}}}}' for m in missing)}")
    return Template(name, hashlib.sha256(text.encode()).hexdigest(), messages)


def _parts(body: str) -> tuple[Part, ...]:
    parts: list[Part] = []
    opened: list[str] = []
    position = 0
    for tag in TAG.finditer(body):
        parts.append(Part("", body[position : tag.start()]))
        position = tag.end()
        sort, name = tag[1] or tag[3] or "=", tag[2] or tag[4]
        parts.append(Part(sort, name))
        if sort == "#":
            opened.append(name)
        elif sort == "/" and (not opened or opened.pop() != name):
            raise ValueError(f"{{{{/{name}}}}} closes a section that is not open")
    if opened:
        raise ValueError(f"the section {{{{#{opened[-1]}}}}} is never closed")
    return (*parts, Part("", body[position:]))


def _fill(parts: tuple[Part, ...], values: Mapping[str, str]) -> str:
    filled: list[str] = []
    hidden: list[bool] = [False]
    for part in parts:
        if part.sort == "#":
            hidden.append(hidden[-1] or not values.get(part.text))
        elif part.sort == "/":
            hidden.pop()
        elif not hidden[-1]:
            filled.append(values.get(part.text, "") if part.sort == "=" else part.text)
    return "".join(filled)
