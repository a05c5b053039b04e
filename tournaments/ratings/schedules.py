"""What the data show of how opponents were chosen, and what that does to a plain fit.

Whoever is paired by results is paired by luck too. Two schedules bias the strengths themselves,
so that no interval around them is right: knock-outs in which answers vary, and pairing by the
current ranking throughout.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from tournaments.ratings.base import BoolArray, FloatArray, IntArray
from tournaments.ratings.components import level_groups
from tournaments.ratings.counts import Evidence

LONG = 100
"""Prompts from which on the bias of a knock-out is larger than the intervals allow for."""

_SMALLEST = 4
"""Competitors from which on a knock-out can be told from other games."""

_FIELD = 6
"""In a smaller field there are hardly competitors far apart."""

_HARDLY = 0.4
"""Of the games that far competitors would have by chance. Half random pairs leave over 0.5."""


def knock_out_prompts(evidence: Evidence) -> int:
    """On how many prompts the comparisons are one knock-out; 0 where that may be chance.

    Of random pairs some happen to look like one: of four in a row every fourth between equals. So
    at least half must, of the prompts on which all hang together without a circle.
    """
    trees, brackets = _brackets(evidence)
    found = int(np.count_nonzero(brackets))
    return found if 2 * found >= np.count_nonzero(trees) else 0


def has_long_knock_out(evidence: Evidence) -> bool:
    """Whether a fifth of the prompts, and at least a hundred, are knock-outs."""
    enough = max(LONG, evidence.n_prompts / 5)
    return evidence.n_prompts >= LONG and knock_out_prompts(evidence) >= enough


def _brackets(evidence: Evidence) -> tuple[BoolArray, BoolArray]:
    """(P,) each: prompts whose comparisons form one tree of four competitors or more, and those
    where it is a knock-out: who loses is out, so who played once did not win, and nobody plays
    more rounds than halving the field takes, as one star that all others meet would."""
    n, m = evidence.n_prompts, len(evidence.names)
    both = np.concatenate([evidence.prompt * m + evidence.a, evidence.prompt * m + evidence.b])
    answers, place = np.unique(both, return_inverse=True)
    ends, size = place.reshape(2, -1), len(answers)
    prompt = answers // m
    lost, won = (
        np.bincount(ends[0][evidence.outcome == of_a], minlength=size)
        + np.bincount(ends[1][evidence.outcome == 2 - of_a], minlength=size)
        for of_a in (2, 0)
    )
    played, players = np.bincount(place, minlength=size), np.bincount(prompt, minlength=n)
    games = np.bincount(evidence.prompt, minlength=n)
    trees = (players >= _SMALLEST) & (games == players - 1) & _connected(prompt, ends, n)
    rounds = np.ceil(np.log2(np.maximum(players, 2)))
    foul = (lost > 1) | ((played == 1) & (won == 1)) | (played > rounds[prompt])
    return trees, trees & (np.bincount(prompt[foul], minlength=n) == 0)


def _connected(prompt: IntArray, ends: IntArray, n: int) -> BoolArray:
    """(P,): whether all answers of a prompt hang together."""
    size = len(prompt)
    graph = csr_array((np.ones(ends.shape[1]), (ends[0], ends[1])), shape=(size, size))
    _, part = connected_components(graph, directed=False)
    _, first = np.unique(part, return_index=True)
    alone: BoolArray = np.bincount(prompt[first], minlength=n) == 1
    return alone


def distant_share(evidence: Evidence, theta: FloatArray) -> float:
    """How often competitors far apart in the ranking met, relative to all pairs.

    Far: the half of all pairs with the larger difference of ranks. 1 where everybody meets
    everybody, about the share of random pairs where the others are paired by the ranking.
    """
    place = np.empty(len(theta))
    place[np.argsort(theta, kind="stable")] = np.arange(len(theta))
    a, b = np.triu_indices(len(theta), 1)
    distance = np.abs(place[a] - place[b])
    far = distance > np.median(distance)
    pairs = evidence.pairs
    games = np.zeros((pairs.n, pairs.n))
    games[pairs.a, pairs.b] = pairs.met
    return float(games[a, b][far].mean() / games[a, b].mean())


def about_schedule(evidence: Evidence, theta: FloatArray) -> Iterator[str]:
    """Sentences for the reader of a plain fit that ended at theta (M,)."""
    if has_long_knock_out(evidence):
        yield (
            f"A knock-out over {knock_out_prompts(evidence)} prompts: late rounds are played by"
            " answers that came out well, so the best are closer here than they are, and their"
            " intervals too narrow. Random pairs on some prompts, or response_effects, mend that."
        )
    elif _paired_by_ranking(evidence, theta):
        yield (
            "Competitors far apart in the ranking hardly met: opponents were chosen by the"
            " ranking so far, which carries early luck along, so intervals are too narrow."
            " Random pairs on every second prompt mend that."
        )


def _paired_by_ranking(evidence: Evidence, theta: FloatArray) -> bool:
    if len(theta) < _FIELD or distant_share(evidence, theta) >= _HARDLY:
        return False
    return len(level_groups(evidence.pairs.win_matrix)) == 1  # else the prior ranks
