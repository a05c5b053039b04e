"""Elo: the update itself, what shuffling removes, and its place beside Bradley-Terry."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.tournaments.ratings.worlds import SHARED_DATA, comparisons, drawn_rows
from tournaments.ratings import elo, registry
from tournaments.ratings.base import Comparisons, RatingTable
from tournaments.ratings.counts import Evidence, gather
from tournaments.ratings.elo import replay, shuffles

FOOD = SHARED_DATA / "bt_reference" / "cases" / "evalica_food.json"


def rate(data: Comparisons, **params: object) -> RatingTable:
    return registry.build("elo", params).rate(data)


def spread(table: RatingTable) -> float:
    return float(np.std([row.rating for row in table.rows]))


def in_given_order(games: list[tuple[int, int, float]], names: tuple[str, ...]) -> Evidence:
    a, b, score = (np.array(column) for column in zip(*games, strict=True))
    outcome = np.rint(2 - 2 * score).astype(np.int64)
    return Evidence(names, (), a, b, outcome, np.arange(len(a)), len(a), "")


def test_one_game_moves_half_of_k() -> None:
    table = rate(comparisons([("a", "b", 1.0, 0)]), k=32)
    assert [row.rating for row in table.rows] == pytest.approx([1016.0, 984.0])


def test_the_update_follows_the_formula() -> None:
    evidence = in_given_order([(0, 1, 1.0), (1, 2, 0.5), (0, 2, 0.0)], ("a", "b", "c"))
    a, b, c = 8.0, -8.0, 0.0
    gain = 16 * (0.5 - 1 / (1 + 10 ** ((c - b) / 400)))
    b, c = b + gain, c - gain
    gain = 16 * (0.0 - 1 / (1 + 10 ** ((c - a) / 400)))
    expected = [a + gain, b, c - gain]
    assert replay(evidence, np.array([[0, 1, 2]], dtype=np.int32), 16)[0] == pytest.approx(expected)


def test_no_game_changes_nothing() -> None:
    evidence = in_given_order([(0, 1, 1.0), (1, 2, 0.5)], ("a", "b", "c"))
    orders = np.array([[0, 1, 2, 2], [2, 0, 2, 1]], dtype=np.int32)
    padded = replay(evidence, orders, 16)
    assert padded[0] == pytest.approx(replay(evidence, orders[:1, :2], 16)[0])
    assert padded[1] == pytest.approx(padded[0])


def test_two_competitors_have_the_digits_of_any_number() -> None:
    rng = np.random.default_rng(3)
    games = [(0, 1, float(score)) for score in rng.choice([0.0, 0.5, 1.0], 150)]
    alone, beside = (in_given_order(games, names) for names in (("a", "b"), ("a", "b", "idle")))
    orders = shuffles(alone, rng.multinomial(150, np.full(150, 1 / 150), 4), 3, rng)
    longer = np.pad(orders, ((0, 0), (5, 70)), constant_values=150)
    assert (replay(alone, longer, 16) == replay(beside, longer, 16)[:, :2]).all()


def test_the_digits_do_not_depend_on_how_many_steps_are_looked_up_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = comparisons(drawn_rows([-0.5, 0.0, 0.5], prompts=30))
    found = rate(data, bootstrap=20)
    monkeypatch.setattr(elo, "_STEPS", 1)
    assert rate(data, bootstrap=20) == found


def test_shuffles_hold_exactly_the_games_of_each_resample() -> None:
    evidence = gather(comparisons(drawn_rows([0.0, 0.0, 0.0], prompts=3)))
    weights = np.array([[1, 1, 1], [0, 3, 0], [2, 0, 1]])
    orders = shuffles(evidence, weights, 2, np.random.default_rng(0))
    assert orders.shape == (6, 9)
    for weight, pair in zip(weights, orders.reshape(3, 2, 9), strict=True):
        expected = np.repeat(np.arange(9), weight[evidence.prompt])
        assert all((np.sort(order) == expected).all() for order in pair)


@pytest.mark.skipif(not FOOD.is_file(), reason=f"the published case is not at {FOOD}")
def test_one_pass_in_order_equals_another_library() -> None:
    case = json.loads(FOOD.read_text())
    items = tuple(case["items"])
    points = {"left": 1.0, "tie": 0.5, "right": 0.0}
    games = [(items.index(a), items.index(b), points[winner]) for a, b, winner in case["games"]]
    order = np.arange(len(games), dtype=np.int32)[None]
    found = 1000.0 + replay(in_given_order(games, items), order, 4.0)[0]
    assert found == pytest.approx([case["expected"]["elo"][item] for item in items])


def test_the_mean_over_shuffles_settles() -> None:
    data = comparisons(drawn_rows([-0.6, 0.0, 0.6], prompts=30))
    many = [rate(data, seed=seed, shuffles=2000, bootstrap=0) for seed in (1, 2)]
    few = [rate(data, seed=seed, shuffles=1, bootstrap=0) for seed in (1, 2)]

    def apart(tables: list[RatingTable]) -> float:
        first, second = ({row.competitor: row.rating for row in t.rows} for t in tables)
        return max(abs(first[name] - second[name]) for name in first)

    assert apart(many) < 2.5
    assert apart(few) > 5 * apart(many)


def test_with_enough_games_it_agrees_with_bradley_terry() -> None:
    data = comparisons(drawn_rows([-0.8, -0.2, 0.3, 0.7], prompts=100))
    elo = rate(data, bootstrap=0)
    bt = registry.build("bradley_terry", {"bootstrap": 0}).rate(data)
    assert [row.competitor for row in elo.rows] == [row.competitor for row in bt.rows]
    assert spread(elo) / spread(bt) == pytest.approx(1.0, abs=0.08)


def test_a_small_k_stays_near_the_start() -> None:
    data = comparisons(drawn_rows([-0.8, -0.2, 0.3, 0.7], prompts=10))
    assert spread(rate(data, k=2, bootstrap=0)) < 0.5 * spread(rate(data, k=32, bootstrap=0))


def test_chunks_do_not_change_the_replay(monkeypatch: pytest.MonkeyPatch) -> None:
    data = comparisons(drawn_rows([-0.6, 0.0, 0.6], prompts=10))
    whole = rate(data, bootstrap=40, shuffles=40)
    monkeypatch.setattr("tournaments.ratings.elo._GAMES_AT_ONCE", 1000)
    chunked = rate(data, bootstrap=40, shuffles=40)
    assert [r.competitor for r in whole.rows] == [r.competitor for r in chunked.rows]
    assert [r.rating for r in chunked.rows] == pytest.approx([r.rating for r in whole.rows])
