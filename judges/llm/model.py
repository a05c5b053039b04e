"""One model at one endpoint, with all that stands round a call: store, gate, price."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from judges.contracts import Backend, EndpointRow, JudgeError
from judges.llm import endpoint
from judges.llm.client import ChatClient, Request
from judges.llm.endpoint import Endpoint
from judges.llm.params import ModelParams
from judges.llm.patience import PatientClient
from judges.llm.reply import Reply

PER_TOKEN = 1e-6
"""Prices are told per million tokens."""

CHARS_PER_TOKEN, REPLY_TOKENS = 4, 500
"""Only for reserving a share of a limit before a call; what is charged is what comes back."""

Messages = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Asked:
    """A reply with its price. `cached`: it was paid for before, and cost nothing now.

    `prompt_hash` is the SHA-256 of the messages.
    """

    reply: Reply
    usd: float | None
    cached: bool = False
    prompt_hash: str = ""


class Model:
    """Asks the model that `params` name; opens its connections at the first call."""

    def __init__(self, params: ModelParams, backend: Backend) -> None:
        self.params = params
        self.backend = backend
        self._opened: tuple[PatientClient, bytes] | None = None

    @property
    def name(self) -> str:
        """What is sent as `model`."""
        row = self._row()
        return self.params.model or (row.model if row else "")

    @property
    def address(self) -> str:
        """The gate's name for the endpoint. JudgeError when the endpoint cannot be used."""
        # Judges that name a row share its limits, whichever of its models they ask.
        row = self._row()
        return self._endpoint().address(row.model if row else self.name)

    def reach(self) -> tuple[Endpoint, EndpointRow | None]:
        """Where it is asked, headers included, and the endpoint of the project that says so.

        JudgeError when it cannot be used.
        """
        found, row = self._endpoint(), self._row()
        headers = {**(row.headers if row else {}), **self.params.headers}
        return replace(found, headers=headers), row

    async def ask(
        self,
        messages: Messages,
        schema: Mapping[str, Any] | None = None,
        sample: int = 0,
        top_logprobs: int = 0,
    ) -> Asked:
        """Ask once, or find that the same was asked before.

        `sample` tells repetitions of one question apart; `top_logprobs` asks for the
        log-probabilities of so many alternatives of each token. Raises JudgeError, Postponed.
        """
        client, settings = self._opened or self._open()
        said = dumped(messages)
        prompt_hash = _sha256(said.encode())
        key = _sha256(
            settings, dumped([schema, sample, top_logprobs]).encode(), prompt_hash.encode()
        )
        store = self.backend.replies if self.params.cache else None
        if store is not None and (kept := await store.get(key)) is not None:
            reply = Reply.from_json(kept.reply)
            price = self._price(reply) if kept.mine else 0.0
            return Asked(reply, price, cached=not kept.mine, prompt_hash=prompt_hash)
        request = self._request(messages, schema, top_logprobs)
        reply = await client.ask(request, key, about_tokens(said, self.params.max_tokens))
        if store is not None:
            store.put(key, reply.as_json())
        return Asked(reply, self._price(reply), prompt_hash=prompt_hash)

    async def close(self) -> None:
        """Close the connections; nothing to do when no call was made."""
        if self._opened is not None:
            await self._opened[0].close()

    def _open(self) -> tuple[PatientClient, bytes]:
        found, row = self.reach()
        patient = PatientClient(ChatClient(found), self.backend.gate, self.address, row)
        self._opened = (patient, self._settings(found, found.headers))
        return self._opened

    def _endpoint(self) -> Endpoint:
        row, params, environ = self._row(), self.params, self.backend.environ
        if row is None:
            return endpoint.resolve(params.base_url, params.api_key_env, environ)
        if row.unusable:
            raise JudgeError(row.unusable, permanent=True)
        if row.api_key:
            return Endpoint(row.base_url.rstrip("/"), row.api_key)
        return endpoint.resolve(row.base_url, row.api_key_env or None, environ)

    def _row(self) -> EndpointRow | None:
        name = self.params.endpoint
        if name is None:
            return None
        if name not in self.backend.endpoints:
            raise JudgeError(f"the project has no endpoint called {name!r}", permanent=True)
        return self.backend.endpoints[name]

    def _request(
        self, messages: Messages, schema: Mapping[str, Any] | None, top_logprobs: int
    ) -> Request:
        return Request(
            model=self.name,
            messages=messages,
            schema=schema,
            temperature=self.params.temperature,
            max_tokens=self.params.max_tokens,
            timeout=self.params.timeout,
            top_logprobs=top_logprobs,
            extra=self.params.extra,
        )

    def _settings(self, found: Endpoint, headers: Mapping[str, str]) -> bytes:
        """All that a reply depends on beside the question."""
        params = self.params
        return dumped(
            [
                self.backend.namespace,
                found.base_url,
                headers,
                self.name,
                params.temperature,
                params.max_tokens,
                params.extra,
            ]
        ).encode()

    def _price(self, reply: Reply) -> float | None:
        """The price by the judge's own prices, else the endpoint's, else as reported."""
        row, params = self._row(), self.params
        price_in, price_out = params.price_in, params.price_out
        if price_in is None and row is not None:
            price_in, price_out = row.price_in, row.price_out
        if price_in is None or price_out is None:
            return reply.usd
        if reply.tokens_in is None or reply.tokens_out is None:
            return None
        return (reply.tokens_in * price_in + reply.tokens_out * price_out) * PER_TOKEN


def dumped(value: object) -> str:
    """`value` as JSON, the same for what is equal."""
    return json.dumps(value, sort_keys=True)


def _sha256(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def about_tokens(messages: str, max_tokens: int | None) -> int:
    """About as many as a call takes."""
    return len(messages) // CHARS_PER_TOKEN + min(max_tokens or REPLY_TOKENS, REPLY_TOKENS)
