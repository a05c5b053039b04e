"""Bradley-Terry tables: known truths, anchors, intervals, covariates, bootstrap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from tests.tournaments.ratings.worlds import (
    comparisons,
    drawn_rows,
    on_elo_scale,
    ratings,
    with_all_columns,
)
from tournaments.ratings import registry
from tournaments.ratings.base import ELO_SCALE, Comparisons, RatingError, RatingTable


def rate(data: Comparisons, **params: object) -> RatingTable:
    return registry.build("bradley_terry", params).rate(data)


def effect(table: RatingTable, name: str) -> tuple[float, float, float]:
    (found,) = (e for e in table.effects if e.name == name)
    assert found.ci_low is not None
    assert found.ci_high is not None
    return found.ci_low, found.value, found.ci_high


def test_one_match_has_a_closed_form() -> None:
    """Of two competitors and one game, theta solves 1 - p(2 theta) = p(theta) - 1/2."""
    table = rate(comparisons([("a", "b", 1.0, 0)]))
    theta = (table.rows[0].rating - 1000.0) / ELO_SCALE
    assert 1.0 / (1.0 + np.exp(2 * theta)) == pytest.approx(1.0 / (1.0 + np.exp(-theta)) - 0.5)


def test_an_unbroken_order_of_many_stays_finite() -> None:
    names = [f"c{i:02}" for i in range(30)]
    rows = [(names[i], names[i + 1], 1.0, p) for i in range(29) for p in range(80)]
    table = rate(comparisons(rows), bootstrap=20)
    assert [row.competitor for row in table.rows] == names
    assert all(np.isfinite([row.rating, row.ci_low, row.ci_high]).all() for row in table.rows)


def test_an_anchor_stands_at_1000_and_is_certain() -> None:
    data = comparisons(drawn_rows([-0.3, 0.0, 0.3], prompts=20))
    anchored, centred = rate(data, anchor="c1"), rate(data)
    rows = {row.competitor: row for row in anchored.rows}
    assert (rows["c1"].rating, rows["c1"].ci_low, rows["c1"].ci_high) == (1000.0, 1000.0, 1000.0)
    names = ("c0", "c1", "c2")
    shift = ratings(centred, names) - ratings(anchored, names)
    assert shift == pytest.approx([shift[0]] * 3)
    assert [row.rank for row in anchored.rows] == [row.rank for row in centred.rows]
    assert anchored.variances == pytest.approx(centred.variances, rel=1e-6)


def test_an_unknown_anchor_is_refused() -> None:
    with pytest.raises(RatingError, match="anchor 'x' has no comparison"):
        rate(comparisons([("a", "b", 1.0, 0)]), anchor="x")


def test_a_higher_confidence_is_a_wider_interval_about_the_same_rating() -> None:
    data = comparisons(drawn_rows([-0.3, 0.0, 0.3], prompts=20))
    for narrow, wide in zip(
        rate(data, confidence=0.5).rows, rate(data, confidence=0.99).rows, strict=True
    ):
        assert wide.ci_low < narrow.ci_low < narrow.rating < narrow.ci_high < wide.ci_high


@pytest.mark.parametrize("prompts", [3, 40])
def test_intervals_hold_the_truth_about_as_often_as_they_say(prompts: int) -> None:
    """Verdicts on one prompt share its answers, which a row-wise interval does not know."""
    theta, rng = np.array([-0.9, -0.3, 0.0, 0.4, 0.8]), np.random.default_rng(0)
    points, weights = np.polynomial.hermite_e.hermegauss(41)
    a, b = np.triu_indices(5, 1)
    held = []
    for _ in range(150):
        answers = theta + 0.9 * rng.standard_normal((prompts, 5))
        won = rng.random((prompts, 10)) < expit((answers[:, a] - answers[:, b]) / 0.7)
        rows = [(f"c{a[k]}", f"c{b[k]}", float(won[p, k]), p)
                for p in range(prompts) for k in range(10)]  # fmt: skip
        lead = (theta[a] - theta[b])[:, None] + 0.9 * np.sqrt(2.0) * points
        expected = expit(lead / 0.7) @ (weights / weights.sum())
        often = [(f"c{i}", f"c{j}", s, 0) for i, j in zip(a, b, strict=True) for s in (1.0, 0.0)]
        weight = np.stack([expected, 1.0 - expected], axis=1).ravel() * 1e6
        truth = rate(replace(comparisons(often), weight=weight))
        table = rate(comparisons(rows))
        names = [row.competitor for row in table.rows]
        goals = ratings(truth, names)
        held += [r.ci_low <= t <= r.ci_high for r, t in zip(table.rows, goals, strict=True)]
    assert 0.91 <= np.mean(held) <= 0.985


def test_a_bootstrap_agrees_with_the_default_where_both_are_right() -> None:
    data = comparisons(drawn_rows([-0.3, 0.0, 0.3], prompts=60, ties=0.0))
    default, resampled = rate(data), rate(data, bootstrap=1000)
    for row, other in zip(default.rows, resampled.rows, strict=True):
        assert row.rating == other.rating
        assert 0.8 < (row.ci_high - row.ci_low) / (other.ci_high - other.ci_low) < 1.25
    assert resampled.settings["intervals"].startswith("bootstrap over prompts")


def styled(beta: float, prompts: int = 150) -> Comparisons:
    """Equal competitors, of whom c0 writes at length, before judges who like that."""
    rng = np.random.default_rng(7)
    data = comparisons(drawn_rows([0.0, 0.0, 0.0], prompts=prompts, ties=0.0))
    size = np.array([1.0, 0.0, 0.0])
    length = size[data.a] - size[data.b] + rng.normal(0.0, 0.5, len(data.a))
    score = (rng.random(len(length)) < expit(beta * length)).astype(float)
    return replace(data, score=score, covariates={"length": length})


def test_style_control_takes_out_what_length_alone_earns() -> None:
    data = styled(beta=1.5)
    raw, controlled = rate(data), rate(data, style_control=["length"])
    names = ("c0", "c1", "c2")
    assert ratings(raw, names)[0] > 1060
    assert all(row.ci_low < 1000 < row.ci_high for row in controlled.rows)
    assert ratings(controlled, names)[0] < ratings(raw, names)[0] - 40
    low, _, high = effect(controlled, "length")
    typical = np.sqrt(np.mean(data.covariates["length"] ** 2))
    assert low < 1.5 * typical < high
    assert high - low < 1.2


def test_the_side_on_which_an_answer_is_written_down_does_not_matter_to_style() -> None:
    data = styled(beta=1.0)
    turned = replace(data, a=data.b, b=data.a, score=1.0 - data.score,
                     covariates={"length": -data.covariates["length"]})  # fmt: skip
    assert rate(data, style_control=["length"]) == rate(turned, style_control=["length"])


def test_style_that_never_differs_is_said_to_change_nothing() -> None:
    data = comparisons(drawn_rows([-0.3, 0.0, 0.3], prompts=20))
    data = replace(data, covariates={"bold": np.zeros(len(data.a))})
    table = rate(data, style_control=["bold"])
    assert table.warnings == ("No two answers differ in bold, so it changes nothing.",)
    assert table.rows == rate(data).rows


def test_a_covariate_that_is_missing_is_asked_for() -> None:
    with pytest.raises(RatingError, match="without the column"):
        rate(comparisons([("a", "b", 1.0, 0)]), style_control=["length"])


def test_the_advantage_of_the_first_answer_is_found_and_taken_out() -> None:
    rng = np.random.default_rng(3)
    data = comparisons(drawn_rows([-0.5, 0.0, 0.5], prompts=200, ties=0.0))
    theta = np.array([-0.5, 0.0, 0.5])
    first = rng.choice([-1, 1], len(data.a))
    lead = theta[data.a] - theta[data.b] + 0.6 * first
    data = replace(data, score=(rng.random(len(lead)) < expit(lead)).astype(float), first=first)
    table = rate(data, position="common")
    low, _, high = effect(table, "first position")
    assert low < 0.6 < high
    assert ratings(table, ("c0", "c1", "c2")) == pytest.approx(on_elo_scale(theta), abs=40)
    assert rate(data).effects == ()


def test_the_bootstrap_takes_covariates_along() -> None:
    data = with_all_columns(comparisons(drawn_rows([-0.5, 0.0, 0.5], prompts=30, ties=0.0)))
    params = {"style_control": ["length"], "position": "common"}
    plain, resampled = rate(data, **params), rate(data, **params, bootstrap=200)
    assert any(warning.startswith("Prompts are resampled") for warning in resampled.warnings)
    assert not any(warning.startswith("Prompts are resampled") for warning in plain.warnings)
    for row, other in zip(plain.rows, resampled.rows, strict=True):
        assert row.rating == other.rating
        assert 0.7 < (row.ci_high - row.ci_low) / (other.ci_high - other.ci_low) < 1.4
