"""What the page after a redirect shows, once. Loading that page again then makes nothing anew.

It waits in the session of whoever made it, encrypted, since a link or key is kept nowhere in clear.
"""

from __future__ import annotations

import json

from django.http import HttpRequest

from arena.common.secrets import Unreadable, decrypt, encrypt

PREFIX = "once:"


def put(request: HttpRequest, name: str, *texts: str) -> None:
    """Keep texts for the next page that takes what is called `name`."""
    request.session[PREFIX + name] = encrypt(json.dumps(texts))


def take(request: HttpRequest, name: str) -> list[str]:
    """What was put under this name; empty when that was nothing, or was taken before."""
    kept = request.session.pop(PREFIX + name, "") if request.method == "GET" else ""
    try:
        texts: list[str] = json.loads(decrypt(kept)) if kept else []
    except Unreadable:
        return []
    return texts
