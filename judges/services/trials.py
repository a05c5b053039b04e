"""Trying a judge: one presentation of one comparison, with all that was said.

Nothing of a trial is stored as a judgment, and no budget of a tournament counts it; the call is
paid for all the same.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from django.db.models import Count

from arena.common.errors import Conflict, InvalidInput, NotFound
from arena.models import Comparison, Output, Project, Prompt
from judges.contracts import (
    Abstention,
    Answer,
    Backend,
    CallingKind,
    Case,
    JudgeError,
    Kept,
    Order,
    Postponed,
    Presentation,
    Source,
    Turn,
    Usage,
)
from judges.kinds import registry
from judges.llm.judging import ModelJudge
from judges.llm.model import Messages
from judges.llm.quotations import unquoted
from judges.llm.transcript import Exchange, Transcript
from judges.services import replies
from judges.services.advice import advice_on
from judges.services.backends import backend_of
from judges.services.cases import case_of
from judges.services.replies import PaidReply

MAX_SECONDS = 60.0
"""A request of the web waits no longer: its worker serves nobody else meanwhile."""

SHORTEST_SECRET = 6

NOT_CALLED = {
    Source.PEOPLE: "people judge on the judging page; there is nothing to call",
    Source.RECORD: "a recorded judge says what was imported; there is nothing to call",
    Source.MEMBERS: "a jury is made of judges: try its members one by one",
}


@dataclass(frozen=True)
class Material:
    """What is judged. Names are empty where the texts were typed in."""

    case: Case
    order: Order
    prompt: str = ""
    first: str = ""
    second: str = ""


@dataclass(frozen=True)
class Call:
    """One call: what was sent and what came back. `aside`: statements of the reply that
    are quoted from the material, and so were not read."""

    label: str
    messages: list[dict[str, str]]
    came_back: bool = True
    reply: str = ""
    thinking: str = ""
    refusal: str = ""
    finish_reason: str = ""
    response_format: str = ""
    model: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    usd: float | None = None
    latency_ms: int = 0
    cached: bool = False
    aside: bool = False


@dataclass(frozen=True)
class Trial:
    """What came of it. Of `preference`, `silence` and `error` exactly one is set.

    `winner` is the preference in terms of the names; `reason` why it was decided so, or why the
    reply could not be read; `advice` what to do about a silence or an error.
    """

    kind: str
    prompt: str
    first: str
    second: str
    order: str
    calls: list[Call]
    preference: str | None = None
    winner: str | None = None
    silence: str | None = None
    error: str | None = None
    advice: str = ""
    reason: str = ""
    strength: int | None = None
    probability: float | None = None
    scores: tuple[float, float] | None = None
    raw: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)


def chosen(
    project: Project, *, prompt: str = "", a: str = "", b: str = "", order: Order = Order.AB
) -> Material:
    """A comparison of the project: of this prompt and these competitors, or drawn where not named.

    In order AB competitor `a` is shown first. Raises NotFound, InvalidInput.
    """
    asked = _prompt(project, prompt)
    outputs = _outputs(asked, a, b)
    # As the real comparison has it, so that prompt, seed and stored reply are the same.
    turned = outputs[0].pk > outputs[1].pk
    low, high = sorted(outputs, key=lambda output: output.pk)
    shown = {Order.AB: Order.BA, Order.BA: Order.AB}[order] if turned else order
    comparison = Comparison(prompt=asked, output_a=low, output_b=high)
    names = [output.competitor.name for output in outputs]
    first, second = names if order is Order.AB else names[::-1]
    return Material(case_of(comparison, Presentation(shown)), order, asked.key, first, second)


def typed(prompt: str, first: str, second: str) -> Material:
    """What somebody typed in. Raises InvalidInput without a prompt."""
    if not prompt.strip():
        raise InvalidInput("there is nothing to judge", {"text": "may not be blank"})
    case = Case(prompt=(Turn("user", prompt),), first=(first,), second=(second,))
    return Material(case, Order.AB)


def conduct(
    project: Project,
    *,
    kind: str,
    params: Mapping[str, object],
    material: Material,
    timeout: float = MAX_SECONDS,
) -> Trial:
    """Ask a judge of this kind and params once. Faults of the endpoint are part of the trial.

    `timeout` in seconds, for all calls together. Raises InvalidInput for bad params, Conflict for
    a kind that makes no calls.
    """
    built = registry.build(kind, params)
    if not isinstance(built, CallingKind) or built.source is not Source.CALLS:
        raise Conflict(NOT_CALLED.get(built.source, "this kind makes no calls"))
    paid = TrialReplies(project)
    backend = backend_of(project, paid)
    built.connect(backend)
    talk = Transcript(built.model, material.case) if isinstance(built, ModelJudge) else None
    try:
        ended = async_to_sync(_bounded)(built, backend, material.case, talk, timeout)
    finally:
        paid.store()
    return _Report(kind, material, backend, talk).of(ended)


class TrialReplies:
    """Stored replies for judges that are called outside of the runner, from a sync caller.

    What was paid for before costs nothing now, and what is paid for now nothing later.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._new: list[PaidReply] = []

    async def get(self, key: str) -> Kept | None:
        """The reply stored under `key`."""
        found = (await sync_to_async(replies.find)([key])).get(key)
        return None if found is None else Kept(found.reply)

    def put(self, key: str, reply: Mapping[str, Any]) -> None:
        """Keep a reply until `store`."""
        self._new.append(PaidReply(key, self._project.pk, "", reply))

    def store(self) -> None:
        """Write what was put."""
        replies.store(self._new)
        self._new = []


async def closed(kind: CallingKind, backend: Backend) -> None:
    """Give back the connections of this event loop."""
    await kind.close()
    if backend.gate is not None:
        await backend.gate.close()


async def _bounded(
    kind: CallingKind, backend: Backend, case: Case, talk: Transcript | None, seconds: float
) -> Answer | Abstention | JudgeError:
    try:
        async with asyncio.timeout(seconds):
            if talk is not None and isinstance(kind, ModelJudge):
                return await kind.converse(case, talk)
            return await kind.judge(case)
    except JudgeError as error:
        return error
    except Postponed as error:
        return JudgeError(f"{error}; a tournament would wait {error.seconds:.0f} s")
    except TimeoutError:
        return JudgeError(f"the trial was ended after {seconds:g} s; nothing came back in time")
    finally:
        await closed(kind, backend)


def _prompt(project: Project, key: str) -> Prompt:
    comparable = project.prompts.annotate(
        answered=Count("outputs__competitor", distinct=True)
    ).filter(answered__gte=2)
    if key:
        found = project.prompts.filter(key=key).first()
        if found is None:
            raise NotFound(f"no prompt is called {key!r} in {project.slug}")
        return found
    count = comparable.count()
    if not count:
        raise Conflict("no prompt has outputs of two competitors yet: type in a pair, or upload")
    return comparable.order_by("pk")[random.randrange(count)]


def _outputs(prompt: Prompt, a: str, b: str) -> tuple[Output, Output]:
    """The first samples of a and b; of two others where they are not named."""
    if a and a == b:
        raise InvalidInput("a competitor cannot meet itself", {"b": "is the same as a"})
    rows = prompt.outputs.select_related("competitor").order_by("-sample", "-pk")
    by_name = {row.competitor.name: row for row in rows}
    for side, name in (("a", a), ("b", b)):
        if name and name not in by_name:
            known = ", ".join(sorted(by_name)) or "nobody"
            said = f"{name!r} has not answered prompt {prompt.key!r}; {known} did"
            raise InvalidInput(said, {side: "has no output here"})
    rest = [name for name in sorted(by_name) if name not in (a, b)]
    if len(rest) + bool(a) + bool(b) < 2:
        raise Conflict(f"prompt {prompt.key!r} has no outputs of two competitors")
    drawn = iter(random.sample(rest, len(rest)))
    return by_name[a or next(drawn)], by_name[b or next(drawn)]


@dataclass(frozen=True)
class _Report:
    """Puts a trial together; no key that the server knows is in it."""

    kind: str
    material: Material
    backend: Backend
    talk: Transcript | None

    def of(self, ended: Answer | Abstention | JudgeError) -> Trial:
        known = self.material
        base: dict[str, Any] = {
            "kind": self.kind,
            "prompt": known.prompt,
            "first": known.first,
            "second": known.second,
            "order": str(known.order),
            "calls": self._calls(),
        }
        if isinstance(ended, JudgeError):
            words = self._hushed(str(ended))
            return Trial(**base, error=words, advice=advice_on(words), usage=self._usage())
        base |= {
            "reason": self._hushed(ended.reason),
            "raw": self._hushed(ended.raw),
            "details": json.loads(self._hushed(json.dumps(dict(ended.details)))),
            "usage": ended.usage,
        }
        if isinstance(ended, Abstention):
            advice = advice_on(base["reason"], ended.why)
            return Trial(**base, silence=str(ended.why), advice=advice)
        return Trial(
            **base,
            preference=str(ended.preference),
            winner={"first": known.first, "second": known.second}.get(ended.preference) or None,
            strength=ended.strength,
            probability=ended.probability,
            scores=ended.scores,
        )

    def _usage(self) -> Usage:
        return self.talk.usage() if self.talk else Usage()

    def _calls(self) -> list[Call]:
        """Those that came back, and the one that did not."""
        if self.talk is None:
            return []
        silent = self.talk.pending.items()
        return [
            *(self._call(one) for one in self.talk.exchanges),
            *(Call(label, self._said(messages), came_back=False) for label, messages in silent),
        ]

    def _said(self, messages: Messages) -> list[dict[str, str]]:
        return [
            {"role": str(said["role"]), "content": self._hushed(_text(said["content"]))}
            for said in messages
        ]

    def _call(self, one: Exchange) -> Call:
        reply = one.asked.reply
        return Call(
            label=one.label,
            messages=self._said(one.messages),
            reply=self._hushed(reply.text),
            thinking=self._hushed(reply.thinking),
            refusal=self._hushed(reply.refusal),
            finish_reason=reply.finish_reason,
            response_format=str(reply.response_format),
            model=self._hushed(reply.model),
            tokens_in=reply.tokens_in,
            tokens_out=reply.tokens_out,
            usd=one.asked.usd,
            latency_ms=reply.latency_ms,
            cached=one.asked.cached,
            aside=unquoted(reply.text, self.material.case) != reply.text,
        )

    def _hushed(self, text: str) -> str:
        """`text` without any key that a call could have carried."""
        keys = {row.api_key for row in self.backend.endpoints.values()}
        keys |= {v for k, v in self.backend.environ.items() if k.endswith("_API_KEY")}
        secrets = [re.escape(key.strip()) for key in keys if len(key.strip()) >= SHORTEST_SECRET]
        return re.sub("|".join(secrets), "***", text) if secrets else text


def _text(content: object) -> str:
    """A message's text; images by their address."""
    if isinstance(content, str):
        return content
    assert isinstance(content, list)
    return "\n".join(
        str(part["text"])
        if part["type"] == "text"
        else f"[image: {part['image_url']['url'][:500]}]"
        for part in content
    )
