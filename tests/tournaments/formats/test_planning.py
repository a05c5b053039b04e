"""How large waves are, and how random."""

from __future__ import annotations

import numpy as np
import pytest

from tournaments.formats import registry
from tournaments.formats.beliefs import believe
from tournaments.formats.planning import RANDOM, Hint, Planner, expected_tau
from tournaments.formats.pool import Pool, wave_rng

M = 10


def known(games: float = 40.0) -> np.ndarray:
    theta = np.linspace(2, -2, M)
    points = games / (1 + np.exp(theta[None, :] - theta[:, None]))
    points[np.arange(M), np.arange(M)] = 0
    return points[None]


def pool(prompts: int = 60, played: int = 0) -> Pool:
    found = Pool(np.ones((prompts, M), dtype=bool))
    rng = np.random.default_rng(0)
    for prompt in range(played):
        found.chain(prompt, rng.permutation(M).tolist())
    return found


def test_half_of_the_pairs_are_random_by_default():
    planner = Planner("pairs", 0.5)
    board = pool(played=40)
    (hint,) = planner.hints(believe(known()), board)

    spots = planner.place(board, hint, wave_rng(1, 1), 1000)

    assert len(spots) == int(0.12 * 360)
    assert len(hint.pairs) == len(spots) - round(0.5 * len(spots))


@pytest.mark.parametrize("schedule", ["chain", "pairs"])
def test_waves_grow_with_the_games_so_that_a_large_run_has_few(schedule):
    """20,000 games in less than a hundred waves."""
    board, planner, sizes = pool(prompts=2500), Planner(schedule, 1.0), []
    while spots := planner.place(board, RANDOM, wave_rng(1, len(sizes)), 20_000 - board.scheduled):
        sizes.append(len(spots))

    assert sum(sizes) == 20_000
    assert len(sizes) < 100
    assert sizes[-2] == pytest.approx(0.12 * sum(sizes[:-2]), rel=0.02)


def test_waves_are_smaller_where_a_rule_may_stop_the_tournament():
    plan, watched = (
        registry.build("adaptive", {"until": until}).lab_planner.growth for until in ("plan", "tau")
    )

    assert watched < plan


@pytest.mark.parametrize(("share", "expected"), [(0.0, 6), (0.5, 3), (1.0, 0)])
def test_chains_follow_the_strengths_on_the_share_of_prompts_that_is_not_random(share, expected):
    theta = np.linspace(3, -3, M)
    hint = Hint(theta, 1e-9 * np.eye(M))
    board = pool()

    spots = [Planner("chain", share).place(board, hint, wave_rng(1, wave), 9) for wave in range(6)]

    sorted_ones = [wave for wave in spots if all(j == i + 1 for _, i, j in wave)]
    assert len(sorted_ones) == expected


def test_all_is_random_while_nothing_tells_the_field_apart():
    level = believe(np.where(np.eye(M), 0, 5.0)[None])

    assert expected_tau(level)[0] < 0.3
    assert Planner("pairs", 0.5).hints(level, pool(played=20)) == [RANDOM]
    assert Planner("chain", 0.5).hints(level, pool(played=20)) == [RANDOM]


def test_the_first_pairs_are_random():
    assert Planner("pairs", 0.5).hints(believe(known()), pool(played=2)) == [RANDOM]


def test_a_chain_prefers_prompts_that_were_not_visited():
    board = pool(prompts=5, played=4)

    spots = Planner("chain", 1.0).place(board, RANDOM, wave_rng(1, 1), 100)

    assert {prompt for prompt, *_ in spots} == {4}


@pytest.mark.parametrize("schedule", ["chain", "pairs"])
def test_in_the_end_every_pair_was_played_on_every_prompt(schedule):
    board, planner, spots = pool(prompts=3), Planner(schedule, 0.5), []
    for wave in range(1000):
        more = planner.place(board, RANDOM, wave_rng(1, wave), 135 - board.scheduled)
        if not more:
            break
        spots += more

    assert len(set(spots)) == len(spots) == 135


def test_an_expectation_of_tau_grows_with_games():
    few, many = (float(expected_tau(believe(known(games)))[0]) for games in (1, 100))

    assert 0 < few < many < 1
