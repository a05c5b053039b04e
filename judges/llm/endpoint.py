"""Where a model is reached, and with which key.

Keys come from the environment, or from a stored endpoint of the project. A key is sent to the
address that it belongs to: OPENAI_API_KEY goes to OPENAI_BASE_URL (or OpenAI), and to another
address only when a judge names it there, so that pointing a judge at a new address gives no key
away by accident.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from judges.contracts import JudgeError

OPENAI_URL = "https://api.openai.com/v1"
NO_KEY = "none-needed"
"""Sent where no key is set: the client insists on one, local servers do not look at it."""

HOST = re.compile(r"[\w.:-]+")

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

NEVER = "link-local, metadata, multicast and unspecified addresses are never asked"
"""A model server may stand in a private network, but not there: such addresses lead to the keys of
the machine itself."""

METADATA = frozenset(
    map(ipaddress.ip_address, ("100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254"))
)
"""Where clouds tell a machine its secrets, beside the link-local 169.254.169.254."""

NAT64 = ipaddress.ip_network("64:ff9b::/96")

KEY_NAME = re.compile(r"[A-Z][A-Z0-9_]*_API_KEY")


@dataclass(frozen=True)
class Endpoint:
    """An OpenAI-compatible address and the key for it. The key stays out of every repr."""

    base_url: str
    api_key: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def host(self) -> str:
        """Host and port, for messages and records."""
        return urlsplit(self.base_url).netloc

    def address(self, model: str) -> str:
        """What tells apart whatever has limits of its own: the address, the account, the model."""
        account = hashlib.sha256(self.api_key.encode()).hexdigest()[:8]
        return f"{self.base_url} {account} {model}"


def check_base_url(url: str) -> str:
    """Return `url` when it is a plain http(s) address; ValueError (not quoting it) otherwise."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # both raise when they make no sense
    except ValueError:
        host = None
    if "@" in url:
        raise ValueError("may not hold a user name or password; keys come from the environment")
    if not (host and HOST.fullmatch(host) and parts.scheme in ("http", "https")):
        raise ValueError("must be an address like https://host/v1")
    if parts.query or parts.fragment:
        raise ValueError("may not have a query or a fragment")
    if is_never_asked(host):
        raise ValueError(f"may not lead to such an address: {NEVER}")
    return url


def is_never_asked(host: str) -> bool:
    """Whether `host` is an IP address, in any notation, at which no model server can stand."""
    address = _literal(host)
    return address is not None and _leads_astray(address)


def _literal(host: str) -> IPAddress | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:  # one number, hexadecimal, octal: systems connect to these too
        return ipaddress.IPv4Address(socket.inet_aton(host.rstrip(".")))
    except (OSError, UnicodeError):
        return None


def _leads_astray(address: IPAddress) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _leads_astray(inner)
    elif address.is_reserved:  # that of all machines of a network among them
        return True
    return (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address in METADATA
    )


def check_key_name(name: str) -> str:
    """Return `name` when it may name a key; ValueError (not quoting it) otherwise.

    The ending is required so that no other secret of the server can be sent to an address.
    """
    if not KEY_NAME.fullmatch(name):
        raise ValueError(
            "must be the name of an environment variable that ends in _API_KEY, not the key"
        )
    return name


def _may_have_key(url: str, name: str, environ: Mapping[str, str]) -> bool:
    """Whether the key called `name` may go to `url`.

    Whoever may define judges chooses the address; the server's keys must not follow to any. Each
    goes to this machine, to the address that stands beside it in the environment (X_BASE_URL for
    X_API_KEY), or to a host that JUDGE_HOSTS lists.
    """
    host = urlsplit(url).hostname
    beside = environ.get(f"{name.removesuffix('_API_KEY')}_BASE_URL") or (
        OPENAI_URL if name == "OPENAI_API_KEY" else ""
    )
    listed = {entry.strip() for entry in environ.get("JUDGE_HOSTS", "").split(",")}
    return host in {"127.0.0.1", "localhost", "::1", urlsplit(beside).hostname, *listed}


def resolve(base_url: str | None, api_key_env: str | None, environ: Mapping[str, str]) -> Endpoint:
    """The endpoint that a judge's params name, completed by the environment.

    Raises a permanent JudgeError that says which variable to set.
    """
    default = environ.get("OPENAI_BASE_URL") or OPENAI_URL
    url = (base_url or default).rstrip("/")
    try:
        check_base_url(url)
    except ValueError as error:
        raise JudgeError(f"OPENAI_BASE_URL {error}", permanent=True) from None
    at_default = url == default.rstrip("/")
    name = api_key_env or ("OPENAI_API_KEY" if at_default else "")
    key = environ.get(name, "").strip()
    if key and not at_default and not _may_have_key(url, name, environ):
        raise JudgeError(
            f"{name} may not be sent to {urlsplit(url).hostname}: name the address in "
            f"{name.removesuffix('_API_KEY')}_BASE_URL, or the host in JUDGE_HOSTS",
            permanent=True,
        )
    if not key and api_key_env:
        raise JudgeError(
            f"the judge takes its key from {api_key_env}, which is not set", permanent=True
        )
    if not key and url == OPENAI_URL:
        raise JudgeError(
            "no key for OpenAI: set OPENAI_API_KEY, or point OPENAI_BASE_URL or the judge's "
            "base_url at a server that needs none",
            permanent=True,
        )
    return Endpoint(url, key or NO_KEY)
