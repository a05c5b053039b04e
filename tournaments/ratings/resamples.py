"""Resamples of the data as counts: how often each outcome of each pair counts in each.

A resample of prompts, or of single comparisons, changes only that. So whatever is made of it costs
what the pairs that met cost, and not what the comparisons do.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import pdtr

from tournaments.ratings.base import FloatArray, IntArray
from tournaments.ratings.counts import Evidence, Pairs

Resamples = NDArray[np.number]
"""Outcomes (U, 3, B) of B resamples."""

AT_ONCE = 256
"""Replicates solved together."""

_MANY_PROMPTS = 10_000
"""From here on, how many prompts a resample has may vary as Poisson numbers do: by 1 %."""

_CELLS_AT_ONCE = 2**25
_ROWS_AT_ONCE = 256
_TABLE = 65_536
_LARGE = 4_000


def drawn(
    evidence: Evidence, unit_of_row: IntArray, pairs: Pairs, size: int, rng: np.random.Generator
) -> Iterator[Resamples]:
    """Yield outcomes (U, 3, up to 256) of `size` resamples of the prompts.

    unit_of_row: (N,) which of the units, whose outcomes are `pairs`, each comparison belongs to.
    """
    if evidence.weight is None and evidence.n_prompts == len(evidence.a) >= _MANY_PROMPTS:
        return row_resamples(pairs, size, rng)
    return prompt_resamples(evidence, unit_of_row, len(pairs.a), size, rng)


def prompt_resamples(
    evidence: Evidence, unit_of_row: IntArray, n_units: int, size: int, rng: np.random.Generator
) -> Iterator[FloatArray]:
    """Yield outcomes (U, 3, up to 256) of `size` resamples of the prompts.

    unit_of_row: (N,) which of the U units each comparison belongs to.
    """
    n_cells = 3 * n_units
    weight = np.ones(len(evidence.a)) if evidence.weight is None else evidence.weight
    place = evidence.prompt, 3 * unit_of_row + evidence.outcome
    cells = csr_array((weight, place), shape=(evidence.n_prompts, n_cells)).T.tocsr()
    share = np.full(evidence.n_prompts, 1.0 / evidence.n_prompts)
    chunk = max(1, min(AT_ONCE, _CELLS_AT_ONCE // (n_cells + evidence.n_prompts)))
    for start in range(0, size, chunk):
        drawn = rng.multinomial(evidence.n_prompts, share, size=min(chunk, size - start))
        resampled: FloatArray = cells @ drawn.T.astype(np.float64)
        yield resampled.reshape(-1, 3, drawn.shape[0])


def row_resamples(pairs: Pairs, size: int, rng: np.random.Generator) -> Iterator[Resamples]:
    """Yield outcomes (U, 3, up to 256) of `size` resamples of comparisons on a prompt each.

    Each comparison counts Poisson(1) times, so each cell of the counts Poisson(count) times.
    """
    cells = pairs.outcomes.T.ravel()
    kind = _smallest(float(cells.max(initial=0.0)))
    alike, never = list(_alike(cells, kind)), np.flatnonzero(cells == 0)
    chunk = max(1, min(AT_ONCE, 4 * _CELLS_AT_ONCE // cells.size))
    for start in range(0, size, chunk):
        width = min(chunk, size - start)
        drawn = np.empty((cells.size, width), dtype=kind)
        drawn[never] = 0
        for mean, table, places in alike:
            for few in np.split(places, range(_ROWS_AT_ONCE, len(places), _ROWS_AT_ONCE)):
                drawn[few] = _poisson(mean, table, (len(few), width), rng)
        yield drawn.reshape(3, len(pairs.a), width).swapaxes(0, 1)


def _alike(
    cells: FloatArray, kind: type[np.number]
) -> Iterator[tuple[float, NDArray[np.number], IntArray]]:
    """Yield each count above 0, its table of quantiles, and the cells that have it."""
    counts, index = np.unique(cells, return_inverse=True)
    small = index.astype(np.min_scalar_type(len(counts)))  # which is sorted by its digits
    order = np.argsort(small, kind="stable")
    ends = np.cumsum(np.bincount(index))[:-1]
    for mean, places in zip(counts.tolist(), np.split(order, ends), strict=True):
        if mean > 0:
            yield mean, _quantiles(mean, kind), places


def _smallest(mean: float) -> type[np.number]:
    """The smallest type that holds Poisson numbers of this mean."""
    if mean > _LARGE:
        return np.float32
    return np.uint8 if _longest(mean) <= np.iinfo(np.uint8).max else np.uint16


def _longest(mean: float) -> int:
    return int(mean + 12.0 * np.sqrt(mean) + 20.0)


def _quantiles(mean: float, kind: type[np.number]) -> NDArray[np.number]:
    """65,536 equally likely Poisson numbers; none for means above 4,000."""
    if mean > _LARGE:
        return np.empty(0, dtype=kind)
    values = np.arange(_longest(mean))
    cuts = np.rint(pdtr(values, mean) * _TABLE).astype(np.int64)
    cuts[-1] = _TABLE
    return np.repeat(values.astype(kind), np.diff(cuts, prepend=0))


def _poisson(
    mean: float, table: NDArray[np.number], shape: tuple[int, int], rng: np.random.Generator
) -> NDArray[np.number]:
    """Poisson numbers from a table of their quantiles, far faster than one by one.

    A quantile is exact to 1 / 65536; means above 4,000 are drawn as rounded normal numbers.
    """
    if mean > _LARGE:
        drawn = mean + np.sqrt(mean) * rng.standard_normal(shape, dtype=np.float32)
        rounded: NDArray[np.number] = np.rint(drawn)
        return rounded
    size = shape[0] * shape[1]
    raw = rng.bit_generator.random_raw(-(-size // 4))  # four places in one number
    picked = raw.view(np.uint16)[:size].reshape(shape)
    taken: NDArray[np.number] = table.take(picked, mode="clip")  # all are in range
    return taken
