"""What an endpoint says when it does not answer, and what that means for a judge."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime

from judges.contracts import JudgeError

SHOWN = 300
"""Characters of an endpoint's message that are kept."""

TRANSIENT = {408, 409, 425, 429}
"""Client errors (HTTP status) that may pass. The others will not, nor will redirects, which are not
followed; server errors may."""

NO_REPLY = 0
"""Stands for the HTTP status where there is no HTTP reply, or one that makes no sense."""

TOO_MANY, REQUEST_TIMEOUT = 429, 408

MAX_PAUSE = 120.0
"""Seconds. An endpoint that wants to be left alone for longer is asked again after these."""

HOPELESS = re.compile(r"insufficient_quota|billing_not_active|request too large", re.IGNORECASE)
"""Said under status 429, and yet waiting does not help."""

REFUSAL = re.compile(
    r"content[_ ](filter|policy|management)|contentfilter|responsible ?ai|content exists risk"
    r"|data_?inspection_?failed|(prompt|input) was flagged|flagged as potentially violating",
    re.IGNORECASE,
)
"""How providers say that they will not read something. Azure, OpenAI, DeepSeek, Alibaba,
OpenRouter word it differently and mostly under status 400."""


@dataclass(frozen=True)
class Fault:
    """An error reply: its HTTP status and words, and what code and parameter it names.

    `pause` is how long the endpoint asks to be left alone, in seconds. `timed_out`: the call was
    given up by us.
    """

    status: int
    message: str
    code: str = ""
    param: str = ""
    pause: float = 0.0
    timed_out: bool = False

    @property
    def refused(self) -> bool:
        """The content was declined, not the request."""
        return self.status in (400, 403, 422) and bool(REFUSAL.search(self.text))

    @property
    def limited(self) -> bool:
        """The endpoint is alive and wants fewer calls: a reason to wait, not a failure."""
        return self.status == TOO_MANY and not self.permanent

    @property
    def from_the_living(self) -> bool:
        """The endpoint works, and declined this call."""
        return 300 <= self.status < 500 and self.status != REQUEST_TIMEOUT

    @property
    def permanent(self) -> bool:
        """Asking again will not help."""
        if HOPELESS.search(self.text):
            return True
        return 300 <= self.status < 500 and self.status not in TRANSIENT

    @property
    def text(self) -> str:
        """All that the endpoint said, to be searched."""
        return f"{self.code} {self.param} {self.message}"

    def said(self, host: str) -> str:
        """A sentence: where, what, and the endpoint's own words, shortened."""
        words = shorten(self.message) or "no explanation"
        return (
            f"{host} {words}"
            if self.status == NO_REPLY
            else f"{host} answered {self.status}: {words}"
        )

    def as_error(self, host: str) -> JudgeError:
        """The error to raise."""
        return JudgeError(self.said(host), self.permanent)


def no_reply(words: str, *, timed_out: bool = False) -> Fault:
    """A call that led to nothing; `words` go on after the name of the host."""
    return Fault(NO_REPLY, words, timed_out=timed_out)


def fault_of(
    status: int, body: object, secret: str, headers: Mapping[str, str] | None = None
) -> Fault:
    """Read an error body, in OpenAI's form or one of those that other servers use.

    `secret` is blotted out: some servers repeat the key that they do not know.
    """
    fault = _read(status, body, secret)
    return replace(fault, pause=pause_of(headers)) if headers else fault


def _read(status: int, body: object, secret: str) -> Fault:
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


def pause_of(headers: Mapping[str, str]) -> float:
    """Seconds by `retry-after-ms` or `retry-after` (seconds or an HTTP date), at most MAX_PAUSE.

    0 where there is none, or none that makes sense.
    """
    seconds = _number(headers.get("retry-after-ms")) / 1000 or _delay(headers.get("retry-after"))
    return min(max(seconds, 0.0), MAX_PAUSE)


def _delay(value: str | None) -> float:
    if (seconds := _number(value)) or not value:
        return seconds
    try:
        return parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, OverflowError):
        return 0.0


def _number(value: str | None) -> float:
    try:
        number = float(value or 0)
    except ValueError:
        return 0.0
    return number if math.isfinite(number) else 0.0


def shorten(text: str, limit: int = SHOWN) -> str:
    """`text` on one line, at most `limit` characters long."""
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
