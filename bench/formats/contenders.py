"""The formats that are compared, and what they are called in tables."""

from __future__ import annotations

import os
from pathlib import Path

from tournaments.simulation.trials import Contender

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("ARENA_SHARED_DATA", ROOT.parent / "shared" / "data"))
SEED = 1

ROBIN = Contender("round_robin")
KNOCK_OUT = Contender("single_elimination")
RANDOM = Contender("adaptive", {"schedule": "pairs", "random_share": 1})
CHAIN = Contender("adaptive")
PAIRS = Contender("adaptive", {"schedule": "pairs"})
THIRD = Contender("adaptive", {"schedule": "pairs", "random_share": 0.33})
FIFTH = Contender("adaptive", {"schedule": "pairs", "random_share": 0.2})
TOP = Contender("adaptive_top")
NAMES = {
    ROBIN.label: "round robin by prompt",
    KNOCK_OUT.label: "knock-out",
    RANDOM.label: "random pairs",
    CHAIN.label: "chain, half random",
    PAIRS.label: "rank-loss pairs, half random",
    THIRD.label: "rank-loss pairs, a third random",
    FIFTH.label: "rank-loss pairs, a fifth random",
    TOP.label: "top-1 pairs",
}


def games_a_prompt(contender: Contender, competitors: int) -> int:
    """How many games a prompt sees before answers are used more often than they have to be."""
    each = {ROBIN.label: competitors * (competitors - 1) // 2, KNOCK_OUT.label: competitors - 1,
            CHAIN.label: competitors - 1}  # fmt: skip
    return each.get(contender.label, competitors // 2)
