"""Does a page show hostile text without running, loading or sending anything?"""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlsplit

ADDRESSES = {"src", "href", "action", "formaction", "data", "poster", "srcset", "background"}
OWN_SCHEMES = {"", "data"}


class _Watcher(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.harms: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        for name, value in given.items():
            if name.startswith("on") or name == "style":
                self.harms.append(f"<{tag}> has {name}")
            if name in ADDRESSES:
                self._address(tag, name, value, given)
        if tag == "script" and "src" not in given:
            self.harms.append("a script stands in the page")
        if tag == "style" or (tag == "meta" and given.get("http-equiv", "").lower() == "refresh"):
            self.harms.append(f"<{tag}> stands in the page")

    def _address(self, tag: str, name: str, value: str, given: dict[str, str]) -> None:
        parts = urlsplit(value.strip())
        if parts.scheme in ("javascript", "vbscript") or value.startswith("data:text"):
            self.harms.append(f"<{tag}> runs {name}")
        elif not parts.netloc and parts.scheme in OWN_SCHEMES:
            return
        elif tag != "a":
            self.harms.append(f"<{tag}> reaches {parts.netloc or parts.scheme}")
        elif "noreferrer" not in given.get("rel", ""):
            self.harms.append(f"a link tells {parts.netloc} where it stands")


def harms(page: str) -> list[str]:
    """What in a page of ours would run, load or send something; nothing when all is well."""
    watcher = _Watcher()
    watcher.feed(page)
    return list(dict.fromkeys(watcher.harms))
