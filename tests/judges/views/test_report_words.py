from __future__ import annotations

import pytest

from judges.stats.bootstrap import Estimate
from judges.stats.calibration import Bin, Calibration
from judges.stats.jury_size import JurySize
from judges.views import report_words as words

THIN = words.THIN


def known(value: float, low: float | None = None, high: float | None = None) -> Estimate:
    return Estimate(value, low, high, 100, 10)


def test_numbers_in_words() -> None:
    assert words.percent(0.13) == f"13{THIN}%"
    assert words.percent(0.013) == f"1.3{THIN}%"
    assert words.percent(0.0) == f"0{THIN}%"
    assert words.points(0.147) == f"+15{THIN}points"
    assert words.points(-0.06) == f"−6{THIN}points"
    assert words.points(-0.001) == "0 points"
    assert words.coefficient(-0.125) == "−0.12"
    assert words.interval(known(0.5, 0.41, 0.6)) == "41 to 60"
    assert words.interval(known(0.5, -0.124, 0.6), 1.0, 2) == "−0.12 to 0.60"
    assert words.interval(known(0.5)) == ""
    assert words.interval(known(0.0, -0.0004, 0.004)) == "0.0 to 0.4"
    assert words.interval(known(0.0, -0.004, 0.03)) == "0 to 3"


def test_sentences_about_places() -> None:
    assert "13\u202f% of the comparisons" in words.flip(known(0.13))
    assert "a coin would make 50\u202f%" in words.flip(known(0.13))
    assert "preferred in 36\u202f%" in words.first(known(-0.14))


def test_an_interval_that_holds_zero_may_be_chance() -> None:
    assert "may be chance" in words.beyond_length(known(0.02, -0.01, 0.05))
    assert "may be chance" not in words.beyond_length(known(0.04, 0.01, 0.05))
    assert "hardly more or less often than" in words.beyond_length(known(-0.002, -0.01, 0.01))
    assert "4\u202fpoints less often" in words.beyond_length(known(-0.04, -0.06, -0.01))


@pytest.mark.parametrize(
    ("kappa", "word"),
    [(0.95, "nearly always"), (0.7, "well"), (0.5, "moderately"), (0.24, "a little"),
     (0.1, "hardly"), (-0.1, "less than by chance")],
)  # fmt: skip
def test_kappas_as_adverbs(kappa: float, word: str) -> None:
    assert word in words.agrees(kappa)


def test_calibration_speaks_of_the_surest_bin() -> None:
    bins = (Bin(0.7, 0.8, 0.75, known(0.6)), Bin(0.9, 1.0, 1.0, known(0.76)))
    text = words.calibrated(Calibration(100, 10, bins, known(0.205), known(0.15)))

    assert "surest (100\u202f%), it is right in 76\u202f%" in text
    assert "15\u202f% apart; Brier score 0.205" in text
    nothing = Calibration(100, 10, (), known(0.25), known(0.0))
    assert "never surer" in words.calibrated(nothing)


def test_a_jury_says_who_told_its_errors() -> None:
    size = JurySize(5, known(2.2), known(0.32))

    assert "worth 2.2" in words.jury(size, "people")
    assert "of people" in words.jury(size, "people")
    assert "higher rather than lower" in words.jury(size, "other judges")
