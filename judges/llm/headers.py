"""HTTP headers that a judge or an endpoint sends along: shown on pages, so no place for secrets."""

from __future__ import annotations

import re

NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
VALUE = re.compile(r"[\x20-\x7e]{0,1000}")
SECRET = re.compile(r"auth|cookie|key|secret|token|password|credential", re.IGNORECASE)


def check_headers(headers: dict[str, str]) -> dict[str, str]:
    """Return `headers` when they may be sent and shown; ValueError (quoting no value) otherwise."""
    for name, text in headers.items():
        if not NAME.fullmatch(name) or not VALUE.fullmatch(text):
            raise ValueError("must be HTTP headers: plain names, and values on one line of ASCII")
        if SECRET.search(name):
            raise ValueError(f"{name} looks like a secret: headers are shown; give it as the key")
    return headers
