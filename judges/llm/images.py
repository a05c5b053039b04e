"""Which images of a prompt may be sent to a model, and in what form.

Addresses and data URIs come from whoever wrote the prompt. A model server may fetch an address by
itself, so one that leads into a private network is left out, and so is what is no picture.
"""

from __future__ import annotations

import binascii
import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from judges.remote.addresses import is_public

MOST = 20
"""Images of one prompt that are sent; more than providers take in one call are of no use."""

MAX_ADDRESS = 4096
MAX_DATA = 28_000_000
"""Characters of a data URI: some 20 MB of picture, the most that providers take."""

DATA = re.compile(r"data:(image/(?:png|jpeg|gif|webp));base64,")
BEGINNINGS = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}
HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*", re.IGNORECASE)
PRIVATE = (".local", ".localhost", ".internal", ".intranet", ".lan", ".home", ".corp", ".arpa")


@dataclass(frozen=True)
class Sorted:
    """`shown` are the (number, address or data URI) that may be sent, numbered from 1;
    `left_out` says of the others why."""

    shown: tuple[tuple[int, str], ...] = ()
    left_out: tuple[tuple[int, str], ...] = ()


def sort_out(images: Sequence[str]) -> Sorted:
    """Tell those that may be sent from those that may not."""
    faults = [
        (number, image, fault_of(image) if number <= MOST else f"only {MOST} are shown")
        for number, image in enumerate(images, start=1)
    ]
    return Sorted(
        tuple((number, image) for number, image, fault in faults if not fault),
        tuple((number, fault) for number, _, fault in faults if fault),
    )


def fault_of(image: str) -> str:
    """Why this image may not be sent; nothing when it may."""
    if image[:5].lower() == "data:":
        return _fault_of_data(image)
    if len(image) > MAX_ADDRESS:
        return "the address is too long"
    if not (image.isascii() and image.isprintable()) or set(image) & set(' \\"<>'):
        return "the address holds characters that none may hold"
    return _fault_of_address(image)


def _fault_of_address(image: str) -> str:
    try:
        parts = urlsplit(image)
        host, _ = parts.hostname or "", parts.port  # both raise when they make no sense
    except ValueError:
        return "it is no address"
    if parts.scheme not in ("http", "https"):
        return "it is neither an http(s) address nor a data URI"
    if "@" in parts.netloc:
        return "the address holds a user name"
    return "" if _public(host) else "the address is not a public one"


def _fault_of_data(image: str) -> str:
    if len(image) > MAX_DATA:
        return "the picture is too large"
    found = DATA.match(image)
    if found is None:
        return "it is no data URI of a PNG, JPEG, GIF or WebP picture"
    try:
        data = binascii.a2b_base64(image[found.end() :], strict_mode=True)
    except ValueError:
        return "its data cannot be read"
    if not data.startswith(BEGINNINGS[found[1]]):
        return f"its data is no {found[1].removeprefix('image/').upper()} picture"
    return ""


def _public(host: str) -> bool:
    try:
        return is_public(ipaddress.ip_address(host))
    except ValueError:
        return bool(HOST.fullmatch(host)) and not host.lower().endswith(PRIVATE)
