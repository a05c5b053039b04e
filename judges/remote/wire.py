"""What goes to a judge behind a URL and what comes back: JSON, versioned and signed.

The signature is HMAC-SHA256 over `timestamp.body`, so neither can be changed, and a receiver that
checks the timestamp refuses what somebody recorded and sends again.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from judges.contracts import Case
from judges.llm.parsing import Unparsable

VERSION = 1
TIMESTAMP = "Arena-Timestamp"
SIGNATURE = "Arena-Signature"

Finite = Annotated[float, Field(allow_inf_nan=False)]


@dataclass(frozen=True)
class Question:
    """The body of a request. `cut` is how many characters of each answer are left out."""

    body: bytes
    cut: tuple[int, int]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


class WireVerdict(BaseModel):
    """A reply. Keys that are not known are ignored, so that a judge may say more."""

    model_config = ConfigDict(strict=True, frozen=True)

    verdict: Literal["first", "second", "tie", "both_bad", "abstain"]
    reason: str = ""
    probability: Annotated[Finite, Field(ge=0, le=1)] | None = None
    strength: Annotated[int, Field(ge=1, le=2)] | None = None
    scores: tuple[Finite, Finite] | None = None


def question(case: Case, revision: str, max_chars: int) -> Question:
    """The request for one presentation: equal cases make equal bodies, to the byte."""
    # The longer conversation sets the share of a turn, so both answers are cut alike.
    limit = max(1, max_chars // max(len(case.first), len(case.second), 1))
    payload = {
        "version": VERSION,
        "revision": revision,
        "prompt": [{"role": turn.role, "content": turn.content} for turn in case.prompt],
        "first": [turn[:limit] for turn in case.first],
        "second": [turn[:limit] for turn in case.second],
        "system": case.system,
        "reference": case.reference,
        "rubric": case.rubric,
        "contexts": [{"id": context.id, "text": context.text} for context in case.contexts],
        "images": list(case.images),
        "language": case.language,
        "seed": case.seed,
        "sample": case.sample,
    }
    # Lone surrogates, which broken outputs may hold, are no valid UTF-8 and become "?".
    body = json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace")
    return Question(body, (_excess(case.first, limit), _excess(case.second, limit)))


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The value of the signature header: the scheme's version and 64 hex digits."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1={digest.hexdigest()}"


def read(reply: str) -> WireVerdict | Unparsable:
    """The verdict that a reply holds, or what is wrong with it."""
    try:
        return WireVerdict.model_validate_json(reply)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        return Unparsable("; ".join(_words(fault) for fault in faults[:3]))


def _words(fault: Any) -> str:
    where = ".".join(str(part) for part in fault["loc"])
    return f"{where}: {fault['msg']}" if where else fault["msg"]


def _excess(turns: tuple[str, ...], limit: int) -> int:
    return sum(max(0, len(turn) - limit) for turn in turns)
