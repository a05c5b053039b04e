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
    waiting = request.session.get(PREFIX + name, [])
    request.session[PREFIX + name] = [*waiting, encrypt(json.dumps(texts))]


def take(request: HttpRequest, name: str) -> list[str]:
    """What was put last under this name; empty when that was nothing, or was taken before."""
    waiting = request.session.get(PREFIX + name, []) if request.method == "GET" else []
    if not waiting:
        return []
    request.session[PREFIX + name] = waiting[:-1]
    try:
        texts: list[str] = json.loads(decrypt(waiting[-1]))
    except Unreadable:
        return []
    return texts
