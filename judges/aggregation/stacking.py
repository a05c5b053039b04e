"""Stacking: a logistic model of people's verdicts, learnt from labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from arena.common import plugins
from judges.aggregation import registry
from judges.aggregation.base import Ballot, Ruling, State, Unfit, Vote
from judges.aggregation.plurality import counted
from judges.aggregation.ruling import neither_of, rule_on
from judges.contracts import Winner

STEPS = 100
CLOSE = 1e-9
LEAST_MARGINS = 10
FAR = 3.0
"""Margins are cut at three of the voter's usual ones: one huge score must not decide alone."""

Array = NDArray[np.float64]


class _Learnt(BaseModel):
    """log P(a) / P(b) = side . x; log P(neither) / sqrt(P(a) P(b)) = base + neither . z.

    x holds the votes of `voters` (1, 0, -1), then the margins of those in `scales`, each divided
    by its scale; z is 1 where a voter named neither side.
    """

    voters: list[str]
    scales: dict[str, float]
    side: list[float]
    neither: list[float]
    base: float


@registry.register("stacking")
class Stacking:
    """Multinomial logistic regression of people's verdicts on votes and margins, with a ridge.

    Antisymmetric by construction: exchanging a and b exchanges their probabilities. It refuses to
    be fitted on few labels. Without a fit it is plurality; voters that the fit has not met count
    for nothing beside those it has.
    """

    label: ClassVar[str] = "Stacking on people's verdicts"
    description: ClassVar[str] = (
        "A logistic model that predicts people's verdicts from the members' votes and margins. "
        "Needs comparisons that people have judged too."
    )
    learns: ClassVar[bool] = True
    needs_labels: ClassVar[bool] = True

    class Params(plugins.Params):
        least_labels: int = Field(
            default=50, ge=20, description="comparisons that people must have judged before a fit"
        )
        ridge: float = Field(default=1.0, gt=0, description="pull of the coefficients to 0")

    def __init__(self, params: Params) -> None:
        self.params = params

    def fit(self, ballots: Sequence[Ballot]) -> State:
        labelled = [b for b in ballots if b.label and any(v.winner for v in b.votes)]
        if len(labelled) < self.params.least_labels:
            raise Unfit(
                f"{self.params.least_labels} comparisons that people have judged too are needed; "
                f"there are {len(labelled)}"
            )
        voters = sorted({v.voter for b in labelled for v in b.votes if v.winner})
        blank = _Learnt(voters=voters, scales=_scales(labelled), side=[], neither=[], base=0.0)
        odd, even = _features([ballot.votes for ballot in labelled], blank)
        side, rest = _regress(odd, even, _targets(labelled), self.params.ridge)
        return blank.model_copy(
            update={"side": side.tolist(), "base": float(rest[0]), "neither": rest[1:].tolist()}
        ).model_dump()

    def combine(self, votes: Sequence[Vote], quorum: int, state: State | None = None) -> Ruling:
        if state is None:
            note = "no fit on people's verdicts yet: every vote counts the same"
            return rule_on(votes, quorum, counted, note=note)
        learnt = _Learnt.model_validate(state)
        return rule_on(votes, quorum, lambda cast: _predicted(cast, learnt))


def _predicted(cast: Sequence[Vote], learnt: _Learnt) -> Mapping[Winner, float]:
    if not any(vote.voter in learnt.voters for vote in cast):
        return counted(cast)
    odd, even = _features([cast], learnt)
    rest = np.array([learnt.base, *learnt.neither])
    a, neither, b = _chances(odd, even, np.array(learnt.side), rest)[0].tolist()
    return {Winner.A: a, neither_of(cast): neither, Winner.B: b}


def _scales(ballots: Sequence[Ballot]) -> dict[str, float]:
    """{voter: root mean square of its margins}, of those who give enough of them."""
    margins: dict[str, list[float]] = {}
    for ballot in ballots:
        for vote in ballot.votes:
            if vote.winner and vote.margin is not None:
                margins.setdefault(vote.voter, []).append(vote.margin)
    usual = {who: float(np.sqrt(np.mean(np.square(all_)))) for who, all_ in margins.items()}
    return {who: usual[who] for who in sorted(usual) if _enough(margins[who], usual[who])}


def _enough(margins: Sequence[float], usual: float) -> bool:
    return len(margins) >= LEAST_MARGINS and usual > 0


def _features(ballots: Sequence[Sequence[Vote]], learnt: _Learnt) -> tuple[Array, Array]:
    """(ballots, votes + margins), which change sign with the sides, and (ballots, 1 + voters)."""
    place = {voter: number for number, voter in enumerate(learnt.voters)}
    after = {voter: len(place) + number for number, voter in enumerate(learnt.scales)}
    odd = np.zeros((len(ballots), len(place) + len(after)))
    even = np.zeros((len(ballots), 1 + len(place)))
    even[:, 0] = 1.0
    for row, votes in enumerate(ballots):
        for vote in votes:
            if vote.winner is None or vote.voter not in place:
                continue
            odd[row, place[vote.voter]] = {Winner.A: 1.0, Winner.B: -1.0}.get(vote.winner, 0.0)
            even[row, 1 + place[vote.voter]] = vote.winner in (Winner.TIE, Winner.BOTH_BAD)
            if vote.margin is not None and vote.voter in after:
                ahead = vote.margin / learnt.scales[vote.voter]
                odd[row, after[vote.voter]] = np.clip(ahead, -FAR, FAR)
    return odd, even


def _targets(ballots: Sequence[Ballot]) -> Array:
    """(ballots, 3): 1 for what people said: a, neither, b."""
    codes = [{Winner.A: 0, Winner.B: 2}.get(ballot.label or Winner.TIE, 1) for ballot in ballots]
    return np.eye(3)[codes]


def _chances(odd: Array, even: Array, side: Array, rest: Array) -> Array:
    edge = odd @ side
    logits = np.stack([edge / 2, even @ rest, -edge / 2], axis=1)
    masses = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(masses / masses.sum(axis=1, keepdims=True))


def _regress(odd: Array, even: Array, targets: Array, ridge: float) -> tuple[Array, Array]:
    """Newton's method on the concave penalised likelihood; the intercept is hardly penalised."""
    precision = np.full(odd.shape[1] + even.shape[1], ridge)
    precision[odd.shape[1]] = 0.01
    # Rows of the design of each outcome's logit: (outcomes, ballots, coefficients).
    nothing = (np.zeros_like(odd), np.zeros_like(even))
    design = np.stack(
        [
            np.hstack([odd / 2, nothing[1]]),
            np.hstack([nothing[0], even]),
            np.hstack([-odd / 2, nothing[1]]),
        ]
    )
    x = np.zeros(design.shape[2])
    for _ in range(STEPS):
        p = _chances(odd, even, x[: odd.shape[1]], x[odd.shape[1] :])
        gradient = np.einsum("no,onc->c", targets - p, design) - precision * x
        mean = np.einsum("no,onc->nc", p, design)
        curve = np.einsum("no,onc,ond->cd", p, design, design, optimize=True) - mean.T @ mean
        step = np.linalg.solve(curve + np.diag(precision), gradient)
        # A Newton step of a logistic model may be too long where it is nearly separated.
        x = x + step / max(1.0, float(np.abs(step).max()) / 2)
        if np.abs(step).max() < CLOSE:
            break
    return x[: odd.shape[1]], x[odd.shape[1] :]
