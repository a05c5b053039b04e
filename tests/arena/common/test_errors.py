from __future__ import annotations

from arena.common.errors import Conflict


def test_a_sentence_begins_large_and_leaves_names_as_they_are() -> None:
    assert Conflict("raters of Team B judge GPT-4").sentence == "Raters of Team B judge GPT-4."
