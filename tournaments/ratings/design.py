"""What is fitted: pairs with their counts, or single comparisons where these have covariates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tournaments.ratings.base import FloatArray, IntArray
from tournaments.ratings.counts import Evidence, Pairs
from tournaments.ratings.paired import Units


@dataclass(frozen=True)
class Covariate:
    """A coefficient to report. factor: it is the logarithm of a factor, which is shown instead.

    base: where the fit was linearised, so that its own coefficient is the distance from there.
    """

    name: str
    meaning: str
    factor: bool = False
    base: float = 0.0


POSITION = Covariate("first position", "log-odds of winning by being shown first")


@dataclass(frozen=True)
class Design:
    """What is fitted: units, which of them each row is, and what their covariates are."""

    units: Units
    unit_of_row: IntArray
    covariates: tuple[Covariate, ...] = ()
    warnings: tuple[str, ...] = ()


def design_of(evidence: Evidence, styles: Sequence[str], first: IntArray | None) -> Design:
    """The units to fit: pairs, or single comparisons where they have covariates.

    styles: what of an answer's looks is held level. first: (N,) who was shown first, or None.
    """
    covariates: list[Covariate] = []
    columns: list[FloatArray] = []
    warnings: list[str] = []
    for style in dict.fromkeys(styles):
        values = evidence.floats(f"covariates.{style}")
        # Not centred: the difference of a and b must change its sign when they change places.
        size = float(np.sqrt(np.mean(values**2)))
        if size == 0.0:
            warnings.append(f"No two answers differ in {style}, so it changes nothing.")
            continue
        meaning = f"log-odds of winning by a typical lead in {style}"
        covariates.append(Covariate(style, meaning))
        columns.append(values / size)
    if first is not None:
        covariates.append(POSITION)
        columns.append(first.astype(np.float64))
    if not covariates:
        return Design(Units.plain(evidence.pairs), evidence.pair_of_row, (), tuple(warnings))
    if first is not None and len(covariates) == 1:
        return _by_pair_and_order(evidence, first)
    units = Units(row_pairs(evidence), np.column_stack(columns).copy(order="F"))
    return Design(units, np.arange(len(evidence.a)), tuple(covariates), tuple(warnings))


def _by_pair_and_order(evidence: Evidence, first: IntArray) -> Design:
    """With the order alone, rows of a pair shown in one order are one unit."""
    keys, unit = np.unique(3 * evidence.pair_of_row + first + 1, return_inverse=True)
    pair, shown = np.divmod(keys, 3)
    cells = np.bincount(3 * unit + evidence.outcome, evidence.weight, 3 * len(keys))
    outcomes = cells.astype(np.float64).reshape(-1, 3)
    pairs = Pairs(len(evidence.names), evidence.pairs.a[pair], evidence.pairs.b[pair], outcomes)
    return Design(Units(pairs, (shown - 1.0)[:, None]), unit, (POSITION,))


def row_pairs(evidence: Evidence) -> Pairs:
    """Each comparison as a unit of its own."""
    outcomes = np.zeros((len(evidence.a), 3))
    outcomes[np.arange(len(evidence.a)), evidence.outcome] = (
        1.0 if evidence.weight is None else evidence.weight
    )
    return Pairs(len(evidence.names), evidence.a, evidence.b, outcomes)
