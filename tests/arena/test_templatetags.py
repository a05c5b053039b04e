"""How numbers are written and intervals drawn."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.template import Context, Template

from arena.templatetags import arena_ui


def rendered(source: str, **context: object) -> str:
    return Template("{% load arena_ui %}" + source).render(Context(context))


def plain(text: str) -> str:
    return text.replace("\u202f", " ")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0"), (999, "999"), (1234567, "1 234 567"), (-1500, "−1 500"), (2.6, "3"), (None, "–")],
)
def test_number(value: float | None, expected: str) -> None:
    assert plain(arena_ui.number(value)) == expected


def test_number_with_decimals() -> None:
    assert plain(rendered("{{ x|number:2 }}", x=1234.567)) == "1 234.57"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "$0.00"),
        (0.00001, "<$0.0001"),
        (0.0021, "$0.0021"),
        (0.5, "$0.5000"),
        (3.4123, "$3.41"),
        (12345.6, "$12 345.60"),
        (-2, "−$2.00"),
        (None, "–"),
    ],
)
def test_usd(value: float | None, expected: str) -> None:
    assert plain(arena_ui.usd(value)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0 ms"),
        (0.85, "850 ms"),
        (0.9996, "1.0 s"),
        (3.21, "3.2 s"),
        (59.97, "1 min"),
        (125, "2 min 5 s"),
        (3600, "1 h"),
        (3785, "1 h 3 min"),
        (timedelta(days=2, hours=4, minutes=5), "2 d 4 h"),
        (None, "–"),
    ],
)
def test_duration(value: timedelta | float | None, expected: str) -> None:
    assert plain(arena_ui.duration(value)) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(1043.4, "1043"), (999.6, "1000"), (-3.2, "−3"), (None, "–")]
)
def test_elo(value: float | None, expected: str) -> None:
    assert arena_ui.elo(value) == expected


def test_interval() -> None:
    assert rendered("{% interval a b %}", a=987.2, b=1042.8) == "987–1043"
    assert rendered("{% interval a b %}", a=None, b=1) == ""


def test_markdown() -> None:
    assert (
        rendered("{{ text|markdown }}", text="**x** <b>") == "<p><strong>x</strong> &lt;b&gt;</p>\n"
    )
    assert rendered("{{ text|markdown }}", text=None) == ""


def test_whisker_is_drawn_to_scale_and_says_its_numbers() -> None:
    svg = rendered("{% whisker 1000 900 1100 900 1100 %}")
    assert 'cx="50.00%"' in svg
    assert 'x1="2.83%" x2="97.17%"' in svg
    assert "1000 (900–1100)" in svg
    assert "style=" not in svg


def test_whisker_of_an_unknown_rating_is_nothing() -> None:
    assert rendered("{% whisker None None None 900 1100 %}") == ""


def test_whisker_without_interval_or_spread_is_a_dot() -> None:
    svg = rendered("{% whisker 1000 None None 1000 1000 %}")
    assert 'x1="50.00%" x2="50.00%"' in svg
    assert "None" not in svg
