"""A judge of the user's own, behind a URL."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from judges.contracts import (
    Abstention,
    Answer,
    Backend,
    Case,
    JudgeError,
    Preference,
    Presentation,
    Silence,
    Source,
    Usage,
)
from judges.kinds import registry
from judges.llm import endpoint
from judges.llm.params import OrderParams
from judges.llm.parsing import Unparsable
from judges.llm.patience import PatientClient
from judges.llm.reply import Reply
from judges.remote import addresses, wire
from judges.remote.client import PostClient, posting, signed_endpoint

SECRET_NAME = re.compile(r"[A-Z][A-Z0-9_]*_SECRET")


@registry.register("http")
class Http:
    """Posts each comparison as JSON to a URL and takes its verdict from the reply."""

    label: ClassVar[str] = "Your own judge (HTTP)"
    description: ClassVar[str] = (
        "Your own code behind a URL: it is posted the prompt and both answers as signed JSON and "
        "replies with a verdict."
    )
    source: ClassVar[Source] = Source.CALLS

    class Params(OrderParams):
        url: str = Field(description="where the comparison is posted, like https://host/judge")
        secret_env: str | None = Field(
            default=None,
            description="environment variable with the secret that signs requests, ending in "
            "_SECRET; without it they are not signed",
        )
        revision: str = Field(
            default="",
            max_length=100,
            description="what you call the state of your judge; a new one is asked everything anew",
        )
        timeout: float = Field(default=60, gt=0, le=3600, description="seconds for a call")
        price: float | None = Field(default=None, ge=0, description="USD per call")
        cache: bool = Field(
            default=True, description="use a reply that came before, if all is equal"
        )

        @field_validator("url")
        @classmethod
        def _plain_address(cls, value: str) -> str:
            return endpoint.check_base_url(value)

        @field_validator("secret_env")
        @classmethod
        def _name_of_a_secret(cls, value: str | None) -> str | None:
            if value is not None and not SECRET_NAME.fullmatch(value):
                raise ValueError(
                    "must be the name of an environment variable that ends in _SECRET, "
                    "not the secret"
                )
            return value

    def __init__(self, params: Params) -> None:
        self.params = params
        self.backend = Backend(environ=os.environ)
        self._client: PatientClient | None = None

    def presentations(self, seed: int) -> tuple[Presentation, ...]:
        """Every order that is asked, as often as `samples` says."""
        return self.params.presentations(seed)

    def planned_calls(self) -> int:
        """One for each presentation."""
        return len(self.presentations(seed=0))

    def most_calls(self) -> int:
        """As planned: a reply that cannot be read is not asked for again."""
        return self.planned_calls()

    @property
    def usd_per_call(self) -> float | None:
        """What the owner says that a call takes."""
        return self.params.price

    def connect(self, backend: Backend) -> None:
        """Use this environment, store and gate from now on."""
        self.backend = backend

    async def judge(self, case: Case) -> Answer | Abstention:
        """Judge one presentation. Raises JudgeError when no reply could be had, Postponed."""
        asked = wire.question(case, self.params.revision, self.params.max_chars)
        store = self.backend.replies if self.params.cache else None
        key = self._key(asked)
        if store is not None and (kept := await store.get(key)) is not None:
            reply = Reply.from_json(kept.reply)
            usage = self._usage(reply) if kept.mine else Usage(cache_hits=1, usd=0.0)
            return self._judgment(asked, reply.text, usage)
        client = self._client or self._open()
        request = posting(asked.body, self.params.timeout)
        reply = await client.ask(request, key, tokens=0)
        if store is not None:
            store.put(key, reply.as_json())
        return self._judgment(asked, reply.text, self._usage(reply))

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()

    def _usage(self, reply: Reply) -> Usage:
        return Usage(calls=1, usd=self.usd_per_call, latency_ms=reply.latency_ms)

    def _open(self) -> PatientClient:
        name, environ = self.params.secret_env, self.backend.environ
        secret = environ.get(name, "").strip() if name else ""
        if name and not secret:
            raise JudgeError(
                f"the judge signs with the secret in {name}, which is not set", permanent=True
            )
        found = signed_endpoint(self.params.url, secret)
        poster = PostClient(found, addresses.listed_hosts(environ))
        self._client = PatientClient(poster, self.backend.gate, found.base_url)
        return self._client

    def _key(self, asked: wire.Question) -> str:
        """The hash of all that a reply depends on."""
        parts = ["http", self.backend.namespace, self.params.url, asked.sha256]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def _judgment(self, asked: wire.Question, raw: str, usage: Usage) -> Answer | Abstention:
        found, details = wire.read(raw), self._details(asked)
        if isinstance(found, Unparsable):
            return Abstention(Silence.UNPARSABLE, found.why, raw, details, usage)
        if found.verdict == "abstain":
            return Abstention(Silence.ABSTAINED, found.reason, raw, details, usage)
        return Answer(
            preference=Preference(found.verdict),
            reason=found.reason,
            probability=found.probability,
            strength=found.strength,
            scores=found.scores,
            raw=raw,
            details=details,
            usage=usage,
        )

    def _details(self, asked: wire.Question) -> Mapping[str, Any]:
        first, second = asked.cut
        cut = {"max_chars": self.params.max_chars, "first": first, "second": second}
        return {
            "host": urlsplit(self.params.url).netloc,
            "revision": self.params.revision,
            "version": wire.VERSION,
            "prompt_hash": asked.sha256,
            "signed": self.params.secret_env is not None,
            "truncated": cut if any(asked.cut) else None,
        }
