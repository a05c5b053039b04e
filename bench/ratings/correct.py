"""Published cases, to the printed digits."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from tournaments.ratings.counts import pairs_of
from tournaments.ratings.links import Davidson, HalfWin, Link, RaoKupper, threshold
from tournaments.ratings.paired import Prior, Units, fit

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("ARENA_SHARED_DATA", ROOT.parent / "shared" / "data"))
NO_PRIOR = Prior(1e-7)


def correct() -> bool:
    """Published cases; the largest distance to each."""
    folder = SHARED / "bt_reference" / "cases"
    if not folder.is_dir():
        print(f"NOT RUN: the published cases are not at {folder}")
        return True
    print(f"{'case':<26} {'model':<14} {'strengths':>10} {'errors':>10} {'tie':>10}")
    worst = 0.0
    for name, key, link in (
        ("baseball_1987", "bradley_terry", HalfWin()),
        ("journal_citations", "bradley_terry", HalfWin()),
        ("wikipedia_worked_example", "bradley_terry", HalfWin()),
        ("davidson_pudding", "bradley_terry_ties_as_half", HalfWin()),
        ("davidson_pudding", "davidson", Davidson()),
        ("davidson_pudding", "rao_kupper", RaoKupper()),
    ):
        case = json.loads((folder / f"{name}.json").read_text())
        distances = _distances(case, case["expected"][key], link)
        worst = max(worst, *distances)
        shown = " ".join(f"{distance:>10.1e}" for distance in distances)
        print(f"{name:<26} {key[:14]:<14} {shown}")
    print(f"largest distance {worst:.1e}; {'ok' if worst < 1e-5 else 'FAILED'} (limit 1e-5)")
    return worst < 1e-5


def _distances(case: dict, expected: dict, link: Link) -> tuple[float, float, float]:
    items = case["items"]
    counts = np.zeros((len(items), len(items), 3))
    for i, j, won, lost, tied, *_ in case["pairs"]:
        counts[i, j] += (won, tied, lost)
    found = fit(Units.plain(pairs_of(counts)), link, NO_PRIOR)
    zero = items.index(expected["reference_item"])
    strengths = found.theta - found.theta[zero]
    covariance = found.covariance
    own = np.diag(covariance)[: len(items)]
    errors = np.sqrt(own + own[zero] - 2 * covariance[zero, : len(items)])
    stated = expected["standard_error_vs_reference"]
    tie = 0.0
    if link.ties:
        ours = np.exp(threshold(found.tie) if isinstance(link, RaoKupper) else found.tie)
        tie = abs(ours - expected["tie_parameter"])
    return (
        max(abs(strengths[items.index(k)] - v) for k, v in expected["log_strength"].items()),
        max(abs(errors[items.index(k)] - v) for k, v in stated.items()),
        float(tie),
    )
