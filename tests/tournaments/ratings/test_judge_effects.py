"""Judges that differ: what made the data is found, without any label."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from tests.tournaments.ratings.worlds import comparisons, drawn_rows, on_elo_scale, ratings
from tournaments.ratings import registry
from tournaments.ratings.base import Comparisons, RatingError, RatingTable

THETA = np.array([-1.0, -0.3, 0.4, 0.9])
NAMES = ("c0", "c1", "c2", "c3")


def judged(sharpness: list[float], position: list[float], prompts: int = 150) -> Comparisons:
    rng = np.random.default_rng(0)
    data = comparisons(drawn_rows(THETA.tolist(), prompts=prompts))
    n = len(data.a)
    judge, first = rng.integers(0, len(sharpness), n), rng.choice([-1, 1], n)
    lead = np.array(sharpness)[judge] * (THETA[data.a] - THETA[data.b])
    won = rng.random(n) < expit(lead + np.array(position)[judge] * first)
    judges = tuple(f"judge {k}" for k in range(len(sharpness)))
    return replace(data, score=won.astype(float), judge=judge, judges=judges, first=first)


def rate(data: Comparisons, **params: object) -> RatingTable:
    return registry.build("bradley_terry", {"judge_effects": True, **params}).rate(data)


def test_sharpness_and_liking_of_the_first_are_found() -> None:
    table = rate(judged([2.0, 0.5], [0.0, 1.0]), position="common")
    found = {effect.name: effect for effect in table.effects}
    for name, truth in (
        ("discrimination, judge 0", 2.0),
        ("discrimination, judge 1", 0.5),
        ("first position, judge 0", 0.0),
        ("first position, judge 1", 1.0),
    ):
        effect = found[name]
        assert effect.ci_low is not None
        assert effect.ci_high is not None
        assert effect.ci_low < truth < effect.ci_high, effect
    assert ratings(table, NAMES) == pytest.approx(on_elo_scale(THETA), abs=60)


def test_a_judge_who_guesses_hardly_counts() -> None:
    data = judged([1.5, 1.5, 0.0], [0.0, 0.0, 0.0])
    alike = registry.build("bradley_terry").rate(data)
    known = rate(data)
    sharp = {e.name: e.value for e in known.effects}
    assert sharp["discrimination, judge 2"] < 0.35 * sharp["discrimination, judge 0"]

    def relative_width(table: RatingTable) -> float:
        spread = np.ptp(ratings(table, NAMES))
        return float(np.mean([row.ci_high - row.ci_low for row in table.rows]) / spread)

    assert relative_width(known) < relative_width(alike)


def test_equal_judges_change_nothing_much() -> None:
    data = judged([1.0, 1.0], [0.0, 0.0])
    plain = registry.build("bradley_terry").rate(data)
    assert ratings(rate(data), NAMES) == pytest.approx(ratings(plain, NAMES), abs=15)


def test_a_single_judge_is_the_plain_fit() -> None:
    data = judged([1.0], [0.0])
    plain = registry.build("bradley_terry").rate(data)
    found = rate(data)
    assert ratings(found, NAMES) == pytest.approx(ratings(plain, NAMES), abs=1e-3)
    assert [effect.name for effect in found.effects] == ["ties between equals, judge 0"]


def test_style_and_judges_together_are_refused() -> None:
    with pytest.raises(RatingError, match="choose one"):
        rate(judged([1.0, 1.0], [0.0, 0.0], prompts=2), style_control=["length"])
