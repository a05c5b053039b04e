"""Secrets at rest: texts that the database keeps encrypted (Fernet: AES-128-CBC and HMAC-SHA256).

The key comes from SECRET_KEY. After it was changed, what was encrypted under one that
SECRET_KEY_FALLBACKS lists can still be read.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

PURPOSE = b"arena.common.secrets:"
"""So that the key is no other than for this, though all come from one SECRET_KEY."""


class Unreadable(Exception):
    """A secret was encrypted under a key that is not known any more."""


def encrypt(text: str) -> str:
    """`text` as ASCII that only this installation can read."""
    return _fernet().encrypt(text.encode()).decode("ascii")


def decrypt(token: str) -> str:
    """The text that was encrypted. Raises Unreadable."""
    try:
        return _fernet().decrypt(token.encode()).decode()
    except InvalidToken:
        raise Unreadable("it was encrypted under another SECRET_KEY") from None


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_key(key)) for key in keys])


def _key(secret: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(PURPOSE + secret.encode()).digest())
