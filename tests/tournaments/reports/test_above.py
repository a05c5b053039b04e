from __future__ import annotations

import pytest

from tournaments.models import RatingRun
from tournaments.reports.above import MOST, Chance, chances


def run(names, above, unrated=()):
    rows = [{"competitor": name, "rank": i + 1} for i, name in enumerate(names)]
    rows += [{"competitor": name, "rank": None} for name in unrated]
    return RatingRun(rows=rows, details={"above": above})


def test_a_line_for_each_rated_competitor():
    table = chances(run(["cat", "ann"], [[0.5, 0.9], [0.1, 0.5]], unrated=["zoe"]))

    assert table == [
        ("cat", [Chance("cat", None), Chance("ann", 0.9)]),
        ("ann", [Chance("cat", 0.1), Chance("ann", None)]),
    ]


@pytest.mark.parametrize(
    ("value", "percent", "shade"),
    [(0.0, "<1", 0), (0.004, "<1", 0), (0.2, "20", 1), (0.5, "50", 4), (0.93, "93", 8),
     (0.996, ">99", 8), (1.0, ">99", 8)],
)  # fmt: skip
def test_no_chance_is_certain_and_the_middle_is_plain(value, percent, shade):
    chance = Chance("ann", value)

    assert (chance.percent, chance.shade) == (percent, shade)


def test_a_run_that_keeps_none_shows_none():
    assert chances(run(["cat", "ann"], [])) == []


def test_a_large_field_is_cut_to_the_best():
    names = [f"m{i}" for i in range(MOST + 5)]
    table = chances(run(names, [[0.5] * len(names)] * len(names)))

    assert [name for name, _ in table] == names[:MOST]
    assert {len(cells) for _, cells in table} == {MOST}
