"""Synthetic juries: members of known reliability that vote on answers of known quality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from judges.aggregation.base import Ballot, Vote
from judges.contracts import Silence, Winner

TURNED = {Winner.A: Winner.B, Winner.B: Winner.A}
SKILLS = {"sharp": 0.95, "fair": 0.75, "blunt": 0.6}
QUALITY = {"ann": 0.0, "ben": 1.0, "cat": 2.0, "dan": 3.0}


def ballots(
    n: int = 300,
    skills: Mapping[str, float] = SKILLS,
    *,
    ties: float = 0.1,
    labelled: float = 1.0,
    seed: int = 0,
) -> list[Ballot]:
    """The better of two names wins with P(right) of the member's skill; a label is the truth."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(n):
        a, b = rng.choice(sorted(QUALITY), size=2, replace=False)
        truth = Winner.A if QUALITY[a] > QUALITY[b] else Winner.B
        truth = Winner.TIE if rng.random() < ties else truth
        votes = tuple(_vote(name, truth, skill, rng) for name, skill in skills.items())
        label = truth if rng.random() < labelled else None
        found.append(Ballot(f"p{number // 3}", str(a), str(b), votes, label))
    return found


def _vote(name: str, truth: Winner, skill: float, rng: np.random.Generator) -> Vote:
    others = [winner for winner in (Winner.A, Winner.B, Winner.TIE) if winner is not truth]
    right = rng.random() < skill
    winner = truth if right else others[rng.integers(2)]
    margin = {Winner.A: 1.0, Winner.B: -1.0}.get(winner, 0.0) * (2.0 if right else 0.5)
    swapped = bool(rng.random() < skill)
    return Vote(name, winner, margin=margin, consistent=swapped)


def turned(vote: Vote) -> Vote:
    """The same vote with a and b exchanged."""
    winner = TURNED.get(vote.winner, vote.winner) if vote.winner else None
    margin = -vote.margin if vote.margin is not None else None
    return replace(vote, winner=winner, margin=margin, shown=-vote.shown)


def said(**winners: str) -> list[Vote]:
    """Votes by name; a silence is named by its own word."""
    silences = set(Silence)
    return [
        Vote(name, None, Silence(word)) if word in silences else Vote(name, Winner(word))
        for name, word in winners.items()
    ]
