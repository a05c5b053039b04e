"""Dawid-Skene: what each member's words are worth, learnt without labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from arena.common import plugins
from judges.aggregation import registry
from judges.aggregation.base import Ballot, Ruling, State, Vote
from judges.aggregation.plurality import counted
from judges.aggregation.ruling import rule_on
from judges.aggregation.tally import OUTCOMES, Codes, mirrored, tally
from judges.contracts import Winner

ROUNDS = 500
CLOSE = 1e-7

Array = NDArray[np.float64]


class _Learnt(BaseModel):
    """`prior` over `outcomes`; `confusion[voter][truth][vote]`."""

    outcomes: list[Winner]
    prior: list[float]
    confusion: dict[str, list[list[float]]]


@registry.register("dawid_skene")
class DawidSkene:
    """Each member has a confusion matrix: P(it says v | the truth is t), fitted by EM.

    Dawid & Skene (1979), with Dirichlet smoothing of the rows. a and b are names only, so the
    model is the same when they change places: every ballot counts once as it is and once mirrored.
    Members that err together look better than they are, up to one that seems never to err, so each
    matrix is a mixture with that of all members. Without a fit it is plurality; a member that the
    fit has not met has the mean matrix.
    """

    label: ClassVar[str] = "Dawid-Skene"
    description: ClassVar[str] = (
        "Learns how often each member says what when the truth is a win or a tie, from how members "
        "agree. Needs no labels, but three members."
    )
    learns: ClassVar[bool] = True
    needs_labels: ClassVar[bool] = False

    class Params(plugins.Params):
        smoothing: float = Field(
            default=0.5, gt=0, le=100, description="votes added to each cell of a matrix"
        )
        pooling: float = Field(
            default=0.3, ge=0, le=1, description="pull of each matrix to that of all members"
        )
        sure: float = Field(
            default=0.6, ge=0, lt=1, description="an outcome that is less probable makes a tie"
        )

    def __init__(self, params: Params) -> None:
        self.params = params

    def fit(self, ballots: Sequence[Ballot]) -> State:
        voters, codes = tally(ballots, least_voters=3)
        kept = _possible(codes)
        # The same votes come again and again.
        both = np.concatenate([codes, mirrored(codes)])
        patterns, counts = np.unique(both, axis=0, return_counts=True)
        prior, confusion = self._em(_onehot(patterns, kept), counts.astype(float)[:, None])
        return _Learnt(
            outcomes=[OUTCOMES[code] for code in kept],
            prior=prior.tolist(),
            confusion={voter: confusion[k].tolist() for k, voter in enumerate(voters)},
        ).model_dump(mode="json")

    def _em(self, onehot: Array, counts: Array) -> tuple[Array, Array]:
        """Prior (outcomes,) and confusion (voters, truth, vote); begins with shares of votes."""
        truth: Array = onehot.sum(axis=1)
        truth /= truth.sum(axis=1, keepdims=True)
        for _ in range(ROUNDS):
            prior, confusion = self._maximise(onehot, truth * counts)
            logs = np.log(prior) + np.einsum("nkv,ktv->nt", onehot, np.log(confusion))
            better = np.exp(logs - logs.max(axis=1, keepdims=True))
            better /= better.sum(axis=1, keepdims=True)
            done = np.abs(better - truth).max() < CLOSE
            truth = better
            if done:
                break
        return self._maximise(onehot, truth * counts)

    def _maximise(self, onehot: Array, truth: Array) -> tuple[Array, Array]:
        smoothing, pooling = self.params.smoothing, self.params.pooling
        prior: Array = truth.sum(axis=0) + smoothing
        said: Array = np.einsum("nt,nkv->ktv", truth, onehot)
        own: Array = said + smoothing
        own /= own.sum(axis=2, keepdims=True)
        all_: Array = said.sum(axis=0) + smoothing
        all_ /= all_.sum(axis=1, keepdims=True)
        return prior / prior.sum(), (1 - pooling) * own + pooling * all_

    def combine(self, votes: Sequence[Vote], quorum: int, state: State | None = None) -> Ruling:
        if state is None:
            return rule_on(votes, quorum, counted, note="no fit yet: every vote counts the same")
        learnt = _Learnt.model_validate(state)
        return rule_on(votes, quorum, lambda cast: _posterior(cast, learnt), sure=self.params.sure)


def _posterior(cast: Sequence[Vote], learnt: _Learnt) -> Mapping[Winner, float]:
    matrices = {voter: np.array(rows) for voter, rows in learnt.confusion.items()}
    mean: Array = np.mean(list(matrices.values()), axis=0)
    logs: Array = np.log(np.array(learnt.prior))
    known = [vote for vote in cast if vote.winner in learnt.outcomes]
    if not known:  # nobody has ever said so before
        return counted(cast)
    for vote in known:
        assert vote.winner is not None
        column = learnt.outcomes.index(vote.winner)
        logs += np.log(matrices.get(vote.voter, mean)[:, column])
    chances = np.exp(logs - logs.max())
    return {outcome: float(p) for outcome, p in zip(learnt.outcomes, chances, strict=True)}


def _possible(codes: Codes) -> list[int]:
    """Both sides, and what else has been said at least once."""
    return [0, 1, *(code for code in (2, 3) if (codes == code).any())]


def _onehot(codes: Codes, kept: Sequence[int]) -> Array:
    """(ballots, voters, outcomes): 1 where the voter said so; all 0 where it was silent."""
    return np.asarray(codes[:, :, None] == np.array(kept), dtype=float)
