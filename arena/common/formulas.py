"""LaTeX formulas to MathML, within bounds.

The converter knows no limits of its own: macros can double at every step, so a formula that
defines one is refused, and so is what is too long, too deep or too large when converted.
"""

from __future__ import annotations

import html
import re
from unicodedata import category
from xml.etree.ElementTree import Element, tostring

from latex2mathml.converter import Converter

MAX_CHARS = 2_000
MAX_DEPTH = 60
MAX_ELEMENTS = 5_000

# Definitions expand exponentially when nested; \sideset copies its operand twice.
_REFUSED = re.compile(
    r"\\(?:newcommand|newenvironment|def|DeclareMathOperator|sideset)(?![a-zA-Z])"
)

# Elements that stand for something else, or for nothing, with another number of children.
_ARITY = {
    "mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3,
    "munderover": 3,
}  # fmt: skip


def to_mathml(latex: str, *, display: bool) -> str | None:
    """Return a `<math>` element, or None for a formula that cannot be or may not be converted.

    The result is well-formed but not yet safe: LaTeX can set attributes (\\href, \\style), so it
    must pass the sanitiser like any other markup.
    """
    if len(latex) > MAX_CHARS or _REFUSED.search(latex):
        return None
    try:
        tree = Converter(display="block" if display else "inline").convert_to_element(latex)
    except Exception:  # noqa: BLE001  # broken LaTeX raises all sorts: IndexError, RecursionError ...
        return None
    return tostring(_resolved(tree), encoding="unicode") if _is_sound(tree) else None


def _is_sound(tree: Element) -> bool:
    """Whether the tree is within bounds and complete; no recursion, as it may be too deep."""
    seen = 0
    waiting = [(tree, 1)]
    while waiting:
        element, depth = waiting.pop()
        seen += 1
        if depth > MAX_DEPTH or seen > MAX_ELEMENTS:
            return False
        if len(element) != _ARITY.get(element.tag, len(element)):
            return False
        waiting.extend((child, depth + 1) for child in element)
    return True


def _resolved(tree: Element) -> Element:
    """Put right what the converter leaves undone.

    Texts hold character references ("&#x2211;"), and signs outside its table of operators are
    identifiers, so that ± stands without space.
    """
    for element in tree.iter():
        element.text = html.unescape(element.text or "")
        if element.tag == "mi" and len(element.text) == 1 and category(element.text) == "Sm":
            element.tag = "mo"
    return tree
