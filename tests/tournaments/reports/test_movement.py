from __future__ import annotations

import pytest

from tournaments.reports.movement import moves


def row(name, rank, rating=1000.0):
    return {"competitor": name, "rank": rank, "rating": rating if rank else None}


@pytest.mark.parametrize(
    ("now", "before", "places", "text"),
    [
        (1, 3, 2, "up 2, was 3"),
        (4, 3, -1, "down 1, was 3"),
        (2, 2, 0, "same place"),
        (None, 2, None, "not rated now"),
        (2, None, None, "new"),
    ],
)
def test_what_moved(now, before, places, text):
    moved = moves([row("ann", now)], [row("ann", before)])["ann"]

    assert (moved.places, moved.text) == (places, text)


def test_who_was_not_there_is_new_and_who_left_is_not_listed():
    moved = moves([row("ann", 1)], [row("ben", 1)])

    assert list(moved) == ["ann"]
    assert moved["ann"].text == "new"
    assert moved["ann"].shift == ""


def test_points_carry_their_sign():
    moved = moves(
        [row("ann", 1, 1010), row("ben", 2, 940)], [row("ann", 1, 998), row("ben", 2, 953)]
    )

    assert (moved["ann"].shift, moved["ben"].shift) == ("+12", "−13")
