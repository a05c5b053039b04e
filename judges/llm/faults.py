"""What an endpoint says when it does not answer, and what that means for a judge."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from judges.contracts import JudgeError

SHOWN = 300
"""Characters of an endpoint's message that are kept."""

TRANSIENT = {408, 409, 425, 429}
"""Client errors (HTTP status) that may pass; the others will not, and server errors may."""

NO_CREDIT = re.compile(r"insufficient_quota|billing_not_active", re.IGNORECASE)

REFUSAL = re.compile(
    r"content[_ ](filter|policy|management)|contentfilter|responsible ?ai|content exists risk"
    r"|data_?inspection_?failed|(prompt|input) was flagged|flagged as potentially violating",
    re.IGNORECASE,
)
"""How providers say that they will not read something. Azure, OpenAI, DeepSeek, Alibaba,
OpenRouter word it differently and mostly under status 400."""


@dataclass(frozen=True)
class Fault:
    """An error reply: its HTTP status and words, and what code and parameter it names."""

    status: int
    message: str
    code: str = ""
    param: str = ""

    @property
    def refused(self) -> bool:
        """The content was declined, not the request."""
        return self.status in (400, 403, 422) and bool(REFUSAL.search(self.text))

    @property
    def permanent(self) -> bool:
        """Asking again will not help."""
        if NO_CREDIT.search(self.text):
            return True
        return 400 <= self.status < 500 and self.status not in TRANSIENT

    @property
    def text(self) -> str:
        """All that the endpoint said, to be searched."""
        return f"{self.code} {self.param} {self.message}"

    def as_error(self, host: str) -> JudgeError:
        """The error to raise: where, what, and the endpoint's own words, shortened."""
        words = shorten(self.message) or "no explanation"
        return JudgeError(f"{host} answered {self.status}: {words}", self.permanent)


def fault_of(status: int, body: object, secret: str) -> Fault:
    """Read an error body, in OpenAI's form or one of those that other servers use.

    `secret` is blotted out: some servers repeat the key that they do not know.
    """
    error = body.get("error", body) if isinstance(body, Mapping) else body
    if not isinstance(error, Mapping):
        return Fault(status, _text(error).replace(secret, "***"))
    words = next((error[key] for key in ("message", "detail", "msg") if error.get(key)), error)
    message = _text(words)
    metadata = error.get("metadata")
    if isinstance(metadata, Mapping) and metadata.get("raw"):  # a gateway's "provider error"
        message = f"{message}: {_text(metadata['raw'])}"
    message = message.replace(secret, "***")
    return Fault(status, message, _text(error.get("code")), _text(error.get("param")))


def wrapped_fault(payload: object, secret: str) -> Fault | None:
    """Read what came under status 200 and is no completion; None when it explains nothing."""
    error = payload.get("error") if isinstance(payload, Mapping) else None
    if not error:
        return None
    code = error.get("code") if isinstance(error, Mapping) else None
    return fault_of(code if isinstance(code, int) else 502, payload, secret)


def shorten(text: str, limit: int = SHOWN) -> str:
    """`text` on one line, at most `limit` characters long."""
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
