"""Which machines a judge's address may lead to.

Whoever may define judges chooses the address; it must not become a way into the network in which
the server stands. So an address leads to public machines, to this machine when it says so
literally, or to a host that JUDGE_HOSTS lists. A name is resolved once, and the connection goes to
what was checked: a name that changes its mind in between gains nothing.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping

from judges.contracts import JudgeError

LOCAL_NAMES = {"localhost", "127.0.0.1", "::1"}

NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""Public by its number, though it leads to the IPv4 address in its last 32 bits."""

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def listed_hosts(environ: Mapping[str, str]) -> frozenset[str]:
    """The hosts that the server's owner allows by name."""
    entries = environ.get("JUDGE_HOSTS", "").split(",")
    return frozenset(entry.strip().casefold() for entry in entries if entry.strip())


def check(host: str, address: str, listed: Collection[str]) -> None:
    """Permanent JudgeError when the connection from `host` to `address` is not allowed."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if host.casefold() in listed or (host in LOCAL_NAMES and found.is_loopback):
        return
    if not is_public(found):
        raise JudgeError(
            f"{host} leads into a private network; list it in JUDGE_HOSTS to allow it",
            permanent=True,
        )


def check_literal(host: str, listed: Collection[str]) -> None:
    """The same for a host that is itself an IP address, and so is never resolved."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return
    check(host, host, listed)


def is_public(address: IPAddress) -> bool:
    """Whether it is one machine of the open internet, and so is what it stands for."""
    inner = _inner(address)
    return address.is_global and not address.is_multicast and (inner is None or is_public(inner))


def _inner(address: IPAddress) -> IPAddress | None:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo
