"""Posting to a judge behind a URL: signed, bounded, and never led elsewhere."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Collection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from judges.contracts import JudgeError
from judges.llm.client import CONNECT_TIMEOUT, KEEP_ALIVE, Request
from judges.llm.dialect import ResponseFormat
from judges.llm.endpoint import NO_KEY, Endpoint
from judges.llm.faults import Fault, fault_of, no_reply
from judges.llm.reply import Reply
from judges.remote import addresses, wire

if TYPE_CHECKING:
    import aiohttp

MAX_REPLY = 1_000_000
"""Bytes of a reply that are read."""


def posting(body: bytes, timeout: float) -> Request:
    """The request that posts `body`, which is its one message."""
    return Request(model="", messages=[{"content": body.decode()}], timeout=timeout)


def signed_endpoint(url: str, secret: str) -> Endpoint:
    """The URL, with the secret that signs what goes there; "" when nothing does."""
    return Endpoint(url, secret or NO_KEY)


class PostClient:
    """Posts to one URL: any number at once, on one event loop. Makes one try a call, like a client
    of a model endpoint, so that the same patience stands round both."""

    def __init__(self, endpoint: Endpoint, listed: Collection[str]) -> None:
        self.endpoint = endpoint
        self._listed = listed
        self._session: aiohttp.ClientSession | None = None

    async def complete(self, request: Request) -> Reply | Fault:
        """Post once. Permanent JudgeError when the address may not be posted to, leads elsewhere,
        or sends too much."""
        addresses.check_literal(urlsplit(self.endpoint.base_url).hostname or "", self._listed)
        try:
            async with asyncio.timeout(request.timeout):
                return await self._post(str(request.messages[0]["content"]).encode())
        except TimeoutError:
            return no_reply(f"gave no reply within {request.timeout:g} s", timed_out=True)

    async def close(self) -> None:
        """Close the connections. A later call opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _post(self, body: bytes) -> Reply | Fault:
        import aiohttp  # slow to import, and most workers never need it

        if self._session is None:
            self._session = _open(self._listed)
        begun = time.perf_counter()
        try:
            async with self._session.post(
                self.endpoint.base_url,
                data=body,
                headers=self._headers(body),
                allow_redirects=False,
            ) as response:
                return await self._read(response, begun)
        except (aiohttp.ClientError, ConnectionError) as error:
            return no_reply(f"no usable reply ({type(error).__name__})")

    def _headers(self, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        secret = self.endpoint.api_key
        if secret != NO_KEY:
            # Each try is signed anew: a receiver may refuse timestamps that are minutes old.
            timestamp = str(int(time.time()))
            headers[wire.TIMESTAMP] = timestamp
            headers[wire.SIGNATURE] = wire.signature(secret, timestamp, body)
        return headers

    async def _read(self, response: aiohttp.ClientResponse, begun: float) -> Reply | Fault:
        host, status = self.endpoint.host, response.status
        if 300 <= status < 400:
            raise JudgeError(f"{host} redirects ({status}), which is not followed", permanent=True)
        content = await _bounded(response, host)
        if status != 200:
            return fault_of(status, _parsed(content), self.endpoint.api_key, response.headers)
        return Reply(
            text=content,
            model="",
            finish_reason="stop",
            response_format=ResponseFormat.TEXT,
            latency_ms=round((time.perf_counter() - begun) * 1000),
        )


async def _bounded(response: aiohttp.ClientResponse, host: str) -> str:
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > MAX_REPLY:
            response.close()
            raise JudgeError(f"{host} sent more than {MAX_REPLY:,} bytes", permanent=True)
    return content.decode("utf-8", "replace")


def _parsed(text: str) -> object:
    """An error body: JSON where it is such, else text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _open(listed: Collection[str]) -> aiohttp.ClientSession:
    import aiohttp

    from judges.remote.resolver import CheckedResolver  # imports aiohttp

    connector = aiohttp.TCPConnector(
        limit=0,  # how many calls are in flight is for the runner to decide
        resolver=CheckedResolver(listed),
        use_dns_cache=False,
        keepalive_timeout=KEEP_ALIVE,
    )
    # No proxies of the environment (they would resolve the name anew), no cookies kept, and
    # nothing unpacked: a small reply cannot become a large one.
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT),
        auto_decompress=False,
        trust_env=False,
    )
