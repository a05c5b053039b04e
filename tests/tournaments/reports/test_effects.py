from __future__ import annotations

import math

import pytest

from tournaments.reports.effects import told


def effect(name, value, low=None, high=None, meaning="log-odds of winning by something"):
    return {"name": name, "value": value, "ci_low": low, "ci_high": high, "meaning": meaning}


def test_log_odds_become_how_often_one_of_two_equals_wins():
    (length,) = told([effect("length", 0.4, 0.2, 0.6)])

    assert (round(length.value), round(length.low), round(length.high)) == (60, 55, 65)
    assert length.title == "Length"
    assert length.text == "The longer answer wins this share of comparisons between equals."
    assert length.in_percent
    assert length.even


def test_an_interval_round_the_middle_may_be_no_effect():
    (first,) = told([effect("first position", 0.1, -0.1, 0.3)])

    assert first.title == "Shown first"
    assert first.text.endswith("that may be no effect at all.")


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(1.1, 1.5, "more sharply"), (0.5, 0.9, "less sharply"), (0.8, 1.2, "The average judge is 1.")],
)
def test_the_sharpness_of_a_judge(low, high, words):
    (judge,) = told([effect("discrimination, gpt v1", 1.0, low, high, "how sharply")])

    assert judge.title == "Sharpness of gpt v1"
    assert words in judge.text
    assert not judge.in_percent


def test_a_judge_that_likes_the_first_is_named():
    (first,) = told([effect("first position, gpt v1", 0.5, 0.4, 0.6)])

    assert first.title == "Shown first, gpt v1"
    assert first.text.startswith("Before gpt v1 ")


@pytest.mark.parametrize(
    ("name", "meaning", "title"),
    [
        ("ties between equals", "the chance that two equals tie", "Ties"),
        ("noise in the answers", "share of a verdict's noise", "Answers"),
    ],
)
def test_shares_are_per_cent_without_a_middle(name, meaning, title):
    (shown,) = told([effect(name, 0.25, meaning=meaning)])

    assert (shown.title, shown.value, shown.low) == (title, 25.0, None)
    assert shown.in_percent
    assert not shown.even


def test_what_has_no_words_of_its_own_keeps_its_meaning():
    (shown,) = told([effect("effective verdicts", 420.0, meaning="trusted verdicts alone")])

    assert (shown.title, shown.text, shown.value) == (
        "Effective verdicts", "Trusted verdicts alone.", 420.0,
    )  # fmt: skip


def test_a_threshold_is_told_as_ties_and_not_as_the_order():
    (shown,) = told([effect("threshold", 0.8, meaning="log-odds by which a winner must lead")])

    assert shown.title == "Ties"
    assert shown.value == pytest.approx(100 * (1 - 2 / (1 + math.exp(0.8))))
    assert shown.in_percent
    assert not shown.even


def test_the_ties_of_a_judge_are_per_cent_and_keep_its_name():
    name = "ties between equals, GPT-4o Mini, v2"
    (shown,) = told([effect(name, 0.3, 0.2, 0.4, "the chance that this judge ties two equals")])

    assert shown.title == "Ties, GPT-4o Mini, v2"
    assert (shown.value, shown.low, shown.high) == (30.0, 20.0, 40.0)
    assert shown.in_percent


def test_names_in_what_has_no_words_of_its_own_keep_their_letters():
    (shown,) = told([effect("weight of GPT-4o", 1.0, meaning="how much GPT-4o counts")])

    assert (shown.title, shown.text) == ("Weight of GPT-4o", "How much GPT-4o counts.")
