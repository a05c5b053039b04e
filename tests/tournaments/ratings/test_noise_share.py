"""The share of noise in the answers, from repeated calls in worlds where it is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tournaments.ratings.noise_share import FEWEST_PROMPTS, Repeats, noise_share

PER_ANSWER = np.pi**2 / 6


def repeats(share, prompts=60, competitors=7, orders=(1, -1), calls=1, tied=0.0, seed=0):
    """Everybody against everybody on every prompt, `calls` times in each of the orders."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(0, 1, competitors)
    i, j = np.triu_indices(competitors, 1)
    a, b = np.tile(i, prompts), np.tile(j, prompts)
    prompt = np.repeat(np.arange(prompts), len(i))
    answer = rng.normal(0, np.sqrt(PER_ANSWER * share / (1 - share)), (prompts, competitors))
    lead = theta[a] - theta[b] + answer[prompt, a] - answer[prompt, b]
    wins, ties, asked = (np.zeros((len(a), 3)) for _ in range(3))
    for column, first in enumerate(orders):
        for _ in range(calls):
            chance, luck = 1 / (1 + np.exp(-lead - 0.4 * first)), rng.random(len(a))
            tie = np.abs(luck - chance) < tied
            wins[:, column] += (luck < chance) & ~tie
            ties[:, column] += tie
            asked[:, column] += 1
    return Repeats(competitors, a, b, prompt, wins, ties, asked)


@pytest.mark.parametrize("share", [0.1, 0.4, 0.8])
@pytest.mark.parametrize("asked", [{"orders": (1, -1)}, {"orders": (1,), "calls": 3}])
def test_a_known_share_is_found(share, asked):
    found = [noise_share(repeats(share, seed=seed, **asked)) for seed in range(4)]

    assert np.mean([one.share for one in found]) == pytest.approx(share, abs=0.06)
    assert sum(one.ci_low <= share <= one.ci_high for one in found) >= 3


def test_without_noise_in_the_answers_the_interval_reaches_down_to_none():
    found = noise_share(repeats(0.0))

    assert found.share < 0.08
    assert found.ci_low == 0.0


@pytest.mark.parametrize("prompts", [12, 40])
def test_a_judge_that_never_contradicts_itself_has_an_honest_interval(prompts):
    """Every resample is alike there; the interval reaches to all, and narrows with the data."""
    drawn = repeats(0.3, prompts=prompts, competitors=5)
    sure = replace(drawn, wins=(drawn.wins[:, :1] > 0) * drawn.calls)

    found = noise_share(sure)

    assert found.ci_high == 1.0
    assert found.share - found.ci_low > (0.03 if prompts == 12 else 0.005)
    assert found.ci_low > (0.9 if prompts == 12 else 0.95)


def test_few_prompts_still_hold_the_truth():
    held = [
        one.ci_low <= share <= one.ci_high
        for share in (0.05, 0.3, 0.97)
        for seed in range(8)
        for one in [noise_share(repeats(share, prompts=12, competitors=5, seed=seed))]
    ]

    assert sum(held) >= 22


def test_ties_make_it_a_lower_bound_and_not_nothing():
    found = noise_share(repeats(0.5, tied=0.06))

    assert 0.38 < found.share < 0.55


def test_few_prompts_say_nothing():
    assert noise_share(repeats(0.5, prompts=FEWEST_PROMPTS - 1)) is None
    assert noise_share(repeats(0.5, prompts=FEWEST_PROMPTS)) is not None


def test_the_same_calls_give_the_same_digits():
    assert noise_share(repeats(0.3, tied=0.05)) == noise_share(repeats(0.3, tied=0.05))


def test_more_prompts_narrow_the_interval():
    few, many = noise_share(repeats(0.4, prompts=15)), noise_share(repeats(0.4, prompts=200))

    assert many.ci_high - many.ci_low < 0.7 * (few.ci_high - few.ci_low)
    assert (many.comparisons, many.prompts) == (200 * 21, 200)


def test_who_is_called_a_does_not_matter():
    one = repeats(0.4)
    other = Repeats(
        one.competitors, one.b, one.a, one.prompt,
        (one.calls - one.wins)[:, [1, 0, 2]], one.ties, one.calls[:, [1, 0, 2]],
    )  # fmt: skip

    assert noise_share(other).share == pytest.approx(noise_share(one).share, abs=1e-6)
