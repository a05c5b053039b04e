from __future__ import annotations

from math import log

import pytest

from judges.llm.reply import Token
from judges.llm.soft import NEITHER_NAMED, NOT_FOUND, NOTHING_TOLD, share


def token(word: str, **likely: float) -> Token:
    listed = tuple((other.replace("_", " "), log(p)) for other, p in likely.items())
    return word, log(likely.get(word, 0.5)), listed


def sure(*words: str) -> list[Token]:
    return [(word, 0.0, ((word, 0.0),)) for word in words]


def test_the_share_of_the_first_answer_in_a_bare_reply() -> None:
    assert share("A", 0, [token("A", A=0.6, B=0.2, tie=0.2)]) == pytest.approx(0.75)


def test_inside_json_it_is_the_token_in_which_the_verdict_begins() -> None:
    text = '{"reason": "B, A", "verdict": "B"}'
    tokens = [
        *sure('{"reason": "', "B", ", A", '", "', "verdict", '":'),
        (' "B', log(0.9), ((' "B', log(0.9)), (' "A', log(0.1)))),
        *sure('"}'),
    ]
    assert share(text, text.rindex("B"), tokens) == pytest.approx(0.1)


def test_every_name_in_capitals_counts_and_other_words_do_not() -> None:
    tokens = [token("A", A=0.3, A_much=0.1, B=0.1, both=0.2, An=0.1, Both=0.1)]
    assert share("A", 0, tokens) == pytest.approx(0.4 / 0.5)


def test_the_beginning_of_both_bad_is_not_the_second_answer() -> None:
    tokens = [token("b", b=0.7, A=0.2, B=0.1), *sure("oth", "_bad")]
    assert share("both_bad", 0, tokens) == pytest.approx(2 / 3)
    assert share("both_bad", 0, sure("b", "oth_bad")) == NEITHER_NAMED


def test_the_token_itself_counts_where_it_is_not_listed() -> None:
    assert share("B", 0, [("B", log(0.3), (("A", log(0.6)),))]) == pytest.approx(2 / 3)
    assert share("B", 0, [("B", 0.0, ())]) == 0.0


def test_thinking_before_the_reply_does_not_shift_it() -> None:
    assert share("A", 0, [*sure("<think>", "B", "</think>"), token("A", A=0.5, B=0.5)]) == 0.5


def test_a_tie_still_tells_which_way_it_leans() -> None:
    assert share("tie", 0, [token("t", t=0.5, A=0.3, B=0.1), *sure("ie")]) == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("text", "at", "tokens", "why"),
    [
        ("A", 0, None, NOTHING_TOLD),
        ("A", 0, [], NOTHING_TOLD),
        ("A", None, sure("A"), NOT_FOUND),
        ("A", 0, sure("something else"), NOT_FOUND),
        ("tie", 0, sure("tie"), NEITHER_NAMED),
    ],
)
def test_it_says_why_there_is_none(
    text: str, at: int | None, tokens: list[Token] | None, why: str
) -> None:
    assert share(text, at, tokens) == why
