"""How many independent judges a jury is worth, when its members err together."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from judges.stats.bootstrap import Estimate, FloatArray, IntArray, PromptBootstrap, ratio
from judges.stats.verdicts import NONE, Verdicts, counted, plurality


@dataclass(frozen=True)
class JurySize:
    """size: n / (1 + (n - 1) rho), from 1 to n. rho: mean correlation of two members' errors."""

    members: int
    size: Estimate | None
    rho: Estimate | None


def jury_size(
    boot: PromptBootstrap,
    prompt: IntArray,
    verdicts: Verdicts,
    people: Verdicts | None = None,
) -> JurySize:
    """The effective size of a jury with these verdicts (C, J).

    An error is a verdict other than that of `people` (C,). Without people it is one other than the
    majority of the remaining members, for each pair anew; where these have none, the comparison
    says nothing of the pair. That majority errs with the pair too, so `rho` is then too low rather
    than too high.
    """
    members = verdicts.shape[1]
    pairs = list(combinations(range(members), 2))
    if not pairs:
        return JurySize(members, None, None)
    counts = np.stack(
        [_error_counts(boot, prompt, verdicts, pair, people) for pair in pairs], axis=1
    )
    sums = boot.sums(counts)
    n = float(sums.observed[..., 0].max())
    return JurySize(
        members=members,
        size=sums.estimate(lambda s: effective_size(members, mean_phi(s)), n),
        rho=sums.estimate(mean_phi, n),
    )


def effective_size(members: int, rho: FloatArray) -> FloatArray:
    """n / (1 + (n - 1) rho). Judges whose errors avoid each other still count as n, not as more."""
    size: FloatArray = members / (1 + (members - 1) * np.clip(rho, 0.0, 1.0))
    return size


def mean_phi(sums: FloatArray) -> FloatArray:
    """Mean over pairs of the phi coefficient of their errors, from sums (R, pairs, 4)."""
    n, one, two, both = np.moveaxis(sums, -1, 0)
    spread = one * (n - one) * two * (n - two)
    phi = ratio(n * both - one * two, np.sqrt(spread))
    known = ~np.isnan(phi)
    return ratio(np.where(known, phi, 0.0).sum(axis=-1), known.sum(axis=-1).astype(float))


def _error_counts(
    boot: PromptBootstrap,
    prompt: IntArray,
    verdicts: Verdicts,
    pair: tuple[int, int],
    people: Verdicts | None,
) -> FloatArray:
    """(P, 4) of a pair: comparisons with a truth, errors of the one, of the other, of both."""
    one, two = verdicts[:, pair[0]], verdicts[:, pair[1]]
    truth = people
    if truth is None:
        truth = plurality(counted(np.delete(verdicts, pair, axis=1)), draw=NONE)
    told = (one != NONE) & (two != NONE) & (truth != NONE)
    wrong_one, wrong_two = (one != truth)[told], (two != truth)[told]
    columns = [np.ones(int(told.sum())), wrong_one, wrong_two, wrong_one & wrong_two]
    stacked = np.stack([np.asarray(column, dtype=float) for column in columns], axis=1)
    return boot.per_prompt(prompt[told], stacked)
