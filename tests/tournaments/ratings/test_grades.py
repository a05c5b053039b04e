"""Graded verdicts: what a slight win is worth, on which scale, and how sure the rating is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar

from tests.tournaments.ratings.worlds import comparisons, drawn_rows, on_elo_scale, ratings
from tournaments.ratings import registry
from tournaments.ratings.base import ELO_SCALE, Comparisons, RatingTable
from tournaments.ratings.counts import gather
from tournaments.ratings.grades import fit_graded, graded_of, share_of, shares
from tournaments.ratings.paired import Prior

THETA = np.array([-1.0, -0.3, 0.4, 0.9])
NAMES = ("c0", "c1", "c2", "c3")


def graded(prompts: int = 40, seed: int = 0, ties: float = 0.6) -> Comparisons:
    """Verdicts by a lead with logistic noise: a tie up to `ties`, slight up to 2."""
    rng = np.random.default_rng(seed)
    data = comparisons(drawn_rows(THETA.tolist(), prompts, seed=seed))
    lead = THETA[data.a] - THETA[data.b] + rng.logistic(size=len(data.a))
    score = np.where(np.abs(lead) < ties, 0.5, (lead > 0).astype(float))
    clarity = np.where(score == 0.5, np.nan, np.where(np.abs(lead) < 2.0, 0.5, 1.0))
    return replace(data, score=score, clarity=clarity)


def rate(data: Comparisons, **params: object) -> RatingTable:
    return registry.build("bradley_terry", params).rate(data)


def numbers(table: RatingTable) -> np.ndarray:
    rows = sorted(table.rows, key=lambda row: row.competitor)
    return np.array([(row.rating, row.ci_low, row.ci_high) for row in rows])


def test_a_slight_win_is_three_quarters_of_the_point() -> None:
    score, clarity = np.array([1.0, 1.0, 0.0, 0.5]), np.array([1.0, 0.5, 0.5, 1.0])
    share = share_of(score, clarity)
    assert share.tolist() == [1.0, 0.75, 0.25, 0.5]
    again = graded_of(share)
    assert again[0].tolist() == score.tolist()
    assert again[1][:3].tolist() == clarity[:3].tolist()
    assert np.isnan(again[1][3])


def test_the_fit_is_that_of_another_solver() -> None:
    evidence = gather(graded())
    found = fit_graded(evidence, Prior(1.0))
    a, b, share, score = evidence.a, evidence.b, shares(evidence), evidence.score

    def loss(theta: np.ndarray, points: np.ndarray) -> float:
        lead, ghost = theta[a] - theta[b], np.logaddexp(0.0, theta) - theta / 2
        return float((np.logaddexp(0.0, lead) - points * lead).sum() + ghost.sum())

    theta = minimize(loss, np.zeros(4), args=(share,), tol=1e-12).x
    assert found.fitted.theta == pytest.approx(theta, abs=1e-5)
    factor = minimize_scalar(lambda k: loss(k * theta, score)).x
    assert found.factor == pytest.approx(factor, abs=1e-4)
    assert factor > 1.1


def test_intervals_are_those_of_leaving_out_one_prompt_after_the_other() -> None:
    """A jackknife refits strengths and factor, so it knows nothing of their derivatives."""
    data = graded(prompts=60, seed=3)
    found = fit_graded(gather(data), Prior(1.0))
    left_out = []
    for prompt in range(60):
        kept = data.prompt != prompt
        columns = ("a", "b", "score", "prompt", "clarity")
        part = replace(data, **{name: getattr(data, name)[kept] for name in columns})
        left_out.append(fit_graded(gather(part), Prior(1.0)).theta)
    centred = np.eye(4) - 0.25
    apart = (np.array(left_out) - np.mean(left_out, axis=0)) @ centred
    jackknife = np.sqrt((59 / 60) * (apart**2).sum(axis=0))
    assert found.clustered is not None
    sandwich = np.sqrt(np.diag(centred @ found.clustered @ centred))
    model = np.sqrt(np.diag(centred @ found.model @ centred))
    assert sandwich == pytest.approx(jackknife, rel=0.05)
    assert model == pytest.approx(jackknife, rel=0.3)


def test_graded_ratings_are_on_the_scale_of_plain_ones_and_surer() -> None:
    """Without ties the true strengths are what a plain fit is after; 100 tournaments."""
    truth, played = on_elo_scale(THETA), [graded(25, seed, ties=0.0) for seed in range(100)]
    errors, widths = {}, {}
    for way in ("never", "auto"):
        rating, low, high = np.array([numbers(rate(data, graded=way)) for data in played]).T
        truly = truth[:, None]
        errors[way] = float(((rating - truly) ** 2).mean())
        widths[way] = float((high - low).mean())
        slope = ((rating - 1000) * (truly - 1000)).sum() / (100 * ((truth - 1000) ** 2).sum())
        assert slope == pytest.approx(1.0, abs=0.03)
        assert 0.93 <= ((low <= truly) & (truly <= high)).mean() <= 0.975
    assert errors["auto"] < 0.95 * errors["never"]
    assert widths["auto"] < 0.97 * widths["never"]


def test_the_settings_say_what_verdicts_were_taken_for() -> None:
    data = graded()
    used = rate(data)
    assert used.settings["verdicts"].startswith("graded: a slight win is three quarters")
    assert rate(data, graded="never").settings["verdicts"] == "wins and ties"
    assert used.warnings == ()
    assert used.converged
    assert used.rounds > 0


def test_where_few_say_how_clear_it_is_all_wins_count_the_same_and_that_is_said() -> None:
    data = graded()
    clarity = data.clarity.copy()
    clarity[::2] = np.nan
    plain, found = rate(data, graded="never"), rate(replace(data, clarity=clarity))
    assert (numbers(found) == numbers(plain)).all()
    assert found.settings["verdicts"].startswith("wins and ties: 52% of the wins say how clear")
    assert found.warnings == plain.warnings


def test_two_judges_are_not_put_on_one_scale_and_that_is_said() -> None:
    """All that the second one judges is c0's, and it calls every win clear."""
    data = graded()
    second = (data.a == 0) | (data.b == 0)
    clarity = np.where(second & (data.score != 0.5), 1.0, data.clarity)
    pooled = replace(data, clarity=clarity, judge=second.astype(int), judges=("one", "two"))
    plain, found = rate(data, graded="never"), rate(pooled)
    assert (numbers(found) == numbers(plain)).all()
    assert found.settings["verdicts"].startswith("wins and ties: 2 judges say how clear wins are")
    assert found.warnings == plain.warnings


def test_a_second_judge_without_grades_does_not_forbid_them() -> None:
    data = graded()
    second = np.arange(len(data.a)) % 20 == 0
    mixed = replace(
        data,
        clarity=np.where(second, np.nan, data.clarity),
        judge=second.astype(int),
        judges=("one", "two"),
    )
    assert rate(mixed).settings["verdicts"].startswith("graded")


def test_grades_that_tell_nothing_are_left_out_and_that_is_said() -> None:
    data = graded(prompts=200)
    coin = np.random.default_rng(0).choice([0.5, 1.0], len(data.a))
    guessed = replace(data, clarity=np.where(data.score == 0.5, np.nan, coin))
    found = rate(guessed)
    assert (numbers(found) == numbers(rate(data, graded="never"))).all()
    assert found.settings["verdicts"].endswith("the intervals would be no narrower")
    assert found.warnings == ()


def test_a_few_wins_of_unknown_clarity_are_of_average_clarity() -> None:
    data = graded()
    clarity = data.clarity.copy()
    clarity[5:8] = np.nan
    evidence = gather(replace(data, clarity=clarity))
    known = evidence.floats("clarity")
    missing = np.isnan(known) & (evidence.outcome != 1)
    average = known[~np.isnan(known)].mean()
    assert missing.sum() == 3 - np.isnan(data.clarity[5:8]).sum()
    assert np.abs(2 * shares(evidence)[missing] - 1) == pytest.approx(average)


def test_wins_that_are_all_equally_clear_are_plain_wins() -> None:
    data = graded()
    alike = replace(data, clarity=np.where(np.isnan(data.clarity), np.nan, 0.5))
    found, plain = rate(alike), rate(data, graded="never")
    assert (numbers(found) == numbers(plain)).all()
    assert found.warnings == ()


@pytest.mark.parametrize(
    "params",
    [{"position": "common"}, {"style_control": ["length"]}, {"bootstrap": 20},
     {"judge_effects": True}, {"response_effects": "always"}],
)  # fmt: skip
def test_other_options_do_not_ask_for_grades(params: dict[str, object]) -> None:
    assert {"clarity", "judge"} <= registry.build("bradley_terry").columns
    assert "clarity" not in registry.build("bradley_terry", params).columns


def test_how_graded_verdicts_are_written_down_does_not_matter() -> None:
    data = graded(prompts=12)
    rng = np.random.default_rng(1)
    rows, turned = rng.permutation(len(data.a)), rng.random(len(data.a)) < 0.5
    a, b, score = data.a[rows], data.b[rows], data.score[rows]
    rewritten = replace(
        data,
        a=np.where(turned, b, a),
        b=np.where(turned, a, b),
        score=np.where(turned, 1.0 - score, score),
        prompt=data.prompt[rows],
        clarity=data.clarity[rows],
    )
    assert rate(rewritten) == rate(data)


def test_the_hash_tells_grades_apart_and_a_rerun_has_the_same_digits() -> None:
    data = graded(prompts=12)
    other = data.clarity.copy()
    win = int(np.flatnonzero(other == 1.0)[0])
    other[win] = 0.5
    assert rate(data).data_hash != rate(replace(data, clarity=other)).data_hash
    first, again = rate(data), rate(data)
    assert first == again
    assert (first.variances == again.variances).all()


def test_a_weight_counts_like_repeats_of_a_graded_verdict() -> None:
    data = graded(prompts=15)
    weight = np.random.default_rng(2).integers(1, 4, len(data.a))
    rows = np.repeat(np.arange(len(data.a)), weight)
    columns = ("a", "b", "score", "prompt", "clarity")
    repeated = replace(data, **{name: getattr(data, name)[rows] for name in columns})
    weighted = rate(replace(data, weight=weight.astype(float)))
    assert numbers(weighted) == pytest.approx(numbers(rate(repeated)), abs=1e-6)


def test_opposite_graded_verdicts_give_the_mirror_image() -> None:
    data = graded(prompts=15)
    found, mirror = rate(data), rate(replace(data, score=1.0 - data.score))
    assert numbers(mirror)[:, 0] == pytest.approx(2000 - numbers(found)[:, 0], abs=1e-6)


def test_what_one_person_s_verdicts_share_widens_graded_intervals() -> None:
    rng = np.random.default_rng(4)
    data = graded(prompts=60, seed=4)
    rater = rng.integers(0, 6, len(data.a))
    taste = rng.normal(size=(6, 4))
    lead = THETA[data.a] - THETA[data.b] + rng.logistic(size=len(data.a))
    lead += taste[rater, data.a] - taste[rater, data.b]
    clarity = np.where(np.abs(lead) < 2.0, 0.5, 1.0)
    alone = replace(data, score=(lead > 0).astype(float), clarity=clarity)
    widths = [np.ptp(numbers(rate(d))[:, 1:], axis=1).mean()
              for d in (alone, replace(alone, rater=rater))]  # fmt: skip
    assert widths[1] > 1.3 * widths[0]


@pytest.mark.parametrize("clarity", [0.0, -0.5, 1.5])
def test_a_clarity_that_is_none_is_refused(clarity: float) -> None:
    data = graded(prompts=3)
    values = data.clarity.copy()
    values[1] = clarity
    with pytest.raises(ValueError, match="row 1: the clarity is not above 0 and up to 1"):
        rate(replace(data, clarity=values))


@pytest.mark.parametrize("wins", [1, 12])
def test_one_who_wins_everything_has_a_finite_graded_rating(wins: int) -> None:
    rows = [("a", "b", 1.0, prompt) for prompt in range(wins)]
    data = comparisons([*rows, ("a", "b", 1.0, 0)])
    data = replace(data, clarity=np.array([0.5] * wins + [1.0]))
    table = rate(data)
    assert table.settings["verdicts"].startswith("graded")
    top = table.rows[0]
    assert top.competitor == "a"
    assert 1000 < top.rating < 1000 + 4 * ELO_SCALE
    assert top.ci_high - top.ci_low > 50


def test_graded_results_that_cancel_out_leave_equals() -> None:
    data = comparisons([("a", "b", 1.0, 0), ("a", "b", 0.0, 1), ("a", "b", 1.0, 2),
                        ("a", "b", 0.0, 3)])  # fmt: skip
    table = rate(replace(data, clarity=np.array([0.5, 0.5, 1.0, 1.0])))
    assert ratings(table, ("a", "b")) == pytest.approx(on_elo_scale(np.zeros(2)), abs=1e-6)
    assert table.rows[0].ci_high - table.rows[0].ci_low > 100
