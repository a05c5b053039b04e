"""The fake endpoint for protocols of several calls: replies in whatever form a call asks for.

The form is known by the JSON schema of the request; a call without one gets plain words. Judges by
the `quality=0.7` marks in the answers (on the scale of the schema), and for cross-examination by
the words of the document: a question asks whether it holds a word, a control asks for one that
nothing holds.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any

from tests.fakes.openai_server import Canned, Connection, FakeOpenAI, quality

FENCED = re.compile(
    r"<<<(?P<label>[^<>\n]+?) (?P<mark>[0-9a-f]{12})>>>\n(?P<text>.*?)\n"
    r"<<<END (?P=label) (?P=mark)>>>",
    re.DOTALL,
)
WORD = re.compile(r"\w{4,}")
ASKED = re.compile(r"^\d+\. Does it hold (\w+)\?$", re.MULTILINE)
ANGLES = ("Truth", "Use", "Depth", "Clarity", "Tone", "Brevity", "Care", "Order")

Fences = dict[str, str]
Schema = dict[str, Any]


class FakeProtocols(FakeOpenAI):
    """`yes_only`: every question gets YES. `change` may alter what a form is answered with: a dict
    before it becomes JSON, or a text."""

    def __init__(
        self,
        port: int = 0,
        yes_only: bool = False,
        change: Callable[[Any, Fences], Any] | None = None,
        **behaviour: Any,
    ) -> None:
        super().__init__(port, **behaviour)
        self.yes_only = yes_only
        self.change = change

    async def listen(self) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: ProtocolConnection(self), "127.0.0.1", self.port, backlog=4096
        )
        self.port = server.sockets[0].getsockname()[1]
        return server


class ProtocolConnection(Connection):
    """Behaves as the pairwise server does, faults included, but for the words of a reply."""

    server: FakeProtocols

    def react(self, request: dict[str, Any]) -> Canned:
        reply = super().react(request)
        if reply.body is not None or reply.drop or reply.hang or "seeded judge" not in reply.text:
            return reply
        fences = fenced(request["messages"])
        found = self.said(schema_of(request), fences)
        if self.server.change is not None:
            found = self.server.change(found, fences)
        return Canned(text=found if isinstance(found, str) else json.dumps(found))

    def said(self, schema: Schema, fences: Fences) -> Any:
        """The reply in the form that is asked for, known by one of its fields."""
        fields = schema.get("properties", {})
        forms: dict[str, Callable[[], Any]] = {
            "ranking": lambda: {
                "checklist": ["true"],
                "reason": "By quality.",
                "ranking": ranking(fences),
            },
            "angles": lambda: {"angles": [f"{name}: is it there?" for name in ANGLES]},
            "questions": lambda: questions(fences["DOCUMENT"]),
            "answers": lambda: {"answers": self.answers(fences)},
            "score": lambda: scores(fields, fences),
            "score_a": lambda: scores(fields, fences),
            "verdict": lambda: {
                "reason": "By quality.",
                "verdict": verdict(fields["verdict"]["enum"], fences),
            },
        }
        for field, reply in forms.items():
            if field in fields:
                return reply()
        return f"I see {len(fences)} pieces, and answer A is of quality {grade(fences, 'A')}."

    def answers(self, fences: Fences) -> dict[str, str]:
        asked = ASKED.findall(fences["QUESTIONS"])
        held = set(WORD.findall(fences["DOCUMENT"].casefold()))
        said = ["YES" if self.server.yes_only or word in held else "IDK" for word in asked]
        return {str(number): one for number, one in enumerate(said, start=1)}


def schema_of(request: dict[str, Any]) -> Schema:
    """The JSON schema of a request; empty without one."""
    found = request.get("response_format", {}).get("json_schema", {}).get("schema", {})
    return found if isinstance(found, dict) else {}


def fenced(messages: list[dict[str, Any]]) -> Fences:
    """{label: text} by the last mark: one that content cannot come after."""
    found = list(FENCED.finditer("\n".join(str(m["content"]) for m in messages)))
    fences: Fences = {}
    for fence in found:
        if fence["mark"] == found[-1]["mark"]:
            fences[fence["label"]] = fences.get(fence["label"], "") + fence["text"]
    return fences


def grade(fences: Fences, name: str) -> float:
    """The quality of an answer, all its turns together."""
    shown = re.compile(rf"ANSWER {name}\b" if name else "ANSWER$")
    turns = [text for label, text in fences.items() if shown.match(label)]
    return quality("\n".join(turns))


def scores(fields: Schema, fences: Fences) -> dict[str, Any]:
    """All scores on the scale that the schema gives, with all texts that it asks for."""
    said: dict[str, Any] = {}
    for field, described in fields.items():
        if not field.startswith("score"):
            said[field] = "As its quality says."
            continue
        share = min(1.0, grade(fences, field.removeprefix("score").removeprefix("_").upper()))
        low, *_, high = described["enum"]
        score = low + (high - low) * share
        said[field] = round(score) if described.get("type") == "integer" else round(score, 2)
    return said


def ranking(fences: Fences) -> list[list[str]]:
    """The labels best first; equal qualities share a place."""
    labels = (re.match(r"ANSWER ([A-H])\b", label) for label in fences)
    names = dict.fromkeys(label[1] for label in labels if label)
    grades = sorted({grade(fences, name) for name in names}, reverse=True)
    return [[name for name in names if grade(fences, name) == one] for one in grades]


def verdict(offered: list[str], fences: Fences) -> str:
    """By quality: of two answers A and B, or of two pairs of a task and an answer."""
    pairs = "equal" in offered
    if pairs:
        one, other = (quality(fences.get(f"PAIR {n}, ANSWER", "")) for n in (1, 2))
    else:
        one, other = (grade(fences, name) for name in "AB")
    first, second, neither = ("1", "2", "equal") if pairs else ("A", "B", "tie")
    return neither if one == other else first if one > other else second


def questions(document: str) -> dict[str, list[str]]:
    """A question for each word of the document, and controls that nothing answers with YES."""
    words = dict.fromkeys(WORD.findall(document.casefold()))
    return {
        "questions": [f"Does it hold {word}?" for word in words],
        "controls": [f"Does it hold absent{number}?" for number in range(20)],
    }
