from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from judges.stats.raters.review import review
from judges.stats.raters.suspicion import TESTS, suspicion
from judges.stats.raters.votes import Vote
from judges.stats.raters.votes import columns as in_columns
from tests.judges.stats.raters.crowd import Say, crowd, first_side, for_, honestly

LENGTHS = (170, 250, 340, 490)


def by_length(first, second, rng):
    return "first" if first > second else "second"


def noisily(slope):
    def say(first, second, rng):
        return "first" if rng.random() < 1 / (1 + np.exp(slope * (second - first))) else "second"

    return say


def world(*says: Say, seed: int, prompts: int = 12, lengths: bool = True) -> list[Vote]:
    """Every rater on every pair of four competitors, for every prompt; the last is the best."""
    rng = np.random.default_rng(seed)
    return [
        _vote(rater, prompt, say, tuple(map(int, rng.permutation(pair))), rng, lengths)
        for rater, say in enumerate(says)
        for prompt in range(prompts)
        for pair in combinations(range(4), 2)
    ]


def _vote(rater, prompt, say, shown, rng, lengths):
    first, second = shown
    return Vote(
        rater=f"r{rater}",
        item=f"{prompt}-{min(shown)}-{max(shown)}",
        prompt=str(prompt),
        first=first,
        second=second,
        choice=say(first, second, rng),
        seconds=12.0,
        at=1000.0 * prompt + 15.0 * sum(shown),
        first_length=LENGTHS[first] if lengths else None,
        second_length=LENGTHS[second] if lengths else None,
    )


def examined(*says, seed, prompts=12, lengths=True):
    found = suspicion(in_columns(world(*says, seed=seed, prompts=prompts, lengths=lengths)))
    assert ((found.p >= 0) & (found.p <= 1)).all()  # not so of NaN
    assert ((found.adjusted >= 0) & (found.adjusted <= 1)).all()
    return found


def flags(found, rater):
    return {test for test, is_found in zip(TESTS, found.alone[rater], strict=True) if is_found}


def test_honest_raters_are_left_in_peace():
    flagged = [suspicion(crowd(*[honestly] * 30, seed=seed)).flagged for seed in range(10)]

    assert np.mean(flagged) <= 0.01


def test_a_ring_of_small_accounts_is_found_though_none_is_alone():
    votes = crowd(*[honestly] * 30, *[for_(4)] * 8, votes=30)

    found = suspicion(votes)

    assert [ring.aim.competitor for ring in found.rings] == [4]
    assert found.flagged[30:].mean() >= 0.75
    assert found.flagged[:30].sum() <= 1
    assert not found.alone[:30].any()


def test_the_field_is_of_those_who_are_not_suspected():
    votes = crowd(*[honestly] * 20, *[for_(4)] * 6, first_side, votes=120)

    found = suspicion(votes)

    assert found.alone[26].tolist()[TESTS.index("side")]
    assert found.flagged[20:].all()
    weakest = votes.first == 4
    named = found.field.chance[weakest & (votes.rater < 20)].mean()
    assert named < 0.35  # as the truth has it, not as the ring would


@pytest.mark.parametrize("lengths", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_who_always_takes_the_first_is_told_so_and_not_that_names_decide(seed, lengths):
    found = examined(by_length, first_side, seed=seed, lengths=lengths)

    assert "side" in flags(found, 1)
    assert not flags(found, 1) & {"identity", "competitor"}
    assert not found.flagged[0]


@pytest.mark.parametrize(
    "others", [(by_length,), (by_length, by_length), (by_length, noisily(1.0))], ids=len
)
@pytest.mark.parametrize("slope", [0.3, 0.5, 1.0])
@pytest.mark.parametrize("prompts", [12, 40])
def test_an_honest_rater_beside_a_perfect_one_is_left_in_peace(others, slope, prompts):
    for seed in range(6):
        found = examined(*others, noisily(slope), seed=seed, prompts=prompts)

        assert not flags(found, len(others))


def test_two_who_differ_are_not_held_against_each_other():
    found = examined(by_length, noisily(0.3), seed=0, prompts=150)

    assert (found.p[:, 2:] == 1).all()


def test_nothing_is_left_undefined_in_a_report():
    for report in review(world(by_length, first_side, noisily(1.0), seed=0)).raters:
        assert np.isfinite(list(report.p.values())).all()
        assert np.isfinite([report.skill, report.trust]).all()
