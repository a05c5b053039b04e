"""Ballots as arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from judges.aggregation.base import Ballot, Unfit
from judges.contracts import Winner

OUTCOMES = tuple(Winner)
MIRRORED = np.array([1, 0, 2, 3])
"""The code of each outcome when a and b change places."""

SILENT = -1
Codes = NDArray[np.int64]


def tally(ballots: Sequence[Ballot], *, least_voters: int) -> tuple[list[str], Codes]:
    """Voters by name, and (ballots, voters) codes of OUTCOMES, SILENT where one named none.

    Ballots with fewer than two votes are left out: they tell nothing of how voters agree. Raises
    Unfit when nothing is left, or fewer than `least_voters` have voted on it.
    """
    rows = [{v.voter: v.winner for v in ballot.votes if v.winner} for ballot in ballots]
    rows = [row for row in rows if len(row) > 1]
    voters = sorted({voter for row in rows for voter in row})
    if len(voters) < least_voters:
        raise Unfit(
            f"{least_voters} members that vote on the same comparisons are needed; "
            f"there are {len(voters)}"
        )
    place = {voter: number for number, voter in enumerate(voters)}
    codes = np.full((len(rows), len(voters)), SILENT, dtype=np.int64)
    for number, row in enumerate(rows):
        for voter, winner in row.items():
            codes[number, place[voter]] = OUTCOMES.index(winner)
    return voters, codes


def mirrored(codes: Codes) -> Codes:
    """The same votes with a and b exchanged."""
    return np.where(codes == SILENT, SILENT, MIRRORED[codes])
