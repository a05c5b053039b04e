from __future__ import annotations

import pytest

from tournaments.reports.noise import in_words, told


def kept(share, comparisons=1680, prompts=60):
    low, high = (None, None) if share is None else (share - 0.05, share + 0.05)
    return {
        "share": share, "ci_low": low, "ci_high": high, "comparisons": comparisons,
        "prompts": prompts,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("share", "advice"),
    [(0.7, "knock-out rests on lucky"), (0.35, "another prompt tells more"), (0.1, "few prompts")],
)
def test_the_share_comes_with_what_to_do(share, advice):
    words = in_words(kept(share))

    assert words.startswith(f"{share * 100:.0f} % (")
    assert "1,680 comparisons on 60 prompts" in words
    assert advice in words


def test_an_interval_that_says_too_little_gives_no_advice():
    wide = {**kept(0.7), "ci_low": 0.15, "ci_high": 0.95}
    some = {**kept(0.55), "ci_low": 0.4, "ci_high": 0.7}

    assert "too wide to plan by" in in_words(wide)
    assert "another prompt tells more" in in_words(some)
    assert "knock-out" not in in_words(wide) + in_words(some)


@pytest.mark.parametrize(
    ("noise", "why"),
    [
        ({}, "no judge was asked twice"),
        (kept(None, 0, 0), "no judge was asked twice"),
        (kept(None, 9, 3), "only 3 prompts had repeated calls; it takes 10"),
    ],
)
def test_without_repeats_it_says_what_would_give_it(noise, why):
    words = in_words(noise)

    assert why in words
    assert "A judge with both orders, or with more than one sample" in words
    assert told(noise).percent is None


def test_the_bar_is_complete():
    shown = told(kept(0.35))

    assert (shown.percent, shown.low, shown.high) == (35.0, 30.0, 40.0)
    assert shown.percent + shown.rest == 100.0
