"""Comparisons: made once for each pair of outputs, however many want them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction

from arena.common.errors import InvalidInput
from arena.models import Comparison, Output
from arena.services.upserts import rows_by_key

BATCH = 1000

Pair = tuple[int, int]


def ensure(pairs: Iterable[Pair]) -> dict[Pair, int]:
    """Return {(smaller output id, larger output id): comparison id}, creating what is missing.

    The pairs may come in any order and repeat. Two callers at the same time get the same ids.
    Raises InvalidInput where a pair is no comparison: an output against itself or its own
    competitor, of different prompts, or unknown.
    """
    wanted = sorted({(min(pair), max(pair)) for pair in pairs})
    found: dict[Pair, int] = {}
    with transaction.atomic():
        for start in range(0, len(wanted), BATCH):
            found |= _ensure(wanted[start : start + BATCH])
    return found


def _ensure(pairs: Sequence[Pair]) -> dict[Pair, int]:
    found = _stored(pairs)
    if missing := [pair for pair in pairs if pair not in found]:
        # Sorted pairs: two inserters of the same rows wait for each other and never deadlock.
        Comparison.objects.bulk_create(_rows(missing), ignore_conflicts=True)
        found |= _stored(missing)
    return found


def _stored(pairs: Sequence[Pair]) -> dict[Pair, int]:
    rows = rows_by_key(Comparison, ("output_a_id", "output_b_id"), pairs)
    return {(row.output_a_id, row.output_b_id): row.pk for row in rows}


def _rows(pairs: Sequence[Pair]) -> list[Comparison]:
    pks = {pk for pair in pairs for pk in pair}
    outputs = {
        row[0]: row[1:]
        for row in Output.objects.filter(pk__in=pks).values_list("pk", "prompt_id", "competitor_id")
    }
    rows = []
    for a, b in pairs:
        _check(a, b, outputs)
        rows.append(Comparison(prompt_id=outputs[a][0], output_a_id=a, output_b_id=b))
    return rows


def _check(a: int, b: int, outputs: dict[int, tuple[int, int]]) -> None:
    """Say in words what constraint and trigger would refuse (or OR IGNORE would pass over)."""
    if unknown := {a, b} - outputs.keys():
        raise InvalidInput(f"there is no output {min(unknown)}")
    (prompt_a, competitor_a), (prompt_b, competitor_b) = outputs[a], outputs[b]
    if prompt_a != prompt_b:
        raise InvalidInput(f"outputs {a} and {b} answer different prompts")
    if competitor_a == competitor_b:
        raise InvalidInput(f"outputs {a} and {b} are of the same competitor")
