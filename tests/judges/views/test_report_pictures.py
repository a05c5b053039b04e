from __future__ import annotations

import pytest

from judges.stats.bootstrap import Estimate
from judges.stats.calibration import Bin, Calibration
from judges.views.report_pictures import Bar, Scale, bar, curve, shade, widest


def test_a_bar_stands_on_its_scale() -> None:
    scale = Scale(-0.5, 0.5, 0.0)
    found = bar("first", Estimate(0.25, 0.0, 0.5, 10, 5), scale, text="+25")

    assert (found.at, found.start, found.end) == ("75.00%", "50.00%", "100.00%")
    assert scale.line == "50.00%"
    assert not found.apart
    assert bar("first", Estimate(0.25, 0.1, 0.4, 10, 5), scale).apart


def test_what_is_outside_the_scale_stays_inside_the_drawing() -> None:
    found = bar("kappa", Estimate(-0.9, -1.0, 3.0, 10, 5), Scale(-0.2, 1.0, 0.0))

    assert (found.at, found.start, found.end) == ("0.00%", "0.00%", "100.00%")


def test_without_an_interval_nothing_is_claimed() -> None:
    found = bar("first", Estimate(0.3, None, None, 1, 1), Scale(-0.5, 0.5, 0.0))

    assert found.start == found.end == found.at
    assert not found.apart


def test_without_a_figure_there_is_a_note() -> None:
    found = bar("first", None, Scale(0, 1, 0.5), text="no", note="ask twice", link="/x")

    assert found == Bar("first", note="ask twice", link="/x")


def test_a_curve_of_perfect_judges_lies_on_the_diagonal() -> None:
    bins = tuple(
        Bin(low, low + 0.1, sure, Estimate(sure, sure - 0.05, min(sure + 0.05, 1), n, 9))
        for low, sure, n in ((0.7, 0.75, 10), (0.9, 1.0, 40))
    )
    drawn = curve(Calibration(50, 9, bins, None, None))

    half, full = drawn.ideal
    assert drawn.points[1].y == full
    assert drawn.points[0].y == pytest.approx((half + full) / 2, abs=0.1)
    assert drawn.points[1].x == drawn.right
    assert drawn.points[0].radius < drawn.points[1].radius
    assert drawn.points[0].high < drawn.points[0].y < drawn.points[0].low  # y runs downwards
    assert drawn.points[1].text == "100 % sure, right in 100 % of 40"


def test_a_single_comparison_is_no_peak_of_the_curve() -> None:
    bins = (
        Bin(0.5, 0.6, 0.55, Estimate(1.0, 0.2, 1.0, 1, 1)),
        Bin(0.9, 1.0, 1.0, Estimate(0.8, 0.7, 0.9, 40, 9)),
    )

    assert len(curve(Calibration(41, 9, bins, None, None)).points) == 1


@pytest.mark.parametrize(
    ("value", "level"),
    [(-1, 0), (0, 0), (0.01, 1), (0.2, 1), (0.21, 2), (0.6, 3), (0.61, 4), (0.81, 5), (1, 5)],
)
def test_shades_follow_the_legend(value: float, level: int) -> None:
    assert shade(value) == level


def test_the_scale_holds_all_intervals() -> None:
    assert widest([None], 0.2) == 0.2
    assert widest([Estimate(0.1, -0.31, 0.2, 5, 5), None], 0.2) == 0.4
    assert widest([Estimate(0.3, None, None, 5, 5)], 0.2) == 0.3
    assert widest([Estimate(-1.0, -1.0, 0.2, 5, 5)], 0.2) == 1.0
