"""Effects of answers: knock-outs put right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.tournaments.ratings.worlds import (
    TREES,
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
