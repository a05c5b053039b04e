"""A reply read while it is written: chat completions with `stream`, from any server.

A server that knows no streams and answers with the whole completion is understood too.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from judges.contracts import JudgeError
from judges.llm.client import ChatClient, Request, bounded, cause_of, error_of
from judges.llm.dialect import Dialect
from judges.llm.endpoint import Endpoint
from judges.llm.faults import Fault, fault_of, no_reply, wrapped_fault
from judges.llm.model import Messages, Model, about_tokens, dumped
from judges.llm.patience import MOMENT
from judges.llm.reply import first_choice, reply_of

if TYPE_CHECKING:
    import httpx2

_DIALECTS: dict[tuple[str, str], Dialect] = {}
"""What each address and model was found to understand."""

DONE = "[DONE]"
PREFIX = b"data:"

MAX_STREAM = 4_000_000
"""Bytes of a stream that are read; every event repeats some two hundred of its own."""


class Broken(Exception):
    """The reply could not be had, or not to its end."""

    def __init__(self, fault: Fault, host: str) -> None:
        super().__init__(fault.said(host))
        self.fault = fault


async def stream(model: Model, messages: Messages) -> AsyncGenerator[str, None]:
    """The reply to `messages` piece by piece, through the gate.

    Raises Broken, also in the middle; JudgeError, Postponed as `Model.ask`. To be read in one task,
    and closed (`aclosing`) when it is not read to its end.
    """
    endpoint, row = model.reach()
    request = Request(
        model=model.name,
        messages=messages,
        temperature=model.params.temperature,
        max_tokens=model.params.max_tokens,
    )
    gate, address = model.backend.gate, model.address
    tokens = about_tokens(dumped(messages), request.max_tokens)
    if gate is not None:
        await gate.enter(address, row, tokens)
    fault: Fault | None = None
    finished = False
    try:
        async with aclosing(_pieces(endpoint, request)) as pieces:
            async for piece in pieces:
                yield piece
        finished = True
    except Broken as broken:
        fault = broken.fault
        raise
    finally:
        if gate is not None and fault is None:
            await gate.left(address, tokens=tokens, ok=finished)
        elif gate is not None and fault is not None:
            pause = fault.pause or (MOMENT if fault.limited else 0.0)
            words = fault.said(endpoint.host)
            alive = fault.from_the_living
            await gate.left(address, tokens=0, ok=False, pause=pause, alive=alive, words=words)


async def _pieces(endpoint: Endpoint, request: Request) -> AsyncGenerator[str, None]:
    """The same without a gate; a request that is not understood is put in other words."""
    key = (endpoint.base_url, request.model)
    dialect = _DIALECTS.get(key, Dialect())
    client = ChatClient(endpoint)
    begun = False
    try:
        while True:
            try:
                async with aclosing(_attempt(client, request, dialect)) as pieces:
                    async for piece in pieces:
                        begun = True
                        yield piece
            except Broken as broken:
                following = None if begun else dialect.after(broken.fault, request.asking())
                if following is None:
                    raise
                dialect = following
            else:
                _DIALECTS[key] = dialect
                return
    finally:
        await client.close()


async def _attempt(
    client: ChatClient, request: Request, dialect: Dialect
) -> AsyncGenerator[str, None]:
    import aiohttp
    import httpx2  # comes with openai

    host, key = client.endpoint.host, client.endpoint.api_key
    try:
        async with client.sending({**request.body(dialect), "stream": True}) as response:
            if not response.is_success:
                said = error_of(await _whole(response))
                raise Broken(fault_of(response.status_code, said, key, response.headers), host)
            if response.headers.get("content-encoding", "identity") not in ("", "identity"):
                raise Broken(no_reply("answered in an encoding that was not asked for"), host)
            if "json" in response.headers.get("content-type", ""):
                yield _all_at_once(await _whole(response), request, dialect, client.endpoint)
                return
            async with aclosing(_texts(response, client.endpoint)) as texts:
                async for text in texts:
                    yield text
    except (httpx2.HTTPError, aiohttp.ClientError) as error:
        raise Broken(no_reply(cause_of(error)), host) from None


async def _texts(response: httpx2.Response, endpoint: Endpoint) -> AsyncGenerator[str, None]:
    """What the events of a stream add to the text. Broken unless the stream says that it ended."""
    finished = False
    async for data in _events(response):
        if data == DONE:
            finished = True
            break
        payload = _parsed(data)
        if (fault := wrapped_fault(payload, endpoint.api_key)) is not None:
            raise Broken(fault, endpoint.host)
        choice = first_choice(payload)
        if choice is None:  # the usage, at the end
            continue
        if text := _added(choice):
            yield text
        if choice.get("finish_reason") == "content_filter":
            fault = fault_of(400, {"message": "content_filter: the reply was withheld"}, "")
            raise Broken(fault, endpoint.host)
        finished = finished or bool(choice.get("finish_reason"))
    if not finished:
        raise Broken(no_reply("broke off in the middle of its reply"), endpoint.host)


async def _events(response: httpx2.Response) -> AsyncGenerator[str, None]:
    """The data of each event; a permanent JudgeError when the stream is too long."""
    rest, size = b"", 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        if size > MAX_STREAM:
            raise JudgeError(
                f"{response.url.host} sent more than {MAX_STREAM:,} bytes in one reply",
                permanent=True,
            )
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.startswith(PREFIX):
                yield line.removeprefix(PREFIX).decode("utf-8", "replace").strip()
    if rest.startswith(PREFIX):
        yield rest.removeprefix(PREFIX).decode("utf-8", "replace").strip()


def _parsed(data: str) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _added(choice: Mapping[str, Any]) -> str:
    """The text that an event adds; what a model thinks has a field of its own and is left out."""
    delta = choice.get("delta")
    content = delta.get("content") if isinstance(delta, Mapping) else None
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, Mapping)]
        return "".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def _all_at_once(
    response: httpx2.Response, request: Request, dialect: Dialect, endpoint: Endpoint
) -> str:
    """The text of a completion that was not streamed."""
    payload = _parsed(response.text)
    if not isinstance(payload, dict) or first_choice(payload) is None:
        fault = wrapped_fault(payload, endpoint.api_key)
        said = no_reply("answered with something else than a completion")
        raise Broken(fault or said, endpoint.host)
    return reply_of(
        payload, {}, 0, model=request.model, asking=request.asking(), dialect=dialect
    ).said


async def _whole(response: httpx2.Response) -> httpx2.Response:
    """The same response, read."""
    import httpx2  # comes with openai

    content = await bounded(response)
    return httpx2.Response(response.status_code, content=content, request=response.request)
