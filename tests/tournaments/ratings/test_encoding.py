"""Names to numbers."""

from __future__ import annotations

import pytest

from tournaments.ratings import encoding
from tournaments.ratings.encoding import codes, numbered


@pytest.mark.parametrize("n", [0, 1, 2, 5, 9, 300, 9_000])
def test_every_value_gets_its_number(n: int) -> None:
    names = [f"name {i}" for i in range(n)]
    values = [names[(7 * i) % n] for i in range(3 * n)]
    index = {name: i for i, name in enumerate(names)}
    assert codes(values, index).tolist() == [index[value] for value in values]


@pytest.mark.parametrize("n", [2, 300])
def test_a_value_without_a_number_is_an_error(n: int) -> None:
    index = {str(i): i for i in range(n)}
    with pytest.raises(KeyError):
        codes(["0", "1", "x"], index)


def test_columns_share_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "_SAMPLE", 1)  # so that later names come as a surprise
    names, (first, second) = numbered(["b", "a", "b"], ["c", "b", "a"])
    assert names == ("a", "b", "c")
    assert first.tolist() == [1, 0, 1]
    assert second.tolist() == [2, 1, 0]
