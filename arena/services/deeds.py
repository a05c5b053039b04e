"""Entries of the log as sentences.

A sentence is put together of parts with the entry's fields in braces: `subject`, and its details.
A part is left out when one of its fields is missing or empty. After a colon stands how a field is
written: `{role:a}` as "an editor", `{count:comparison}` as "3 comparisons".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from string import Formatter
from typing import Any

from arena.models import AuditEntry

Fields = Mapping[str, Any]
Sentence = Callable[[Fields], str]

LONGEST = 200
"""Characters of a detail."""

_sentences: dict[str, Sentence] = {}


class _Words(Formatter):
    """Writes a field as words."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec == "a":
            return f"{'an' if str(value)[:1] in 'aeiou' else 'a'} {value}"
        if format_spec:
            return f"{value:,} {format_spec}{'' if value == 1 else 's'}"
        words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"


_WORDS = _Words()


def of_parts(*parts: str) -> Sentence:
    """A sentence of these parts, without those of which a field is missing."""

    def said(fields: Fields) -> str:
        known = {name: value for name, value in fields.items() if value not in (None, "", [])}
        return "".join(_WORDS.format(part, **known) for part in parts if _needs(part) <= set(known))

    return said


def _needs(part: str) -> set[str]:
    return {name for _, name, _, _ in _WORDS.parse(part) if name}


def teach(sentences: Mapping[str, Sentence]) -> None:
    """Let acts be told in these sentences; each begins with a verb."""
    _sentences.update(sentences)


def is_told(act: str) -> bool:
    """Whether there is a sentence for an act."""
    return act in _sentences


def told(entry: AuditEntry) -> str:
    """What was done, as a sentence without who did it and without a full stop.

    An act that nobody has words for is told by its name, with all of its details.
    """
    fields = {**entry.details, "subject": entry.subject}
    plain = _plain(entry.act, entry.details)
    said = _sentences.get(entry.act, plain)(fields) or plain(fields)
    return said[:1].upper() + said[1:]


def _plain(act: str, details: Fields) -> Sentence:
    act, *names = (name.replace(".", " ").replace("_", " ") for name in (act, *details))
    parts = [f"; {words}: {{{name}}}" for words, name in zip(names, details, strict=True)]
    return of_parts(act, " {subject}", *parts)


teach(
    {
        "project.created": of_parts("created the project {subject}"),
        "project.changed": of_parts("changed the project's {subject}"),
        "project.made_private": of_parts("made the project private", ", with {subject} as owner"),
        "member.added": of_parts("added {subject}", " as {role:a}"),
        "member.joined": of_parts(
            "joined the project", " as {role:a}", ", by the invitation #{invitation}"
        ),
        "member.role_changed": of_parts(
            "made {subject} {role:a}", ", who was {former:a}", ", by the invitation #{invitation}"
        ),
        "member.removed": of_parts("removed {subject}", ", who was {role:a}"),
        "member.left": of_parts("left the project", ", as {role:a} of it"),
        "invitation.created": of_parts(
            "made the invitation {subject}", ", as {role:a}", ", for {days:day}",
            ", for {max_uses:account}",
        ),
        "invitation.revoked": of_parts("withdrew the invitation {subject}"),
    }
)  # fmt: skip
