"""Untrusted Markdown to safe HTML.

Prompts and outputs are hostile: they may carry markup, scripts, links that run code, images that
tell their host who is judging, or text built to keep a parser busy. The text is parsed without raw
HTML, formulas become MathML, and all of it passes an allow-list. Nothing fetches anything.
"""

from __future__ import annotations

import hashlib
import html
import re
import time
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import nh3
from django.core.cache import cache
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.dollarmath import dollarmath_plugin

from arena.common import formulas

MAX_CHARS = 200_000
"""Characters of a text that are shown; the rest is cut, with a note."""

MAX_FORMULA_CHARS = 30_000
"""Characters of all formulas of one text that are converted; the rest is shown as source."""

MAX_SECONDS = 1.5
"""CPU time of this thread for parsing one text; what takes longer is shown as plain text."""

MAX_NESTING = 60
"""Levels of lists (two each) and quotations; a text nested deeper is shown as plain text."""

MAX_CACHED_CHARS = 250_000
CACHE_SECONDS = 24 * 60 * 60

_LIBRARIES = ("markdown-it-py", "mdit-py-plugins", "latex2mathml", "nh3")
# An update of the sanitiser may close a hole, so what an older one let through is not reused.
_VERSION = "2:" + ":".join(version(name) for name in _LIBRARIES)

# Controls, lone surrogates, and the bidi embeddings, overrides and isolates, which make a text
# read differently from what it says. The marks LRM, RLM and ALM stay.
_NOT_TEXT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufffe\uffff]"
)
_LANGUAGE = re.compile(r"language-[\w+#.-]{1,32}")
# Enough for spaces and fences; a formula must not paint over its surroundings.
_SMALL_LENGTH = re.compile(r"[+-]?[0-4]?(\.\d{1,4})?(em|ex|px|pt|mu|%)?")
_LENGTHS = {
    "width", "height", "depth", "voffset", "lspace", "rspace", "linethickness", "minsize",
    "maxsize", "columnspacing", "scriptlevel",
}  # fmt: skip

_TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p",
    "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_MATH_TAGS = {
    "math", "menclose", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded", "mphantom",
    "mroot", "mrow", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable", "mtd",
    "mtext", "mtr", "munder", "munderover",
}  # fmt: skip
_ATTRIBUTES: dict[str, set[str]] = {
    "*": set(),
    "a": {"href"},
    "code": {"class"},
    "ol": {"start"},
    "td": {"align"},
    "th": {"align"},
    "math": {"display", "tabindex"},
    "menclose": {"notation"},
    "mfrac": {"linethickness"},
    "mi": {"mathvariant"},
    "mn": {"mathvariant"},
    "mo": {"accent", "fence", "form", "largeop", "maxsize", "minsize", "movablelimits", "stretchy"},
    "mover": {"accent"},
    "mpadded": {"depth", "height", "width"},
    "mspace": {"width"},
    "mstyle": {"displaystyle", "scriptlevel"},
    "mtable": {"columnalign", "columnlines", "columnspacing", "rowlines"},
    "mtd": {"columnalign"},
    "mtext": {"mathvariant"},
    "munder": {"accentunder"},
}


class _TooCostlyError(Exception):
    """The text takes more time to parse than it may, or is nested too deeply."""


def render(text: str) -> SafeString:
    """Return the text as HTML that is safe to show inside `<div class="prose">`.

    Never raises for any text. At most MAX_CHARS characters are shown, and a text that would take
    longer than MAX_SECONDS to parse is shown as plain text. The result is cached by content.
    """
    shown = text[:MAX_CHARS]
    digest = hashlib.sha256(f"{_VERSION}:{len(text)}:{shown}".encode("utf-8", "surrogatepass"))
    key = f"markdown:{digest.hexdigest()}"
    known = cache.get(key)
    if known is None:
        known = _rendered(shown) + _cut_note(len(text))
        if len(known) <= MAX_CACHED_CHARS:
            cache.set(key, known, CACHE_SECONDS)
    return SafeString(known)


def _rendered(text: str) -> str:
    text = _NOT_TEXT.sub("\ufffd", text)
    env = {"deadline": time.thread_time() + MAX_SECONDS, "formula_chars": MAX_FORMULA_CHARS}
    try:
        markup = _MARKDOWN.render(text, env)
    except (_TooCostlyError, RecursionError):
        markup = f"<pre>{html.escape(text)}</pre>"
    # Again, for what the text spelt as a character reference.
    return _CLEANER.clean(_NOT_TEXT.sub("\ufffd", markup))


def _cut_note(length: int) -> str:
    if length <= MAX_CHARS:
        return ""
    return (
        f'<p class="prose-note">Cut for display: the first {MAX_CHARS:,} '
        f"of {length:,} characters are shown.</p>"
    )


def _filter_attribute(tag: str, name: str, value: str) -> str | None:
    if name in _LENGTHS:
        return value if all(map(_SMALL_LENGTH.fullmatch, value.split())) else None
    if tag == "code":
        return value if _LANGUAGE.fullmatch(value) else None
    return value


_CLEANER = nh3.Cleaner(
    tags=_TAGS | _MATH_TAGS,
    attributes=_ATTRIBUTES,
    attribute_filter=_filter_attribute,
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel="noopener noreferrer nofollow",
    # What may be too wide scrolls, which must be possible by keyboard too.
    set_tag_attribute_values={
        "a": {"target": "_blank"},
        "pre": {"tabindex": "0"},
        "table": {"tabindex": "0"},
    },
)


# --- Parsing ------------------------------------------------------------------------------------


def _check_bounds(state: StateBlock | StateInline, *_: Any) -> bool:
    """A rule that matches nothing; it stands first and so is asked at every step."""
    if state.level > MAX_NESTING or time.thread_time() > state.env["deadline"]:
        raise _TooCostlyError
    return False


def _bracket_math(state: StateInline, silent: bool) -> bool:
    r"""Inline rule for \( ... \) and \[ ... \], which most language models write."""
    opening = state.src[state.pos : state.pos + 2]
    if opening not in _CLOSING:
        return False
    end = state.src.find(_CLOSING[opening], state.pos + 2, state.pos + 4 + formulas.MAX_CHARS)
    if end < 0:
        return False
    if not silent:
        token = state.push("math_inline" if opening == r"\(" else "math_inline_double", "math", 0)
        token.content = state.src[state.pos + 2 : end]
        token.markup = opening
    state.pos = end + 2
    return True


_CLOSING = {r"\(": r"\)", r"\[": r"\]", "$$": "$$"}
_BLOCK_LINES = 60


def _display_math(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    r"""Block rule for $$ ... $$ and \[ ... \] that begin a line and end one, without empty lines.

    It replaces the plug-in's own, which searches to the end of the text at every opening.
    """
    opening = _line(state, start)[:2]
    if opening not in ("$$", r"\[") or state.is_code_block(start):
        return False
    closing = _CLOSING[opening]
    content = _line(state, start)[2:]
    number = start
    while closing not in content:
        number += 1
        if number >= min(end, start + _BLOCK_LINES) or state.isEmpty(number):
            return False
        content += "\n" + _line(state, number)
    if content.index(closing) + 2 != len(content):
        return False  # text follows: an inline formula
    if not silent:
        token = state.push("math_block", "math", 0)
        token.block, token.map, token.markup = True, [start, number + 1], opening
        token.content = content[:-2]
    state.line = number + 1
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]].rstrip()


def _adapt_tokens(state: StateCore) -> None:
    """Demote headings below the page's own; say the alignment of cells without a style."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
        elif token.type in ("th_open", "td_open"):
            style = str(token.attrs.pop("style", ""))
            if style:
                token.attrSet("align", style.removeprefix("text-align:"))


# --- Rendering ----------------------------------------------------------------------------------


def _formula(
    _renderer: RendererHTML, tokens: Sequence[Token], idx: int, _options: OptionsDict, env: EnvType
) -> str:
    token = tokens[idx]
    display = token.type != "math_inline"
    env["formula_chars"] -= len(token.content)
    within = env["formula_chars"] > 0 and time.thread_time() < env["deadline"]
    mathml = formulas.to_mathml(token.content.strip(), display=display) if within else None
    if mathml is None:
        source = token.markup + token.content + _CLOSING.get(token.markup, token.markup)
        mathml = f"<code>{html.escape(source)}</code>"
    elif display:
        mathml = mathml.replace("<math ", '<math tabindex="0" ', 1)
    return f"<p>{mathml}</p>\n" if token.block else mathml


def _image(
    renderer: RendererHTML, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
) -> str:
    """Show what an image says and where it is: fetching it would tell its host who is judging."""
    alt = renderer.renderInlineAsText(tokens[idx].children, options, env)
    address = str(tokens[idx].attrGet("src") or "")
    shown = address if len(address) <= 200 else address[:200] + "…"
    return f"<em>Image: {html.escape(alt)}</em> <code>{html.escape(shown)}</code>"


def _build() -> MarkdownIt:
    # A line break in the text is one on the page, as in a chat window: poems depend on it.
    options = {"html": False, "breaks": True, "maxNesting": MAX_NESTING + 10}
    markdown = MarkdownIt("commonmark", options)
    markdown.enable(["table", "strikethrough"])
    markdown.use(
        dollarmath_plugin,
        allow_labels=False,
        allow_space=False,
        allow_digits=False,
        double_inline=True,
    )
    markdown.block.ruler.at("math_block", _display_math, {"alt": ["paragraph", "list"]})
    markdown.inline.ruler.before("escape", "bracket_math", _bracket_math)
    markdown.block.ruler.before("table", "check_bounds", _check_bounds)
    markdown.inline.ruler.before("text", "check_bounds", _check_bounds)
    markdown.core.ruler.push("adapt_tokens", _adapt_tokens)
    for name in ("math_inline", "math_inline_double", "math_block"):
        markdown.add_render_rule(name, _formula)
    markdown.add_render_rule("image", _image)
    return markdown


_MARKDOWN = _build()
