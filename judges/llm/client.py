"""Asking a model through the official `openai` package.

`openai` takes one to two seconds to import, so it is imported where it is first used.

A call is posted as plain JSON and its reply read by hand: the package gives address,
authentication and transport, but not its typed requests and replies, which cost more CPU than all
the rest of a judgment, and not its retries, which know nothing of other calls to the same endpoint.
"""

from __future__ import annotations

import asyncio
import json
import time
import zlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from judges.contracts import JudgeError
from judges.llm.dialect import Asking, Dialect, Dialects
from judges.llm.endpoint import NEVER, Endpoint, is_never_asked
from judges.llm.faults import Fault, fault_of, no_reply, shorten, wrapped_fault
from judges.llm.reply import Reply, first_choice, refusal_of, reply_of

if TYPE_CHECKING:
    import httpx2
    from aiohttp.abc import AbstractResolver, ResolveResult
    from openai import AsyncOpenAI

MAX_CONNECTIONS = 2000
"""A guard only. How many calls are in flight is for the runner to decide."""

KEEP_ALIVE = 4.0
"""Seconds; less than the 5 s after which common servers hang up, which would lose a request."""

CONNECT_TIMEOUT = 10.0

MAX_REPLY = 16_000_000
"""Bytes of a reply that are read, and that it may unpack to. The longest that are honest hold the
probabilities of some thousand tokens, with twenty alternatives each."""

ZLIB_OR_GZIP = 32 + 15
"""Window bits with which zlib finds out the header by itself."""

FRAMING = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""Headers that tell how a body came, and no longer hold once it is read."""


@dataclass(frozen=True)
class Request:
    """One call. `messages` are {role, content}; with a `schema` the reply is to be such JSON.

    `timeout` bounds one attempt, in seconds. `top_logprobs` asks for the log-probabilities of that
    many alternatives of each token. `extra` is passed through.
    """

    model: str
    messages: Sequence[Mapping[str, Any]]
    schema: Mapping[str, Any] | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    timeout: float = 180.0
    top_logprobs: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)

    def body(self, dialect: Dialect) -> dict[str, Any]:
        """The JSON body, said in `dialect`. What was not asked for is not sent."""
        named = {"model": self.model, "messages": self.messages}
        return {**named, **self.extra, **dialect.fields(self.asking())}

    def asking(self) -> Asking:
        """What is up to the dialect."""
        return Asking(self.schema, self.temperature, self.max_tokens, self.top_logprobs)


class ChatClient:
    """Calls to one endpoint: any number at once, on one event loop."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._line: _Line | None = None
        self._dialects = Dialects()

    async def complete(self, request: Request) -> Reply | Fault:
        """Ask once; a request that is not understood is put in other words. A refusal is a
        reply."""
        key = (request.model, request.schema is not None)
        dialect = await self._dialects.get(key)
        try:
            return await self._negotiate(request, key, dialect)
        finally:
            self._dialects.probed(key)

    def sending(self, body: Mapping[str, Any]) -> AbstractAsyncContextManager[httpx2.Response]:
        """Post a body; the response is still to be read. Raises what the transport raises."""
        if self._line is None:
            self._line = _open(self.endpoint)
        return self._line.sending(body)

    async def close(self) -> None:
        """Close the connections. A later call opens new ones."""
        line, self._line = self._line, None
        if line is not None:
            await line.client.close()

    async def _negotiate(
        self, request: Request, key: tuple[str, bool], dialect: Dialect
    ) -> Reply | Fault:
        while True:
            outcome = await self._attempt(request, dialect)
            if isinstance(outcome, Reply):
                self._dialects.works(key, dialect)
                return outcome
            following = dialect.after(outcome, request.asking())
            if following is None:
                refused = outcome.refused
                return refusal_of(request.model, outcome, dialect) if refused else outcome
            dialect = following

    async def _attempt(self, request: Request, dialect: Dialect) -> Reply | Fault:
        try:
            async with asyncio.timeout(request.timeout):
                response = await self._post(request.body(dialect))
        except TimeoutError:
            return no_reply(f"gave no reply within {request.timeout:g} s", timed_out=True)
        if isinstance(response, Fault):
            return response
        return self._read(response, request, dialect)

    async def _post(self, body: dict[str, Any]) -> httpx2.Response | Fault:
        import aiohttp
        import httpx2  # comes with openai

        if self._line is None:
            self._line = _open(self.endpoint)
        try:
            response = await self._line.post(body)
        except (httpx2.HTTPError, aiohttp.ClientError, zlib.error) as error:
            return no_reply(cause_of(error))
        if response.is_success:
            return response
        key = self.endpoint.api_key
        return fault_of(response.status_code, error_of(response), key, response.headers)

    def _read(self, response: httpx2.Response, request: Request, dialect: Dialect) -> Reply | Fault:
        """What a reply under status 200 is: gateways send errors under it too."""
        try:
            payload = response.json()
        except (ValueError, RecursionError):
            payload = response.text
        if isinstance(payload, dict) and first_choice(payload) is not None:
            return reply_of(
                payload,
                response.headers,
                round(response.elapsed.total_seconds() * 1000),
                model=request.model,
                asking=request.asking(),
                dialect=dialect,
            )
        fault = wrapped_fault(payload, self.endpoint.api_key)
        return fault or no_reply("answered with something else than a completion")


@dataclass(frozen=True)
class _Line:
    """A client of the package, and what is the same in all calls through it.

    The package's `post` builds address, headers and options anew in each call, which takes more CPU
    than sending it; so they are built once, and calls go to its transport at once.
    """

    client: AsyncOpenAI
    transport: httpx2.AsyncClient
    url: httpx2.URL
    headers: Mapping[str, str]

    async def post(self, body: Mapping[str, Any]) -> httpx2.Response:
        """The reply, read as a whole; a permanent JudgeError when it is too long."""
        import httpx2

        begun = time.perf_counter()
        async with self.sending(body) as response:
            packed = await bounded(response)
        headers = [(name, value) for name, value in response.headers.items() if name not in FRAMING]
        read = httpx2.Response(
            response.status_code,
            headers=headers,
            content=_unpacked(packed, response),
            request=response.request,
        )
        read.elapsed = timedelta(seconds=time.perf_counter() - begun)
        return read

    def sending(self, body: Mapping[str, Any]) -> AbstractAsyncContextManager[httpx2.Response]:
        """The response, whose body is still to be read."""
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return self.transport.stream(
            "POST",
            self.url,
            headers=self.headers,
            content=content.encode("utf-8", "replace"),  # lone surrogates cannot be sent
            follow_redirects=False,  # a key goes to its own address alone
        )


async def bounded(response: httpx2.Response) -> bytes:
    """The body; a permanent JudgeError when it is longer than MAX_REPLY."""
    content = bytearray()
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) > MAX_REPLY:
            raise _too_long(response)
    return bytes(content)


def _unpacked(content: bytes, response: httpx2.Response) -> bytes:
    """The body without the compression that some servers use though none is asked for."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if not content or encoding in ("", "identity"):
        return content
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise JudgeError(
            f"{response.url.host} answered in an encoding that was not asked for "
            f"({shorten(encoding)})",
            permanent=True,
        )
    unpacked = zlib.decompressobj(ZLIB_OR_GZIP).decompress(content, MAX_REPLY + 1)
    if len(unpacked) > MAX_REPLY:
        raise _too_long(response)
    return unpacked


def _too_long(response: httpx2.Response) -> JudgeError:
    return JudgeError(
        f"{response.url.host} sent more than {MAX_REPLY:,} bytes in one reply", permanent=True
    )


def _open(endpoint: Endpoint) -> _Line:
    import httpx2
    import openai

    if is_never_asked(urlsplit(endpoint.base_url).hostname or ""):
        raise JudgeError(f"{endpoint.host} may not be asked: {NEVER}", permanent=True)
    # The deadline of a call is set round it; only connecting has its own.
    timeout = httpx2.Timeout(None, connect=CONNECT_TIMEOUT)
    limits = httpx2.Limits(max_connections=MAX_CONNECTIONS, keepalive_expiry=KEEP_ALIVE)
    transport = openai.DefaultAioHttpClient(limits=limits, timeout=timeout)
    _check_names(transport)
    client = openai.AsyncOpenAI(
        base_url=endpoint.base_url,
        api_key=endpoint.api_key,
        max_retries=0,
        default_headers={**_own_headers(endpoint), **endpoint.headers},
        http_client=transport,
    )
    headers = {**client.auth_headers, **client.default_headers}
    sent = {name: value for name, value in headers.items() if isinstance(value, str)}
    sent["Accept-Encoding"] = "identity"  # a small reply shall not become a large one
    url = httpx2.URL(f"{str(client.base_url).rstrip('/')}/chat/completions")
    return _Line(client, transport, url, sent)


def _check_names(transport: httpx2.AsyncClient) -> None:
    """Let connections be made only to addresses that may be asked, whatever a name resolves to.

    The session is put in place of the one that the transport would open, because a transport of
    our own would have the package ignore the proxies of the environment.
    """
    import aiohttp

    inner: Any = transport._transport

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=MAX_CONNECTIONS,
            keepalive_timeout=KEEP_ALIVE,
            ssl=inner.ssl_context,
            resolver=_resolver(),
        )
        return aiohttp.ClientSession(connector=connector)

    inner.client = session


def _resolver() -> AbstractResolver:
    import socket

    from aiohttp.resolver import ThreadedResolver

    class Checked(ThreadedResolver):
        """Resolves by the system; a permanent JudgeError for a name that leads astray."""

        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            found = await super().resolve(host, port, family)
            if any(is_never_asked(each["host"]) for each in found):
                raise JudgeError(f"{host} may not be asked: {NEVER}", permanent=True)
            return found

    return Checked()


def error_of(response: httpx2.Response) -> object:
    """What an error reply says: its JSON, without the envelope, or its text."""
    try:
        said = response.json()
    except (ValueError, RecursionError):
        return response.text
    return said.get("error", said) if isinstance(said, dict) else said


def _own_headers(endpoint: Endpoint) -> dict[str, str]:
    """Azure takes its keys in a header of its own."""
    azure = (urlsplit(endpoint.base_url).hostname or "").endswith(".azure.com")
    return {"api-key": endpoint.api_key} if azure else {}


def cause_of(error: Exception) -> str:
    """What went wrong on the way. The package reports drops as timeouts; the first cause tells."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    return shorten(f"gave no usable reply ({type(cause).__name__}: {cause})")
