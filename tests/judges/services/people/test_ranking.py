from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judges.contracts import Preference
from judges.services.people.ranking import (
    MOST,
    group_around,
    pairs_shown,
    preference_between,
    ranks_of,
    shown_order,
)

PAIRS = st.lists(
    st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda pair: pair[0] < pair[1]),
    min_size=1, unique=True,
)  # fmt: skip


def outputs_of(pairs):
    return {output for pair in pairs for output in pair}


def test_all_answers_whose_pairs_are_free_come_together():
    pairs = list(combinations(range(5), 2))

    assert group_around((1, 3), pairs, 100) == pairs


def test_a_few_missing_pairs_do_not_matter_many_do():
    square = [pair for pair in combinations(range(4), 2) if pair != (0, 3)]
    round_robin_of_one_round = [(0, 1), (2, 3), (4, 5)]

    assert group_around((1, 2), square, 100) == square
    assert group_around((2, 3), round_robin_of_one_round, 100) == [(2, 3)]


def test_there_is_room_for_so_many():
    pairs = list(combinations(range(5), 2))

    assert [len(group_around((0, 1), pairs, room)) for room in (1, 2, 3, 5, 6)] == [1, 1, 3, 3, 6]
    assert len(outputs_of(group_around((0, 1), combinations(range(20), 2), 1000))) == MOST


def test_a_pair_that_is_not_free_takes_room_as_well():
    free = [pair for pair in combinations(range(4), 2) if pair != (2, 3)]
    assert [len(group_around((0, 1), free, room)) for room in (4, 5, 6)] == [3, 3, 5]


def test_a_page_shows_pairs_that_nobody_is_asked_about():
    shown = [pairs_shown(asked) for asked in (1, 2, 3, 4, 5, 6, 7, 8, 19, 28, 29)]
    assert shown == [1, 2, 3, 4, 6, 6, 7, 10, 21, 28, 29]


@given(PAIRS, st.data())
def test_a_group_has_the_anchor_and_all_free_pairs_of_its_outputs(pairs, data):
    anchor = data.draw(st.sampled_from(pairs))
    room = data.draw(st.integers(1, 40))

    found = group_around(anchor, pairs, room)

    assert anchor in found
    assert len(found) == len(set(found)) <= room
    assert len(outputs_of(found)) <= MOST
    assert set(found) == {pair for pair in pairs if set(pair) <= outputs_of(found)}


def test_the_order_of_two_does_not_depend_on_others_and_is_drawn_anew_for_each_screen():
    orders = {tuple(shown_order(f"screen {n}", [7, 8, 9])) for n in range(100)}

    assert orders == set(permutations([7, 8, 9]))
    assert [one for one in shown_order("s", range(50)) if one in (3, 30)] == shown_order(
        "s", [30, 3]
    )


@pytest.mark.parametrize(
    ("places", "ranks"),
    [([2, 1, 3], ((1,), (0,), (2,))), ([1, 1, 3], ((0, 1), (2,))), ([4, 4, 4], ((0, 1, 2),))],
)
def test_places_make_an_order(places, ranks):
    assert ranks_of(places) == ranks


@given(st.lists(st.integers(1, 8), min_size=2, max_size=8), st.data())
def test_an_order_says_of_each_two_what_their_places_say(places, data):
    two = st.integers(0, len(places) - 1)
    first, second = data.draw(st.tuples(two, two).filter(lambda pair: pair[0] != pair[1]))

    said = preference_between(ranks_of(places), first, second)

    better, worse = places[first] < places[second], places[first] > places[second]
    assert said == (Preference.FIRST if better else Preference.SECOND if worse else Preference.TIE)
