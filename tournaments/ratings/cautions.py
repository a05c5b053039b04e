"""What a reader of a rating table must know before trusting it, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tournaments.ratings.base import FloatArray, IntArray
from tournaments.ratings.components import level_groups
from tournaments.ratings.counts import Evidence

FEW_PROMPTS = 10
"""Below this, intervals from resampled prompts hold the truth clearly less often than stated."""

_MODEL = "the model, which takes all comparisons as independent"
_AT_MOST = 8


def cautions(
    evidence: Evidence,
    groups: Sequence[IntArray],
    ratings: FloatArray,
    n_replicates: int,
    anchor: str,
) -> Iterator[str]:
    """Yield sentences for the reader, the gravest first; none when all is well.

    groups: indices of competitors that met, directly or through others. anchor: what places
    competitors where the data do not, such as "the prior".
    """
    if len(groups) > 1:
        names = _enumerate([f"({_listed(evidence, group)})" for group in groups])
        yield (
            f"The competitors fall into {len(groups)} groups that never met: {names}."
            f" How one group stands to another rests on {anchor} alone."
        )
    for group in groups:
        yield from _one_way(evidence, group, ratings, anchor)
    yield from _one_sided(evidence, anchor)
    yield from _about_resampling(evidence, n_replicates)
    if evidence.unrated:
        yield f"Not rated, for want of comparisons: {_enumerate(evidence.unrated)}."


def _one_way(evidence: Evidence, met: IntArray, ratings: FloatArray, anchor: str) -> Iterator[str]:
    """Between strongly connected groups there is no maximum of the likelihood to find."""
    within = level_groups(evidence.win_matrix[np.ix_(met, met)])
    if len(within) > 1:
        best_first = sorted((met[group] for group in within), key=lambda g: -ratings[g].mean())
        names = _enumerate([f"({_listed(evidence, group)})" for group in best_first])
        yield (
            f"Between these groups all results run one way, so their distance rests on {anchor}:"
            f" {names}."
        )


def _one_sided(evidence: Evidence, anchor: str) -> Iterator[str]:
    ends = ((evidence.undefeated, "won", "upper"), (evidence.winless, "lost", "lower"))
    for who, did, end in ends:
        if who.any():
            yield (
                f"{_listed(evidence, np.flatnonzero(who))} {did} every game: one-sided, the {end}"
                f" end of the interval rests on {anchor}."
            )


def _about_resampling(evidence: Evidence, n_replicates: int) -> Iterator[str]:
    if evidence.n_prompts < 2:
        yield f"All comparisons are on one prompt: the intervals come from {_MODEL}."
    elif not n_replicates:
        yield f"No prompts were resampled: the intervals come from {_MODEL}."
    else:
        if evidence.n_prompts < FEW_PROMPTS:
            yield (
                f"There are only {evidence.n_prompts} prompts; intervals from so few are often too"
                " narrow."
            )
        level = evidence.level & ~evidence.undefeated & ~evidence.winless
        if level.any():
            yield (
                f"{_listed(evidence, np.flatnonzero(level))} took the same share of points on every"
                f" prompt, which no resampling can vary: the interval comes from {_MODEL}."
            )


def _listed(evidence: Evidence, competitors: IntArray) -> str:
    return _enumerate([evidence.names[i] for i in competitors])


def _enumerate(items: Sequence[str]) -> str:
    """The items with commas; of a long list the first few, and how many there are more."""
    shown = ", ".join(items[:_AT_MOST])
    more = len(items) - _AT_MOST
    return f"{shown} and {more} more" if more > 0 else shown
