"""How often two judges say the same, beyond what chance would give.

Everything follows from one table of the pair: how often the one gave verdict i where the other gave
verdict j, (..., K, K). Nominal statistics take "both bad" for a category of its own; ordinal ones
put it in the middle with the ties, so that K is 3: a, middle, b.

Which output of a comparison is called a is an accident of the import, but the textbook kappas move
with it, since chance is computed from how often a and b win. So `agreement` counts each comparison
half as it is and half with a and b exchanged; where a and b win equally often nothing changes.

Sources: Cohen 1960, Cohen 1968 (weights), Fleiss 1971 (of two judges: Scott's pi), Krippendorff,
Content Analysis (alpha).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from judges.stats.bootstrap import (
    Estimate,
    FloatArray,
    IntArray,
    PromptBootstrap,
    Sums,
    ratio,
)
from judges.stats.verdicts import BOTH_BAD, CATEGORIES, EXCHANGED, NONE, TIE, Verdicts

_MIDDLE = 3


@dataclass(frozen=True)
class Agreement:
    """Two judges on the comparisons that both decided; figures are None where undefined.

    raw: share of equal verdicts. kappa: Cohen's. linear, quadratic: weighted kappa on a, middle, b.
    fleiss, alpha: of the pair, nominal. alpha_ordinal: on a, middle, b.
    """

    comparisons: int
    prompts: int
    raw: Estimate | None
    kappa: Estimate | None
    linear: Estimate | None
    quadratic: Estimate | None
    fleiss: Estimate | None
    alpha: Estimate | None
    alpha_ordinal: Estimate | None


def agreement(
    boot: PromptBootstrap, prompt: IntArray, one: Verdicts, two: Verdicts
) -> Agreement | None:
    """Compare two judges on comparisons (C,) of these prompts; None where they share none."""
    both = (one != NONE) & (two != NONE)
    n = int(both.sum())
    if not n:
        return None
    sums = boot.sums(both_ways(tables(boot.prompts, prompt[both], one[both], two[both])))
    middle = Sums(to_ordinal(sums.observed), to_ordinal(sums.resampled), sums.prompts)
    return Agreement(
        comparisons=n,
        prompts=sums.prompts,
        raw=_raw(sums),
        kappa=sums.estimate(cohen, n),
        linear=middle.estimate(lambda t: cohen(t, linear_weights(_MIDDLE)), n),
        quadratic=middle.estimate(lambda t: cohen(t, linear_weights(_MIDDLE) ** 2), n),
        fleiss=sums.estimate(scott, n),
        alpha=sums.estimate(lambda t: alpha_of(coincidences(t)), n),
        alpha_ordinal=middle.estimate(lambda t: alpha_of(coincidences(t), ordinal=True), n),
    )


def tables(prompts: int, prompt: IntArray, one: Verdicts, two: Verdicts) -> FloatArray:
    """(P, 4, 4): of each prompt, how often the one said i where the other said j."""
    cell = (prompt * CATEGORIES + one) * CATEGORIES + two
    flat = np.bincount(cell, minlength=prompts * CATEGORIES**2)
    return flat.reshape(prompts, CATEGORIES, CATEGORIES).astype(float)


def both_ways(table: FloatArray) -> FloatArray:
    """Tables (..., 4, 4), averaged with what they are when a and b are exchanged."""
    mean: FloatArray = (table + table[..., EXCHANGED, :][..., :, EXCHANGED]) / 2
    return mean


def to_ordinal(table: FloatArray) -> FloatArray:
    """Tables (..., 4, 4) with "both bad" added to the ties: (..., 3, 3) over a, middle, b."""
    merged = table.copy()
    merged[..., TIE, :] += merged[..., BOTH_BAD, :]
    merged[..., :, TIE] += merged[..., :, BOTH_BAD]
    return merged[..., :_MIDDLE, :_MIDDLE]


def raw_agreement(table: FloatArray) -> FloatArray:
    """Share of equal verdicts in tables (..., K, K)."""
    return ratio(np.trace(table, axis1=-2, axis2=-1), table.sum(axis=(-2, -1)))


def linear_weights(categories: int) -> FloatArray:
    """(K, K): |i - j|, the disagreement of two categories; squared it gives quadratic weights."""
    places = np.arange(categories, dtype=float)
    return np.abs(places[:, None] - places)


def cohen(table: FloatArray, weights: FloatArray | None = None) -> FloatArray:
    """Cohen's kappa of tables (..., K, K); `weights` (K, K) are disagreements, else 0 or 1."""
    if weights is None:
        weights = 1.0 - np.eye(table.shape[-1])
    total = table.sum(axis=(-2, -1))
    chance = ratio(_outer(table.sum(axis=-1), table.sum(axis=-2)), total[..., None, None])
    expected = (weights * chance).sum(axis=(-2, -1))
    return 1.0 - ratio((weights * table).sum(axis=(-2, -1)), expected)


def scott(table: FloatArray) -> FloatArray:
    """Fleiss' kappa of two judges, which is Scott's pi: chance by the mean of both margins."""
    total = table.sum(axis=(-2, -1))
    mean = ratio(table.sum(axis=-1) + table.sum(axis=-2), 2 * total[..., None])
    chance = (mean**2).sum(axis=-1)
    return ratio(raw_agreement(table) - chance, 1.0 - chance)


def coincidences(table: FloatArray) -> FloatArray:
    """The coincidence matrix of two judges: each comparison counted both ways round."""
    return table + np.swapaxes(table, -1, -2)


def alpha_of(coincidence: FloatArray, *, ordinal: bool = False) -> FloatArray:
    """Krippendorff's alpha of coincidence matrices (..., K, K), nominal or ordinal.

    nan where only one category occurs: there is nothing that could vary.
    """
    margin = coincidence.sum(axis=-1)
    total = margin.sum(axis=-1)
    distance = _ordinal_distance(margin) if ordinal else 1.0 - np.eye(margin.shape[-1])
    observed = (coincidence * distance).sum(axis=(-2, -1))
    expected = (_outer(margin, margin) * distance).sum(axis=(-2, -1))
    return 1.0 - ratio((total - 1.0) * observed, expected)


def _ordinal_distance(margin: FloatArray) -> FloatArray:
    """Squared: the cases between the middles of two categories, (..., K, K)."""
    middle = np.cumsum(margin, axis=-1) - margin / 2
    distance: FloatArray = (middle[..., :, None] - middle[..., None, :]) ** 2
    return distance


def _outer(rows: FloatArray, columns: FloatArray) -> FloatArray:
    return rows[..., :, None] * columns[..., None, :]


def _raw(sums: Sums) -> Estimate | None:
    equal = (
        np.trace(sums.observed, axis1=-2, axis2=-1),
        np.trace(sums.resampled, axis1=-2, axis2=-1),
    )
    total = sums.observed.sum(axis=(-2, -1)), sums.resampled.sum(axis=(-2, -1))
    shares = [np.stack(pair, axis=-1) for pair in zip(equal, total, strict=True)]
    return Sums(shares[0], shares[1], sums.prompts).share(0, 1)
