"""Votes weighted by how reliable each member is, learnt without labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from arena.common import plugins
from judges.aggregation import registry
from judges.aggregation.base import Ballot, Ruling, State, Unfit, Vote
from judges.aggregation.plurality import counted
from judges.aggregation.ruling import SIDES, rule_on
from judges.aggregation.tally import OUTCOMES, SILENT, tally
from judges.contracts import Winner

LEAST_SWAPS = 10
"""Comparisons in both orders, won by a side in at least one, that make a member's consistency."""


class _Learnt(BaseModel):
    measure: Literal["consistency", "agreement"]
    weights: dict[str, float]


@registry.register("weighted")
class Weighted:
    """Weights are log-odds of reliability, at least 0; the largest sum of weights wins.

    Reliability is *swap consistency* where every member was asked in both orders: the share of
    comparisons with the same winner both ways, among those won by a side at least one way.
    Otherwise it is the *agreement* with the plurality of the other members, leaving the member's
    own vote out; there the odds are against three outcomes. The two measures are never mixed in
    one jury. Without a fit all members weigh the same; a member that the fit has not met weighs
    the mean.
    """

    label: ClassVar[str] = "Weighted votes"
    description: ClassVar[str] = (
        "Members that contradict themselves when the answers are swapped (or else the other "
        "members) count for less. Needs no labels."
    )
    learns: ClassVar[bool] = True
    needs_labels: ClassVar[bool] = False

    class Params(plugins.Params):
        by: Literal["auto", "consistency", "agreement"] = Field(
            default="auto",
            description="what makes a member reliable; auto: consistency where all have it",
        )

    def __init__(self, params: Params) -> None:
        self.params = params

    def fit(self, ballots: Sequence[Ballot]) -> State:
        by_swaps = _consistencies(ballots) if self.params.by != "agreement" else None
        if by_swaps is None and self.params.by == "consistency":
            raise Unfit(f"every member needs {LEAST_SWAPS} comparisons asked in both orders")
        if by_swaps is not None:
            weights = {who: _log_odds(*counts, outcomes=2) for who, counts in by_swaps.items()}
            return _Learnt(measure="consistency", weights=weights).model_dump()
        agreements = _agreements(ballots)
        weights = {who: _log_odds(*counts, outcomes=3) for who, counts in agreements.items()}
        return _Learnt(measure="agreement", weights=weights).model_dump()

    def combine(self, votes: Sequence[Vote], quorum: int, state: State | None = None) -> Ruling:
        if state is None:
            return rule_on(votes, quorum, counted, note="no fit yet: every vote counts the same")
        weights = _Learnt.model_validate(state).weights
        mean = float(np.mean(list(weights.values())))

        def weigh(cast: Sequence[Vote]) -> Mapping[Winner, float]:
            each = {vote.voter: weights.get(vote.voter, mean) for vote in cast}
            return _posterior(cast, each) if any(each.values()) else counted(cast)

        return rule_on(votes, quorum, weigh)


def _posterior(cast: Sequence[Vote], weights: Mapping[str, float]) -> Mapping[Winner, float]:
    """Log-odds added up are those of independent voters; both sides and a tie are possible."""
    sums = dict.fromkeys((*SIDES, Winner.TIE), 0.0)
    for vote in cast:
        if vote.winner is not None:
            sums[vote.winner] = sums.get(vote.winner, 0.0) + weights[vote.voter]
    best = max(sums.values())
    return {outcome: float(np.exp(value - best)) for outcome, value in sums.items()}


def _log_odds(hits: float, n: float, *, outcomes: int) -> float:
    """Log-odds of a hit against one of the wrong outcomes, one hit added; at least 0."""
    p = (hits + 1.0) / (n + outcomes)
    return max(log(p * (outcomes - 1) / (1.0 - p)), 0.0)


def _consistencies(ballots: Sequence[Ballot]) -> dict[str, tuple[int, int]] | None:
    """{voter: (same winner both ways, asked both ways)}; None unless every voter has enough."""
    found: dict[str, list[bool]] = {}
    for ballot in ballots:
        for vote in ballot.votes:
            swaps = found.setdefault(vote.voter, [])
            # A tie in both orders is no evidence: somebody who always says tie is no witness.
            if vote.consistent is False or (vote.consistent and vote.winner in SIDES):
                swaps.append(vote.consistent)
    if len(found) < 2 or any(len(swaps) < LEAST_SWAPS for swaps in found.values()):
        return None
    return {voter: (sum(swaps), len(swaps)) for voter, swaps in found.items()}


def _agreements(ballots: Sequence[Ballot]) -> dict[str, tuple[int, int]]:
    """{voter: (with the plurality of the others, comparisons where these have one)}."""
    voters, codes = tally(ballots, least_voters=3)
    onehot = codes[:, :, None] == np.arange(len(OUTCOMES))  # a silent vote is in no column
    found = {}
    for number, voter in enumerate(voters):
        winner = _plurality(onehot.sum(axis=1) - onehot[:, number])
        counted_ones = (winner != SILENT) & (codes[:, number] != SILENT)
        hits = (winner == codes[:, number]) & counted_ones
        found[voter] = (int(hits.sum()), int(counted_ones.sum()))
    return found


def _plurality(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Codes of the most frequent outcome of each row; SILENT where there is none, or a draw."""
    most = counts.max(axis=1)
    single = (counts == most[:, None]).sum(axis=1) == 1
    return np.where(single & (most > 0), counts.argmax(axis=1), SILENT)
