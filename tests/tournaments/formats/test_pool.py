"""What prompts still offer: few repeated answers, no pair twice, gaps in the answers."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tournaments.formats.pool import (
    Pool,
    answered_table,
    matchings,
    visiting_order,
    wave_rng,
)


def everybody(prompts: int, m: int) -> Pool:
    return Pool(np.ones((prompts, m), dtype=bool))


def test_a_pair_is_played_where_its_answers_are_fresh():
    pool = everybody(3, 4)

    spots = [pool.place(0, 1), pool.place(0, 2), pool.place(2, 3), pool.place(3, 0)]

    assert spots == [(0, 0, 1), (1, 0, 2), (2, 2, 3), (2, 0, 3)] or spots[3][0] in (0, 1, 2)
    assert [spot[0] for spot in spots[:3]] == [0, 1, 2]


def test_a_pair_that_met_everywhere_has_no_place():
    pool = everybody(2, 3)

    assert [pool.place(1, 0), pool.place(0, 1), pool.place(0, 1)] == [(0, 0, 1), (1, 0, 1), None]
    assert Pool(np.ones((0, 3), dtype=bool)).place(0, 1) is None


def test_nobody_plays_where_it_did_not_answer():
    pool = Pool(np.array([[True, False, True], [True, True, True]]))

    assert [pool.place(0, 1), pool.place(0, 1)] == [(1, 0, 1), None]
    assert pool.chain(0, [1, 0, 2]) == [(0, 0, 2)]
    assert pool.capacity.tolist() == [1, 3]


@given(m=st.integers(2, 8), seed=st.integers(0, 99))
def test_chains_play_every_pair_once_in_the_end(m: int, seed: int):
    pool, rng = everybody(1, m), np.random.default_rng(seed)
    spots = []
    while more := pool.chain(0, rng.permutation(m).tolist()):
        used = Counter(who for _, *pair in more for who in pair)
        assert max(used.values()) <= 2
        spots += more

    assert len(set(spots)) == len(spots) == pool.scheduled == m * (m - 1) // 2


def test_prompts_that_are_added_change_no_order():
    before = visiting_order(range(20), 3)

    after = visiting_order(range(40), 3)

    assert [prompt for prompt in after if prompt < 20] == before
    assert before != sorted(before)
    assert visiting_order(range(20), 4) != before


def test_who_answered_nothing_special_answered_all():
    table = answered_table([7, 8], [1, 2], {8: frozenset({2})})

    assert table.tolist() == [[True, True], [False, True]]


def test_matchings_let_all_play_alike():
    pairs = matchings(wave_rng(1, 2), 12, 6)

    assert Counter(who for pair in pairs for who in pair) == dict.fromkeys(range(6), 4)
