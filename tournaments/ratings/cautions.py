"""What a reader of a rating table must know before trusting it, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tournaments.ratings.base import FloatArray, IntArray
from tournaments.ratings.components import level_groups
from tournaments.ratings.counts import Evidence

FEW_PROMPTS = 10
"""Below this, how much results vary between prompts is hardly known."""

_MODEL = "the model, which takes all comparisons as independent"
_AT_MOST = 8


def cautions(
    evidence: Evidence, groups: Sequence[IntArray], ratings: FloatArray, resampled: bool, basis: str
) -> Iterator[str]:
    """Yield sentences for the reader, the gravest first; none when all is well.

    groups: indices of competitors that met, directly or through others. resampled: the intervals
    come from resampled prompts. basis: what places competitors where the data do not, such as
    "the prior".
    """
    if len(groups) > 1:
        names = _enumerate([f"({_listed(evidence, group)})" for group in groups])
        yield (
            f"The competitors fall into {len(groups)} groups that never met: {names}."
            f" How one group stands to another rests on {basis} alone."
        )
    for group in groups:
        yield from _one_way(evidence, group, ratings, basis)
    yield from _one_sided(evidence, basis)
    if (evidence.outcome == 1).all():
        yield "All comparisons are ties: nothing tells these competitors apart."
    yield from _about_prompts(evidence)
    yield from _about_one_person(evidence)
    if resampled:
        yield from _about_resampling(evidence)
    if evidence.unrated:
        yield f"Not rated, for want of comparisons: {_enumerate(evidence.unrated)}."


def _one_way(evidence: Evidence, met: IntArray, ratings: FloatArray, basis: str) -> Iterator[str]:
    """Between strongly connected groups there is no maximum of the likelihood to find."""
    within = level_groups(evidence.pairs.win_matrix[np.ix_(met, met)])
    if len(within) > 1:
        best_first = sorted((met[group] for group in within), key=lambda g: -ratings[g].mean())
        names = _enumerate([f"({_listed(evidence, group)})" for group in best_first])
        yield (
            f"Between these groups all results run one way, so their distance rests on {basis}:"
            f" {names}."
        )


def _one_sided(evidence: Evidence, basis: str) -> Iterator[str]:
    ends = ((evidence.undefeated, "won", "upper"), (evidence.winless, "lost", "lower"))
    for who, did, end in ends:
        if who.any():
            yield (
                f"{_listed(evidence, np.flatnonzero(who))} {did} every game: one-sided, the {end}"
                f" end of the interval rests on {basis}."
            )


def _about_prompts(evidence: Evidence) -> Iterator[str]:
    if evidence.n_prompts < 2:
        yield f"All comparisons are on one prompt: the intervals come from {_MODEL}."
    elif evidence.n_prompts < FEW_PROMPTS:
        yield (
            f"There are only {evidence.n_prompts} prompts, so it is hardly known how much results"
            " differ from prompt to prompt; the intervals are rough."
        )
    distinct = np.count_nonzero(np.diff(np.sort(_prompt_and_pair(evidence)))) + 1
    repeats = len(evidence.a) / distinct
    if repeats >= 2:
        yield (
            f"Each pair was compared {repeats:.1f} times on a prompt, on average. The intervals"
            " count prompts: repeats on the same prompt hardly narrow them."
        )


def _about_one_person(evidence: Evidence) -> Iterator[str]:
    """Of several people it is estimated what verdicts of one share; of one it cannot be."""
    if "rater" not in evidence.columns or evidence.rater is not None:
        return
    share = float(np.mean(evidence.ints("rater") >= 0))
    if share > 0.0:
        verdicts = "All verdicts are" if share == 1.0 else f"{share:.0%} of the verdicts are"
        yield (
            f"{verdicts} one person's, and may share that person's taste. The intervals count"
            " them as independent: they say what this person prefers, not what people do."
        )


def _prompt_and_pair(evidence: Evidence) -> IntArray:
    """(N,) a number for what was compared; repeats by other judges are not repeats."""
    judge = evidence.ints("judge") if "judge" in evidence.columns else 0
    n_judges = max(len(evidence.judges), 1)
    numbers: IntArray = (
        evidence.prompt * len(evidence.pairs.a) + evidence.pair_of_row
    ) * n_judges + judge
    return numbers


def _about_resampling(evidence: Evidence) -> Iterator[str]:
    level = evidence.level & ~evidence.undefeated & ~evidence.winless
    if level.any() and evidence.n_prompts > 1:
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
