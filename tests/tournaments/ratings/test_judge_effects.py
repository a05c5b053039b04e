"""Judges that differ: what made the data is found, without any label."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from tests.tournaments.ratings.worlds import comparisons, drawn_rows, on_elo_scale, ratings
from tournaments.ratings import registry
from tournaments.ratings.base import Comparisons, RatingError, RatingTable
from tournaments.ratings.counts import gather
from tournaments.ratings.judge_effects import _units
from tournaments.ratings.paired import Prior
from tournaments.ratings.sharpness import Posterior

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


def contradicting(ways: dict[int, str], n: int = 3000, competitors: int = 40) -> Comparisons:
    """Each judge in its way: sees the order always or never, the other way round, or guesses."""
    rng = np.random.default_rng(1)
    a = rng.integers(0, competitors, n)
    b = (a + rng.integers(1, competitors, n)) % competitors
    judge = rng.integers(0, len(ways), n)
    says = {
        "the order": (a > b).astype(float),
        "the reverse": (a < b).astype(float),
        "ties": np.full(n, 0.5),
        "anything": rng.integers(0, 2, n).astype(float),
    }
    score = np.select([judge == k for k in ways], [says[way] for way in ways.values()])
    names = tuple(f"c{i:02d}" for i in range(competitors))
    judges = tuple(f"judge {k}" for k in ways)
    return Comparisons(names, a, b, score, rng.integers(0, 300, n), judge=judge, judges=judges,
                       first=rng.choice([-1, 1], n))  # fmt: skip


@pytest.mark.parametrize("position", ["ignore", "common"])
@pytest.mark.parametrize(
    "ways",
    [
        ("the order", "ties"),
        ("ties", "the order", "ties"),
        ("the order", "the reverse"),
        ("the order", "the order", "the reverse", "ties"),
        ("anything", "ties", "ties"),
    ],
)
def test_judges_who_tie_hundreds_of_times_or_contradict_each_other_converge(
    ways: tuple[str, ...], position: str
) -> None:
    table = rate(contradicting(dict(enumerate(ways))), position=position)
    sharp = [e.value for e in table.effects if e.name.startswith("discrimination")]
    assert len(sharp) == len(ways)
    assert np.isfinite(sharp).all()
    assert min(sharp) > 0
    if "the order" in ways and "ties" in ways:
        assert sharp[ways.index("the order")] > 10 * sharp[ways.index("ties")]
    assert all(row.ci_low < row.rating < row.ci_high for row in table.rows)


def test_the_derivatives_of_the_joint_posterior_are_its_own() -> None:
    evidence = gather(judged([2.0, 0.5, 1.0], [0.0, 1.0, 0.0], prompts=10))
    units, judge, _ = _units(evidence, evidence.ints("first"))
    posterior = Posterior(units, judge, 3, Prior(1.0))
    point = np.random.default_rng(0).normal(size=4 + 3 + 3)
    steps = 1e-5 * np.eye(len(point))
    slope = [(posterior._loss(point + e) - posterior._loss(point - e)) / 2e-5 for e in steps]
    assert posterior._gradient(point) == pytest.approx(np.array(slope), abs=1e-4)
    bend = [(posterior._gradient(point + e) - posterior._gradient(point - e)) / 2e-5
            for e in steps]  # fmt: skip
    assert posterior._hessian(point) == pytest.approx(np.array(bend), abs=1e-4)
