"""Plurality: the most frequent winner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from arena.common import plugins
from judges.aggregation import registry
from judges.aggregation.base import Ballot, Ruling, State, Unfit, Vote
from judges.aggregation.ruling import rule_on
from judges.contracts import Winner


@registry.register("plurality")
class Plurality:
    """Each vote counts one. As many for a as for b make a tie."""

    label: ClassVar[str] = "Plurality"
    description: ClassVar[str] = "The most frequent verdict wins; a draw of both sides is a tie."
    learns: ClassVar[bool] = False
    needs_labels: ClassVar[bool] = False

    class Params(plugins.Params):
        side_beats_tie: bool = Field(
            default=False,
            description="as many votes for one side as for a tie: the side wins, not the tie",
        )

    def __init__(self, params: Params) -> None:
        self.params = params

    def fit(self, ballots: Sequence[Ballot]) -> State:  # noqa: ARG002  # it learns nothing
        raise Unfit("plurality counts votes and has nothing to learn")

    def combine(
        self,
        votes: Sequence[Vote],
        quorum: int,
        state: State | None = None,  # noqa: ARG002  # it has learnt nothing
    ) -> Ruling:
        return rule_on(votes, quorum, counted, side_beats_tie=self.params.side_beats_tie)


def counted(cast: Sequence[Vote]) -> Mapping[Winner, float]:
    """One for each vote; what a rule without a fit falls back to."""
    return Counter(vote.winner for vote in cast if vote.winner is not None)
