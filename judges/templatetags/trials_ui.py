"""Template tags of the pages on which a judge is tried."""

from __future__ import annotations

from django import template

from arena.common.visible import visible

register = template.Library()

SHOWN = 40_000
"""Characters of one text that a page shows."""


@register.filter
def as_it_is(text: str) -> str:
    """Untrusted text to be shown in `<pre>`: nothing in it is invisible, and its end is said."""
    if len(text) <= SHOWN:
        return visible(text)
    return f"{visible(text[:SHOWN])}\n… {len(text) - SHOWN:,} more characters are not shown here"
