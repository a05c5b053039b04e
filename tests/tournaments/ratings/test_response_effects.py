"""Effects of answers: knock-outs put right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.tournaments.ratings.worlds import (
    TREES,
    Row,
    comparisons,
    drawn_rows,
    knock_out,
    on_elo_scale,
    ratings,
)
from tournaments.ratings import bradley_terry, registry, response_effects
from tournaments.ratings.base import Comparisons, RatingError
from tournaments.ratings.counts import gather
from tournaments.ratings.paired import Prior
from tournaments.ratings.response_effects import fit_responses

PLAIN = registry.build("bradley_terry", {"response_effects": "never"})


def over_answers(theta: np.ndarray, sigma: float) -> np.ndarray:
    return on_elo_scale(response_effects._over_answers(theta, sigma)[0])


def test_a_knock_out_of_varying_answers_is_put_right() -> None:
    theta, sigma = np.linspace(-1.2, 1.2, 8), 1.3
    names = [f"c{i}" for i in range(8)]
    truth = over_answers(theta, sigma)
    plain, ours, held, shares = [], [], [], []
    for seed in range(6):
        data = comparisons(knock_out(theta, 250, sigma, seed))
        table = registry.build("bradley_terry", {"response_effects": "always"}).rate(data)
        goal = dict(zip(names, truth, strict=True))
        held += [row.ci_low <= goal[row.competitor] <= row.ci_high for row in table.rows]
        ours.append(np.ptp(ratings(table, ("c0", "c7"))))
        plain.append(np.ptp(ratings(PLAIN.rate(data), ("c0", "c7"))))
        shares.append(table.effects[0])
    spread = truth[7] - truth[0]
    assert abs(np.mean(ours) - spread) < abs(np.mean(plain) - spread)
    assert np.mean(ours) == pytest.approx(spread, rel=0.04)
    assert np.mean(held) > 0.85
    share = sigma**2 / (sigma**2 + np.pi**2 / 6)
    known = [(s.ci_low or 0.0) < share < (s.ci_high or 0.0) for s in shares]
    assert sum(known) >= 4
    assert np.mean([s.value for s in shares]) > 0.25


def test_answers_that_do_not_vary_leave_a_plain_fit() -> None:
    data = comparisons(knock_out(np.linspace(-1, 1, 8), 150, 0.0, 1))
    names = [f"c{i}" for i in range(8)]
    found = registry.build("bradley_terry", {"response_effects": "always"}).rate(data)
    plain = PLAIN.rate(data)
    assert ratings(found, names) == pytest.approx(ratings(plain, names), abs=12)
    assert (found.effects[0].ci_low or 0.0) < 0.1


def test_circles_and_weights_are_refused() -> None:
    evidence = gather(comparisons(drawn_rows([0.0, 0.1, 0.2], prompts=3)))
    with pytest.raises(RatingError, match="form no circle"):
        registry.build("bradley_terry", {"response_effects": "always"}).rate(
            comparisons(drawn_rows([0.0, 0.1, 0.2], prompts=3))
        )
    assert evidence.weight is None
    for other in ({"bootstrap": 5}, {"position": "common"}):
        with pytest.raises(RatingError, match="without any other option"):
            registry.build("bradley_terry", {"response_effects": "always", **other}).rate(
                comparisons(TREES)
            )


def fitted(data: Comparisons, **params: object) -> tuple[bool, bool]:
    """Whether effects of answers were fitted, and whether a knock-out was warned of."""
    table = registry.build("bradley_terry", params).rate(data)
    warned = any(warning.startswith("A knock-out over") for warning in table.warnings)
    return any(effect.name == "noise in the answers" for effect in table.effects), warned


def test_a_long_knock_out_gets_them_unasked() -> None:
    long = comparisons(knock_out(np.zeros(4), 100, 0.5, 0))
    short = comparisons(knock_out(np.zeros(4), 99, 0.5, 0))
    assert fitted(long) == (True, False)
    assert fitted(short) == (False, False)
    assert fitted(long, response_effects="never") == (False, True)
    assert fitted(short, response_effects="always") == (True, False)


def test_where_they_cannot_be_had_a_plain_fit_warns(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = knock_out(np.zeros(4), 120, 0.5, 0)
    twice = comparisons([*rows, *(("c0", "c1", s, 200 + i) for i in range(3) for s in (0.0, 1.0))])
    assert fitted(twice) == (False, True)  # a circle on three of the prompts
    assert fitted(comparisons(rows), bootstrap=10) == (False, True)
    monkeypatch.setattr(bradley_terry, "_AFFORDABLE", 100)
    assert fitted(comparisons(rows)) == (False, True)


def test_ties_do_not_hide_what_is_in_the_answers() -> None:
    """Ties as Davidson's model makes them, 7 %: taken for level answers, they would hide all."""
    theta, sigma, nu = np.linspace(-1.2, 1.2, 8), 1.28, 0.2
    shares, spreads = [], []
    for seed in range(4):
        data = comparisons(tied_knock_out(theta, 250, sigma, nu, seed))
        assert 0.03 < np.mean(data.score == 0.5) < 0.12
        table = registry.build("bradley_terry").rate(data)
        shares.append(table.effects[0].value)
        spreads.append(np.ptp(ratings(table, ("c0", "c7"))))
    truth = on_elo_scale(response_effects._over_answers(theta, sigma, nu)[0])
    assert np.mean(shares) > 0.2
    assert np.mean(spreads) == pytest.approx(truth[7] - truth[0], rel=0.05)


def tied_knock_out(
    theta: np.ndarray, prompts: int, sigma: float, nu: float, seed: int
) -> list[Row]:
    """Brackets in which results are Davidson's; after a tie the lot decides who goes on."""
    rng, rows = np.random.default_rng(seed), []
    for prompt in range(prompts):
        strength = theta + sigma * rng.standard_normal(len(theta))
        field = rng.permutation(len(theta))
        while len(field) > 1:
            through = []
            for i, j in zip(field[0::2], field[1::2], strict=True):
                lead = strength[i] - strength[j]
                odds = np.array([np.exp(lead / 2), nu, np.exp(-lead / 2)])
                score = float(rng.choice([1.0, 0.5, 0.0], p=odds / odds.sum()))
                rows.append((f"c{i}", f"c{j}", score, prompt))
                through.append(i if rng.random() < score else j)
            field = np.array(through)
    return rows


@pytest.mark.parametrize(("nothing", "warned"), [(1.0, True), (0.0, False)])
def test_where_nothing_is_found_in_the_answers_the_warning_stays(
    monkeypatch: pytest.MonkeyPatch, nothing: float, warned: bool
) -> None:
    monkeypatch.setattr(bradley_terry, "_NOTHING", nothing)
    assert fitted(comparisons(knock_out(np.zeros(4), 150, 0.5, 3))) == (True, warned)


def test_a_large_field_is_not_fitted_in_a_request() -> None:
    """900 competitors in brackets of 8 would take a minute."""
    rng, rows = np.random.default_rng(0), []
    for prompt in range(110):
        field = rng.choice(900, 8, replace=False)
        while len(field) > 1:
            rows += [
                (f"c{i}", f"c{j}", 1.0, prompt)
                for i, j in zip(field[::2], field[1::2], strict=True)
            ]
            field = field[::2]
    assert fitted(comparisons(rows)) == (False, True)


def test_a_curvature_that_is_none_is_an_error_of_the_rating() -> None:
    def saddle(point: np.ndarray) -> tuple[float, np.ndarray]:
        return 0.0, point * np.array([1.0, -1.0])

    with pytest.raises(RatingError, match="did not converge"):
        response_effects._inverse(saddle, np.zeros(2), np.zeros(2))


def test_where_people_judged_they_are_fitted_when_asked_for_only() -> None:
    data = comparisons(knock_out(np.zeros(4), 100, 0.5, 0))
    people = replace(data, rater=np.arange(len(data.a)) % 5)
    assert fitted(people) == (False, True)
    table = registry.build("bradley_terry", {"response_effects": "always"}).rate(people)
    assert table.warnings[0].startswith("With effects of answers, verdicts of one person")


def test_runs_from_before_there_was_a_choice_are_understood() -> None:
    for kept, meant in ((True, "always"), (False, "never")):
        assert registry.build("bradley_terry", {"response_effects": kept}).params.model_dump()[
            "response_effects"
        ] == meant  # fmt: skip


def test_one_prompt_is_enough_for_an_answer() -> None:
    evidence = gather(comparisons(TREES[:3]))
    found = fit_responses(evidence, Prior(1.0))
    assert found.clustered is None
    assert np.isfinite(found.model).all()
