"""One model at one endpoint, with all that stands round a call: store, gate, price."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from judges.contracts import Backend, EndpointRow, JudgeError
from judges.llm import endpoint
from judges.llm.client import ChatClient, Reply, Request
from judges.llm.dialect import ResponseFormat
from judges.llm.params import ModelParams

PER_TOKEN = 1e-6
"""Prices are told per million tokens."""

CHARS_PER_TOKEN = 4
"""Only for reserving a share of a limit before a call; what is charged is what comes back."""

Messages = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Asked:
    """A reply with its price. `cached`: it was paid for before, and cost nothing now."""

    reply: Reply
    usd: float | None
    cached: bool = False


class Model:
    """Asks the model that `params` name; opens its connections at the first call."""

    def __init__(self, params: ModelParams, backend: Backend) -> None:
        self.params = params
        self.backend = backend
        self._client: ChatClient | None = None

    @property
    def name(self) -> str:
        """What is sent as `model`."""
        row = self._row()
        return self.params.model or (row.model if row else "")

    async def ask(
        self, messages: Messages, schema: Mapping[str, Any] | None = None, sample: int = 0
    ) -> Asked:
        """Ask once, or find that the same was asked before.

        `sample` tells repetitions of one question apart. Raises JudgeError, Postponed.
        """
        if self._client is None:
            self._client = self._open()
        request = self._request(messages, schema)
        store = self.backend.replies if self.params.cache else None
        if store is None:
            return self._priced(await self._send(self._client, request))
        key = self._key(self._client, request, sample)
        if (stored := await store.get(key)) is not None:
            return Asked(_revived(stored), 0.0, cached=True)
        reply = await self._send(self._client, request)
        store.put(key, asdict(reply))
        return self._priced(reply)

    async def close(self) -> None:
        """Close the connections; nothing to do when no call was made."""
        if self._client is not None:
            await self._client.close()

    def _open(self) -> ChatClient:
        row, params = self._row(), self.params
        if row is None:
            found = endpoint.resolve(params.base_url, params.api_key_env, self.backend.environ)
        elif row.api_key:
            found = endpoint.Endpoint(row.base_url.rstrip("/"), row.api_key)
        else:
            found = endpoint.resolve(row.base_url, row.api_key_env or None, self.backend.environ)
        headers = {**(row.headers if row else {}), **params.headers}
        return ChatClient(replace(found, headers=headers))

    def _row(self) -> EndpointRow | None:
        name = self.params.endpoint
        if name is None:
            return None
        if name not in self.backend.endpoints:
            raise JudgeError(f"the project has no endpoint called {name!r}", permanent=True)
        return self.backend.endpoints[name]

    async def _send(self, client: ChatClient, request: Request) -> Reply:
        return await client.complete(request)

    def _request(self, messages: Messages, schema: Mapping[str, Any] | None) -> Request:
        return Request(
            model=self.name,
            messages=messages,
            schema=schema,
            temperature=self.params.temperature,
            max_tokens=self.params.max_tokens,
            timeout=self.params.timeout,
            extra=self.params.extra,
        )

    def _key(self, client: ChatClient, request: Request, sample: int) -> str:
        """The hash of all that a reply depends on."""
        parts = [
            self.backend.namespace,
            client.endpoint.base_url,
            dict(client.endpoint.headers),
            request.model,
            request.temperature,
            request.max_tokens,
            dict(request.extra),
            request.schema,
            request.messages,
            sample,
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _priced(self, reply: Reply) -> Asked:
        """The price by the judge's own prices, else the endpoint's, else as reported."""
        row, params = self._row(), self.params
        price_in, price_out = params.price_in, params.price_out
        if price_in is None and row is not None:
            price_in, price_out = row.price_in, row.price_out
        if price_in is None or price_out is None:
            return Asked(reply, reply.usd)
        if reply.tokens_in is None or reply.tokens_out is None:
            return Asked(reply, None)
        usd = (reply.tokens_in * price_in + reply.tokens_out * price_out) * PER_TOKEN
        return Asked(reply, usd)


def _revived(stored: Mapping[str, Any]) -> Reply:
    return Reply(**{**stored, "response_format": ResponseFormat(stored["response_format"])})
