"""How far all judges of a project agree at once: Fleiss' kappa and Krippendorff's alpha."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from judges.stats.agreement import alpha_of, both_ways, to_ordinal
from judges.stats.bootstrap import Estimate, FloatArray, IntArray, PromptBootstrap, ratio
from judges.stats.verdicts import CATEGORIES, EXCHANGED, Verdicts, counted


@dataclass(frozen=True)
class Reliability:
    """All judges together, on the comparisons that two or more of them decided."""

    judges: int
    comparisons: int
    prompts: int
    fleiss: Estimate | None
    alpha: Estimate | None
    alpha_ordinal: Estimate | None


def reliability(boot: PromptBootstrap, prompt: IntArray, verdicts: Verdicts) -> Reliability | None:
    """From the verdicts (C, J) of independent judges; None where no two decided the same.

    As for pairs, which output is called a does not matter (see `agreement.py`).
    """
    counts = counted(verdicts)
    shared = counts.sum(axis=1) >= 2
    counts, prompt = counts[shared], prompt[shared]
    n = len(counts)
    if not n:
        return None
    terms = fleiss_terms(counts)
    terms[:, 2:] = (terms[:, 2:] + terms[:, 2:][:, EXCHANGED]) / 2
    fleiss = boot.of_rows(prompt, *terms.T).estimate(fleiss_kappa, n)
    pairs = boot.per_prompt(prompt, pairable(counts)).reshape(-1, CATEGORIES, CATEGORIES)
    sums = boot.sums(both_ways(pairs))
    return Reliability(
        judges=int((verdicts[shared] >= 0).any(axis=0).sum()),
        comparisons=n,
        prompts=sums.prompts,
        fleiss=fleiss,
        alpha=sums.estimate(alpha_of, n),
        alpha_ordinal=sums.estimate(lambda c: alpha_of(to_ordinal(c), ordinal=True), n),
    )


def fleiss_terms(counts: FloatArray) -> FloatArray:
    """(C, 2 + K) of counts (C, K) with two or more judges each: 1, agreement, category shares."""
    judges = counts.sum(axis=1)
    agreeing = (counts * (counts - 1)).sum(axis=1) / (judges * (judges - 1))
    return np.column_stack([np.ones(len(counts)), agreeing, counts / judges[:, None]])


def fleiss_kappa(sums: FloatArray) -> FloatArray:
    """Fleiss' kappa of summed terms (..., 2 + K).

    With as many judges on every item it is Fleiss 1971. With differing numbers every item weighs
    the same, as in Gwet's generalisation.
    """
    items = sums[..., :1]
    chance = (ratio(sums[..., 2:], np.broadcast_to(items, sums[..., 2:].shape)) ** 2).sum(axis=-1)
    return ratio(ratio(sums[..., 1], items[..., 0]) - chance, 1.0 - chance)


def pairable(counts: FloatArray) -> FloatArray:
    """(C, K * K): what each comparison adds to the coincidence matrix, from counts (C, K).

    A comparison that m judges decided adds its m (m - 1) ordered pairs of verdicts, each
    1 / (m - 1) times, so that every verdict counts once whatever is missing.
    """
    judges = counts.sum(axis=1)
    pairs = counts[:, :, None] * counts[:, None, :]
    diagonal = np.arange(counts.shape[1])
    pairs[:, diagonal, diagonal] -= counts
    shares: FloatArray = pairs / (judges - 1)[:, None, None]
    return shares.reshape(len(counts), -1)
