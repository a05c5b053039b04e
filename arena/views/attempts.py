"""Counting failed sign-ins, so that passwords cannot be guessed by trying."""

from __future__ import annotations

import hashlib

from django.core.cache import cache

LIMIT = 10
WINDOW_SECONDS = 15 * 60


def _key(username: str, address: str) -> str:
    who = hashlib.sha256(f"{username.casefold()}\0{address}".encode()).hexdigest()
    return f"sign-in-failures:{who}"


def exhausted(username: str, address: str) -> bool:
    """Whether `address` has failed as `username` too often within the window."""
    return int(cache.get(_key(username, address), 0)) >= LIMIT


def note_failure(username: str, address: str) -> None:
    """Count a failure; the window begins with the first."""
    key = _key(username, address)
    if cache.add(key, 1, WINDOW_SECONDS):
        return
    try:
        cache.incr(key)
    except ValueError:  # the window ended in between
        cache.add(key, 1, WINDOW_SECONDS)


def forget(username: str, address: str) -> None:
    """Start anew, after a success."""
    cache.delete(_key(username, address))
