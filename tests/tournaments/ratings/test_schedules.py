"""What the data show of how opponents were chosen."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np
import pytest
from scipy.special import expit

from tests.tournaments.ratings.worlds import Row, comparisons, drawn_rows, knock_out
from tournaments.ratings.counts import Evidence, gather
from tournaments.ratings.schedules import (
    about_schedule,
    distant_share,
    has_long_knock_out,
    knock_out_prompts,
)

CHAIN = [("a", "b", 0.0, 0), ("b", "c", 0.0, 0), ("c", "d", 1.0, 0)]


def chains(theta: np.ndarray, prompts: int, ranked: float) -> list[Row]:
    """Neighbours meet: in their true order on a share `ranked` of the prompts, else at random."""
    rng, rows = np.random.default_rng(0), []
    for prompt in range(prompts):
        order = np.argsort(theta) if rng.random() < ranked else rng.permutation(len(theta))
        for i, j in itertools.pairwise(order):
            won = float(rng.random() < expit(theta[i] - theta[j]))
            rows.append((f"c{i}", f"c{j}", won, prompt))
    return rows


def test_knock_outs_are_counted_prompt_by_prompt() -> None:
    bracket = knock_out(np.zeros(4), 20, 0.0, 0)
    assert knock_out_prompts(gather(comparisons(bracket))) == 20
    assert knock_out_prompts(gather(comparisons(drawn_rows([0.0, 0.1, 0.2], prompts=20)))) == 0
    assert knock_out_prompts(gather(comparisons([("a", "b", 1.0, 0), ("c", "d", 1.0, 0)]))) == 0
    lost_twice = [*CHAIN[:2], ("b", "d", 0.0, 0)]
    assert knock_out_prompts(gather(comparisons(lost_twice))) == 0
    assert knock_out_prompts(gather(comparisons([*CHAIN, ("a", "b", 1.0, 1)]))) == 1


def played(games: Iterable[tuple[int, int, int]], theta: np.ndarray) -> Evidence:
    """Games (i, j, prompt) decided at random."""
    rng = np.random.default_rng(0)
    rows = [
        (f"c{i}", f"c{j}", float(rng.random() < expit(theta[i] - theta[j])), prompt)
        for i, j, prompt in games
    ]
    return gather(comparisons(rows))


@pytest.mark.parametrize(("field", "games"), [(6, 2), (4, 3), (5, 3), (8, 3), (6, 5)])
def test_random_pairs_are_no_knock_out(field: int, games: int) -> None:
    rng, pairs = np.random.default_rng(1), list(itertools.combinations(range(field), 2))
    drawn = [
        (*pairs[pair], prompt)
        for prompt in range(500)
        for pair in rng.choice(len(pairs), games, replace=False)
    ]
    for spread in (0.0, 1.5):
        evidence = played(drawn, np.linspace(-spread, spread, field))
        assert knock_out_prompts(evidence) == 0
        assert not has_long_knock_out(evidence)


@pytest.mark.parametrize("opponents", [2, 3, 5])
@pytest.mark.parametrize("strength", [-3.0, 0.0, 3.0])
def test_a_newcomer_or_a_star_that_meets_others_is_no_knock_out(
    opponents: int, strength: float
) -> None:
    rng = np.random.default_rng(2)
    games = [
        (0, j, prompt)
        for prompt in range(500)
        for j in rng.choice(np.arange(1, 8), opponents, replace=False).tolist()
    ]
    assert knock_out_prompts(played(games, np.array([strength] + [0.0] * 7))) == 0


@pytest.mark.parametrize("field", [4, 5, 6, 8, 13, 16])
def test_brackets_with_byes_and_ties_are_knock_outs(field: int) -> None:
    rng, rows = np.random.default_rng(3), []
    for prompt in range(120):
        alive = rng.permutation(field).tolist()
        byes = 2 ** int(np.ceil(np.log2(field))) - field
        while len(alive) > 1:
            through, meeting = alive[:byes], alive[byes:]
            byes = 0
            for i, j in zip(meeting[::2], meeting[1::2], strict=True):
                score = float(rng.choice([0.0, 0.5, 1.0], p=[0.45, 0.1, 0.45]))
                rows.append((f"c{i:02}", f"c{j:02}", score, prompt))
                through.append(i if score == 1.0 or (score == 0.5 and rng.random() < 0.5) else j)
            alive = through
    assert knock_out_prompts(gather(comparisons(rows))) == 120


def test_a_circle_beside_a_pair_is_no_knock_out() -> None:
    circle = [("a", "b", 1.0, 0), ("b", "c", 1.0, 0), ("c", "a", 1.0, 0), ("d", "e", 1.0, 0)]
    assert knock_out_prompts(gather(comparisons(circle))) == 0


def test_a_hundred_prompts_and_a_fifth_of_all_are_long() -> None:
    bracket = knock_out(np.zeros(4), 100, 0.0, 0)
    others = [("c0", "c1", 1.0, 1000 + i) for i in range(500)]
    assert has_long_knock_out(gather(comparisons(bracket)))
    assert has_long_knock_out(gather(comparisons(bracket + others[:400])))
    assert not has_long_knock_out(gather(comparisons(bracket + others)))
    assert not has_long_knock_out(gather(comparisons(bracket[:-3])))


@pytest.mark.parametrize("random_share", [0.0, 0.5, 1.0])
def test_the_distant_share_is_about_the_share_of_random_pairs(random_share: float) -> None:
    theta = np.linspace(-2, 2, 12)
    evidence = gather(comparisons(chains(theta, 400, 1.0 - random_share)))
    order = [int(name[1:]) for name in evidence.names]
    assert distant_share(evidence, theta[order]) == pytest.approx(random_share, abs=0.08)


def test_pairing_by_the_ranking_is_warned_of() -> None:
    theta = np.linspace(-2, 2, 12)
    for ranked, wanted in ((1.0, 1), (0.5, 0), (0.0, 0)):
        evidence = gather(comparisons(chains(theta, 60, ranked)))
        order = [int(name[1:]) for name in evidence.names]
        said = list(about_schedule(evidence, theta[order]))
        assert len(said) == wanted
        assert all(sentence.startswith("Competitors far apart") for sentence in said)


def test_small_fields_and_separate_groups_are_not_accused() -> None:
    few = gather(comparisons(chains(np.linspace(-2, 2, 5), 60, 1.0)))
    assert not list(about_schedule(few, np.linspace(-2, 2, 5)))
    rows = drawn_rows([0.0, 0.1, 0.2], prompts=20)
    leagues = [*rows, *((f"d{a}", f"d{b}", s, p) for a, b, s, p in rows)]
    evidence = gather(comparisons(leagues))
    assert not list(about_schedule(evidence, np.arange(6.0)))
