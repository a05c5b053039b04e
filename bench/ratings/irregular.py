"""The irregular cases: no silent wrong number."""

from __future__ import annotations

import numpy as np

from tournaments.ratings import registry
from tournaments.ratings.base import Comparisons, RatingError, RatingTable

Rows = list[tuple[int, int, float]]

FAULTY = ("self_match", "nan_winner", "bad_label", "nan_model")
"""Cases that are refused, naming the row."""

SOUND = ("no_games", "tied_chain", "mostly_tied")
"""Cases that need no warning: all that is there is rated."""


def irregular() -> bool:
    """The irregular cases: a finite answer with a warning, or a refusal that says why."""
    rng = np.random.default_rng(1)
    theta = np.linspace(0.6, -0.6, 6)
    passed = True
    print(f"{'case':<16} {'outcome':<8} what the reader is told")
    for name, rows, names in _irregular_cases(rng, theta):
        try:
            table = registry.build("bradley_terry").rate(_from_rows(rows, names))
        except (RatingError, ValueError) as error:
            outcome, said = "refused", str(error)
            ok = name in FAULTY and said.startswith("row ")
        else:
            outcome = "rated"
            said = "; ".join(table.warnings) or "-"
            ok = _finite(table) and (bool(table.warnings) or name in SOUND) and name not in FAULTY
        passed &= ok
        print(f"{name:<16} {outcome:<8} {said[:140]}{'' if ok else '   FAILED'}")
    return passed


def _irregular_cases(rng: np.random.Generator, theta: np.ndarray) -> list[tuple[str, Rows, int]]:
    def robin(ids: range, times: int) -> Rows:
        return [
            (i, j, float(rng.random() < 1 / (1 + np.exp(theta[j] - theta[i]))))
            for i in ids for j in ids if i < j for _ in range(times)
        ]  # fmt: skip

    low, high, all_, five = range(3), range(3, 6), range(6), range(5)
    bridge = [(i, j, 1.0) for i in low for j in high] * 3
    tenth = lambda k: k % 10 == 0  # noqa: E731
    regular = robin(all_, 20)
    return [
        ("disconnected", robin(low, 20) + robin(high, 20), 6),
        ("undefeated", [(a, b, 1.0 if a == 0 else s) for a, b, s in robin(all_, 10)], 6),
        ("winless", [(a, b, 1.0 if b == 5 else s) for a, b, s in robin(all_, 10)], 6),
        ("no_games", robin(five, 20), 6),
        ("one_way_bridge", robin(low, 20) + robin(high, 20) + bridge, 6),
        ("all_ties", [(i, j, 0.5) for i in all_ for j in range(i)] * 5, 6),
        ("tied_chain", [(0, 1, 1.0), (0, 2, 0.5), (1, 2, 0.5)] * 10, 3),
        ("mostly_tied", [(a, b, 0.5 if rng.random() < 0.8 else s)
                         for a, b, s in robin(all_, 2)], 6),
        ("dup_x10", robin(all_, 10) * 10, 6),
        ("self_match", [*regular, *[(2, 2, 1.0)] * 50], 6),
        ("nan_winner", [(a, b, np.nan if tenth(k) else s)
                        for k, (a, b, s) in enumerate(regular)], 6),
        ("bad_label", [(a, b, -8.0 if tenth(k) else s) for k, (a, b, s) in enumerate(regular)], 6),
        ("nan_model", [(-1 if tenth(k) else a, b, s) for k, (a, b, s) in enumerate(regular)], 6),
        ("empty", [], 6),
        ("one_match", [(0, 1, 1.0)], 2),
    ]  # fmt: skip


def _from_rows(rows: Rows, n: int) -> Comparisons:
    """Rows that are repeated stand on one prompt, all others on a prompt of their own."""
    table = np.array(rows, dtype=float).reshape(-1, 3)
    prompt = np.arange(len(table))
    copies = 10 if len(rows) == 1500 else 1
    prompt %= max(len(table) // copies, 1)
    a, b = table[:, 0].astype(np.int64), table[:, 1].astype(np.int64)
    return Comparisons(tuple(f"m{i}" for i in range(n)), a, b, table[:, 2], prompt)


def _finite(table: RatingTable) -> bool:
    rated = [row for row in table.rows if row.rating is not None]
    numbers = [x for row in rated for x in (row.rating, row.ci_low, row.ci_high)]
    wide = all(row.ci_high - row.ci_low > 1 for row in rated)
    return bool(np.isfinite(numbers).all()) and wide
