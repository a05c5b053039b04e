from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judges.surrogates.features import FEATURES, LIMIT, NAMES, Text, describe, difference

PROMPT = "Why do leaves turn red in autumn?"
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=200)


def measure(name: str, answer: str, prompt: str = PROMPT) -> float:
    return float(describe(Text(prompt), Text(answer))[NAMES.index(name)])


@given(prompt=ANY_TEXT, first=ANY_TEXT, second=ANY_TEXT)
def test_swapping_the_answers_flips_every_sign_exactly(
    prompt: str, first: str, second: str
) -> None:
    forward = difference(prompt, first, second)
    assert np.isfinite(forward).all()
    assert (forward == -difference(prompt, second, first)).all()


def test_every_feature_has_a_name_of_its_own_and_a_description() -> None:
    assert len(set(NAMES)) == len(FEATURES)
    assert all(feature.label and feature.description.endswith(".") for feature in FEATURES)


def test_content_counts_what_is_new_and_only_once() -> None:
    one = "The green pigment breaks down, and the others show."
    assert measure("content", "") == 0
    assert measure("content", PROMPT) == 0
    assert measure("content", one) > measure("content", "It does.") > 0
    padded = " ".join([one] * 50)
    assert measure("content", padded) < 1.1 * measure("content", one)


def test_very_short_answers_still_say_something() -> None:
    assert measure("content", "42") == 1


def test_repetition_ignores_ordinary_text_and_finds_loops() -> None:
    ordinary = "The days grow short, so the tree takes its sugar back before the frost arrives."
    assert measure("repetition", ordinary) == 0
    assert measure("repetition", "red and gold " * 40) > 0.7


def test_repetition_works_where_words_are_not_spaced() -> None:
    assert measure("repetition", "가을에는나뭇잎이붉어집니다" * 20, "왜 그럴까요?") > 0.7


@pytest.mark.parametrize(
    ("answer", "proper"),
    [
        ("It is cold.", 1),
        ("추워지기 때문입니다.", 1),
        ("寒いからです。", 1),
        ("```\nprint(1)\n```", 1),
        ("It is cold because the", 0),
        ("```\nprint(1)", 0),
        ("", 0),
    ],
)
def test_ending_tells_finished_from_cut_off(answer: str, proper: int) -> None:
    assert measure("ending", answer) == proper


def test_structure_is_counted() -> None:
    assert measure("code_blocks", "```\na\n```\n```\nb\n```") == pytest.approx(math.log1p(2))
    assert measure("table", "| a | b |\n|---|---|\n| 1 | 2 |") == 1
    assert measure("table", "a | b") == 0
    assert measure("formulas", r"So \(x\) is \frac{1}{2}.") > 0
    assert measure("formulas", "It costs $5 or $6.") == 0


def test_declining_is_seen_at_the_opening_only() -> None:
    assert measure("declines", "I’m sorry, but I can’t help with that.") == 1
    assert measure("declines", "죄송하지만 알 수 없습니다.") == 1
    assert measure("declines", "x" * 400 + " sorry") == 0


def test_script_of_the_prompt_and_foreign_scripts() -> None:
    korean = "가을에 잎이 왜 붉어지나요?"
    assert measure("own_script", "추워지기 때문입니다.", korean) == 1
    assert measure("own_script", "Because it is cold.", korean) == 0
    assert measure("foreign_script", "Because it is cold.", korean) == 0
    assert measure("foreign_script", "因为天气变冷", korean) == 1


@pytest.mark.parametrize(
    ("prompt", "good", "bad"),
    [
        ("Reply in JSON.", '```json\n{"a": [1]}\n```', "a is 1"),
        ("JSON으로 답해 줘.", '{"a": 1}', "{a: 1"),
        ("Compare them in a table.", "| a | b |\n|---|---|\n| 1 | 2 |", "a: 1, b: 2"),
        ("Write Python for it.", "```python\nprint(1)\n```", "You print one."),
        ("Give a list of two.", "- one\n- two", "one and two"),
        ("Answer in at most 5 words.", "Because it is cold.", "cold " * 30),
    ],
)
def test_format_asked_for(prompt: str, good: str, bad: str) -> None:
    assert measure("format", good, prompt) == 1
    assert measure("format", bad, prompt) == 0


def test_no_format_is_asked_by_a_word_that_only_contains_its_name() -> None:
    assert measure("format", "- one\n- two", "What do journalists and pythons eat?") == 0


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        "\x00\ud800\udfff",
        "[" * 2_000_000,
        "| " * 1_000_000,
        "`" * 1_000_000,
        "1" * 1_000_000,
        "\n" * 1_000_000 + "x",
        "a\u0301\u0323" * 500_000,
        "".join(chr(i) for i in range(0x110000)),
    ],
    ids=["empty", "broken", "nested", "pipes", "ticks", "digits", "lines", "marks", "all"],
)
def test_hostile_texts_are_measured_quickly(hostile: str) -> None:
    start = time.process_time()
    assert np.isfinite(difference("Reply in JSON as a list " + hostile, hostile, "x")).all()
    assert time.process_time() - start < 2


def test_long_texts_are_read_at_both_ends() -> None:
    text = Text("a" * LIMIT + "middle" + "b" * LIMIT)
    assert len(text.text) == LIMIT
    assert text.text.startswith("a")
    assert text.text.endswith("b")
    assert "middle" not in text.text
