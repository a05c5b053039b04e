"""Counting attempts, so that nothing can be had by trying. The counts lie in the cache, which all
web processes of a stack share (Redis); an embedded installation is one process."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

QUARTER_HOUR = 15 * 60


@dataclass(frozen=True)
class Limit:
    """At most so many attempts, for each sender, within a window that begins with the first."""

    name: str
    attempts: int
    seconds: int = QUARTER_HOUR

    def take(self, *who: str) -> bool:
        """Count an attempt, before it is made, and say whether it may be made.

        Counting first makes the limit hold when many attempts come at the same time.
        """
        key = self._key(who)
        if cache.add(key, 1, self.seconds):
            return True
        try:
            return int(cache.incr(key)) <= self.attempts
        except ValueError:  # the window ended in between
            cache.add(key, 1, self.seconds)
            return True

    def forget(self, *who: str) -> None:
        """Start anew, after a success."""
        cache.delete(self._key(who))

    def _key(self, who: tuple[str, ...]) -> str:
        sender = "\0".join(part.casefold() for part in who)
        return f"attempts:{self.name}:{hashlib.sha256(sender.encode()).hexdigest()}"


SIGN_IN = Limit("sign-in", attempts=10)
RESET_FROM_ADDRESS = Limit("reset-from", attempts=10)
RESET_FOR_EMAIL = Limit("reset-for", attempts=3, seconds=3600)


def address_of(request: HttpRequest) -> str:
    """Where a request comes from: the sender that the outermost of our own proxies (PROXIES of
    them) saw. What stands further left in X-Forwarded-For the sender may have written."""
    seen = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")
    count: int = settings.PROXIES
    if count and len(seen) >= count and seen[-count].strip():
        return _network(seen[-count].strip())
    return _network(str(request.META.get("REMOTE_ADDR", "")))


def _network(address: str) -> str:
    """The /64 of an IPv6 address: one household has all of it, and could change address at will."""
    try:
        found = IPv6Address(address)
    except ValueError:
        return address
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(IPv6Network((found.packed, 64), strict=False))
