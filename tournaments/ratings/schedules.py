"""What the data show of how opponents were chosen, and what that does to a plain fit.

Whoever is paired by results is paired by luck too. Two schedules bias the strengths themselves,
so that no interval around them is right: knock-outs in which answers vary, and pairing by the
current ranking throughout.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tournaments.ratings.base import FloatArray, IntArray
from tournaments.ratings.components import level_groups
from tournaments.ratings.counts import Evidence

LONG = 100
"""Prompts from which on the bias of a knock-out is larger than the intervals allow for."""

_FIELD = 6
"""In a smaller field there are hardly competitors far apart."""

_HARDLY = 0.4
"""Of the games that far competitors would have by chance. Half random pairs leave over 0.5."""


def knock_out_prompts(evidence: Evidence) -> int:
    """On how many prompts who lost did not play again while others went on."""
    m = len(evidence.names)
    games = np.bincount(evidence.prompt, minlength=evidence.n_prompts)
    possible = (games > 1) & (games < m)
    rows = possible[evidence.prompt]
    answer_a, answer_b = (evidence.prompt[rows] * m + who[rows] for who in (evidence.a, evidence.b))
    outcome = evidence.outcome[rows]
    lost = np.concatenate([answer_a[outcome == 2], answer_b[outcome == 0]])
    possible[_repeated(lost) // m] = False
    went_on = np.zeros(evidence.n_prompts, dtype=bool)
    went_on[_repeated(np.concatenate([answer_a, answer_b])) // m] = True
    return int(np.count_nonzero(possible & went_on))


def has_long_knock_out(evidence: Evidence) -> bool:
    """Whether a fifth of the prompts, and at least a hundred, are knock-outs."""
    enough = max(LONG, evidence.n_prompts / 5)
    return evidence.n_prompts >= LONG and knock_out_prompts(evidence) >= enough


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


def _repeated(values: IntArray) -> IntArray:
    """The values that are there more than once."""
    ordered = np.sort(values)
    again: IntArray = ordered[1:][ordered[1:] == ordered[:-1]]
    return again
