"""LaTeX to MathML: what is converted, and what is refused."""

from __future__ import annotations

import time
from xml.etree import ElementTree as ET

import pytest

from arena.common import formulas


def texts(mathml: str, tag: str) -> list[str]:
    name = f"{{http://www.w3.org/1998/Math/MathML}}{tag}"
    return [element.text or "" for element in ET.fromstring(mathml).iter(name)]


def converted(latex: str, *, display: bool = False) -> str:
    mathml = formulas.to_mathml(latex, display=display)
    assert mathml is not None
    return mathml


def test_a_fraction_becomes_mathml() -> None:
    mathml = converted(r"\frac{a+1}{b}")
    assert "<mfrac>" in mathml
    assert texts(mathml, "mi") == ["a", "b"]


@pytest.mark.parametrize(("display", "expected"), [(True, "block"), (False, "inline")])
def test_display_is_said_in_the_markup(display: bool, expected: str) -> None:
    assert f'display="{expected}"' in converted("x", display=display)


def test_signs_are_operators_and_written_as_characters() -> None:
    assert texts(converted(r"a \pm b \leq c"), "mo") == ["±", "≤"]


def test_text_in_a_formula_stays_text() -> None:
    mathml = converted(r"\text{</math><script>alert(1)</script>}")
    assert "<script" not in mathml
    assert "&lt;script&gt;" in mathml


@pytest.mark.parametrize(
    "latex",
    [
        r"\sum_{i=1}^n x_i'",
        r"{}_2F_1",
        r"f''(x)^2",
        r"\sqrt[3]{x} \sqrt{y}",
        r"\lim_{x \to 0} \frac12",
        r"\overset{!}{=} \underbrace{a+b}_{c} \xrightarrow{n}",
        r"\binom{n}{k} \left\{ \begin{matrix} a & b \\ c & d \end{matrix} \right.",
        r"\begin{cases} 1 & x > 0 \\ 0 & \text{else} \end{cases}",
        r"\mathbb{R} \mathbf{v} \hat{y} \bar{x} \vec{a} \nabla \partial \infty",
        r"\begin{aligned} a &= b \\ &= c \end{aligned}",
        r"P(A \mid B) \ge 50\%",
    ],
)
def test_what_people_write_is_converted(latex: str) -> None:
    assert "\\" not in "".join(ET.fromstring(converted(latex)).itertext())


@pytest.mark.parametrize(
    "latex",
    [
        "",
        "{",
        r"\frac{1}",
        r"\left( x",
        "x^",
        "a^b^c",
        r"\begin{matrix} 1",
        "^" * 1999,
        "{" * 1500,
        "x" * (formulas.MAX_CHARS + 1),
        "{" * 100 + "}" * 100,
        r"\newcommand{\x}{y}\x",
        r"\def\x{y}\x",
        r"\DeclareMathOperator{\x}{y}\x",
        r"\sideset{}{}{\sideset{}{}{x}}",
    ],
)
def test_broken_deep_or_defining_formulas_are_refused(latex: str) -> None:
    assert formulas.to_mathml(latex, display=False) is None


def test_macros_that_double_at_each_step_cost_nothing() -> None:
    steps = "".join(
        rf"\def\x{chr(97 + i)}{{{{\x{chr(98 + i)}}}{{\x{chr(98 + i)}}}}}" for i in range(24)
    )
    start = time.perf_counter()
    assert formulas.to_mathml(steps + r"\xa", display=False) is None
    assert time.perf_counter() - start < 0.1
