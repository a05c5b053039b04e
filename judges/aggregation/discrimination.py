"""Bradley-Terry with a discrimination for each judge, learnt without labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from arena.common import plugins
from judges.aggregation import registry
from judges.aggregation.base import Ballot, Ruling, State, Unfit, Vote
from judges.aggregation.plurality import counted
from judges.aggregation.ruling import SIDES, neither_of, rule_on
from judges.contracts import Winner

STEPS = 100
CLOSE = 1e-8
GAPS = np.geomspace(0.1, 12.0, 25)

Array = NDArray[np.float64]
Places = NDArray[np.int64]


class _Voter(BaseModel):
    """P(a) : P(tie) : P(b) = exp(e / 2) : ties : exp(-e / 2), e = gamma * gap + bias * shown."""

    gamma: float
    bias: float
    ties: float


class _Learnt(BaseModel):
    """`gap`: how far apart two answers typically are. `tie_share`: of the votes, how many are ties.

    A `tie_share` of 0 leaves out that two answers are equal.
    """

    voters: dict[str, _Voter]
    gap: float
    tie_share: float


@dataclass(frozen=True)
class _Rows:
    """Votes of one voter on one pair in one order, counted: `won` is (rows, 3) of a, tie, b."""

    i: Places
    j: Places
    k: Places
    shown: Array
    won: Array


@registry.register("discrimination")
class Discrimination:
    """Judges differ in how sharply they tell competitors apart.

    P(k prefers i to j) = sigmoid(gamma_k (theta_i - theta_j) + b_k), with the sum of log gamma 0,
    fitted jointly over all competitors i, j and members k; b_k is the pull of the place shown
    first, and ties are Davidson's third outcome. A comparison is then ruled on by its own votes
    alone: each adds its log-odds for "a is better by the typical gap" against "b is", so that
    nobody wins for being strong elsewhere. The gap maximises the likelihood of the ballots. That
    neither is better is as likely beforehand as votes for it are frequent, and left out where there
    were none: nothing else tells a tie from members that disagree. Without a fit it is plurality; a
    member that the fit has not met is a mean one.
    """

    label: ClassVar[str] = "Judge discrimination"
    description: ClassVar[str] = (
        "Members that separate the competitors sharply count for more, and their preference for "
        "what stands first is taken out. Needs no labels."
    )
    learns: ClassVar[bool] = True
    needs_labels: ClassVar[bool] = False

    class Params(plugins.Params):
        shrinkage: float = Field(
            default=1.0, gt=0, le=100, description="pull of log gamma and bias to 0, as a precision"
        )

    def __init__(self, params: Params) -> None:
        self.params = params

    def fit(self, ballots: Sequence[Ballot]) -> State:
        voters, sides, rows = _counted_rows(ballots)
        if len(voters) < 2:
            raise Unfit("two members that vote are needed")
        theta, shapes = _fit(rows, len(sides), len(voters), self.params.shrinkage)
        if not np.ptp(theta) > 0:
            raise Unfit("the members' votes do not tell the competitors apart")
        tie_share = float(rows.won[:, 1].sum() / rows.won.sum())
        gap = _gap(ballots, voters, shapes, tie_share)
        named = {
            voter: _Voter(gamma=shape[0], bias=shape[1], ties=shape[2])
            for voter, shape in zip(voters, shapes.tolist(), strict=True)
        }
        return _Learnt(voters=named, gap=gap, tie_share=tie_share).model_dump()

    def combine(self, votes: Sequence[Vote], quorum: int, state: State | None = None) -> Ruling:
        if state is None:
            return rule_on(votes, quorum, counted, note="no fit yet: every vote counts the same")
        learnt = _Learnt.model_validate(state)
        return rule_on(votes, quorum, lambda cast: _posterior(cast, learnt))


def _posterior(cast: Sequence[Vote], learnt: _Learnt) -> Mapping[Winner, float]:
    telling = cast if learnt.tie_share else [vote for vote in cast if vote.winner in SIDES]
    if not telling:  # nobody has ever said so before
        return counted(cast)
    known = list(learnt.voters.values())
    mean = _Voter(
        gamma=float(np.exp(np.mean([np.log(voter.gamma) for voter in known]))),
        bias=0.0,
        ties=float(np.mean([voter.ties for voter in known])),
    )
    shapes = [learnt.voters.get(vote.voter, mean) for vote in telling]
    logs = _log_likelihoods(
        np.array([[s.gamma, s.bias, s.ties] for s in shapes])[None],
        np.array([[_place(vote.winner) for vote in telling]]),
        np.array([[vote.shown for vote in telling]]),
        learnt.gap,
    )[0]
    chances = np.exp(logs - logs.max()) * _prior(learnt.tie_share)
    named = dict(zip((Winner.A, neither_of(cast), Winner.B), chances.tolist(), strict=True))
    return {winner: chance for winner, chance in named.items() if chance or winner in SIDES}


def _place(winner: Winner | None) -> int:
    """0, 1, 2: a, neither, b; 3: said nothing."""
    if winner is None:
        return 3
    return {Winner.A: 0, Winner.B: 2}.get(winner, 1)


def _prior(tie_share: float) -> Array:
    return np.array([(1 - tie_share) / 2, tie_share, (1 - tie_share) / 2])


def _log_likelihoods(shapes: Array, said: Places, shown: Array, gap: float) -> Array:
    """(ballots, 3): of what all voters `said` if a is better by `gap`, neither is, or b is.

    `shapes` is (1 or ballots, voters, 3) of gamma, bias and ties; the others (ballots, voters).
    """
    gamma, bias, ties = np.moveaxis(shapes, -1, 0)
    logs = np.zeros((len(said), 3))
    for truth, distance in enumerate((gap, 0.0, -gap)):
        edge = gamma * distance + bias * shown
        masses = np.stack([np.exp(edge / 2), np.broadcast_to(ties, edge.shape), np.exp(-edge / 2)])
        chances = np.concatenate([masses / masses.sum(axis=0), np.ones((1, *edge.shape))])
        picked = np.take_along_axis(chances, said[None], axis=0)[0]
        logs[:, truth] = np.log(picked).sum(axis=1)
    return logs


def _gap(
    ballots: Sequence[Ballot], voters: Sequence[str], shapes: Array, tie_share: float
) -> float:
    """The gap under which the ballots are most likely."""
    place = {voter: number for number, voter in enumerate(voters)}
    said = np.full((len(ballots), len(voters)), 3)
    shown = np.zeros(said.shape)
    for row, ballot in enumerate(ballots):
        for vote in ballot.votes:
            if vote.winner is not None:
                said[row, place[vote.voter]] = _place(vote.winner)
                shown[row, place[vote.voter]] = vote.shown
    truths = [0, 1, 2] if tie_share else [0, 2]
    priors = np.log(_prior(tie_share)[truths])
    best = (-np.inf, 1.0)
    for gap in GAPS:
        logs = _log_likelihoods(shapes[None], said, shown, float(gap))[:, truths] + priors
        best = max(best, (float(np.logaddexp.reduce(logs, axis=1).sum()), float(gap)))
    return best[1]


def _counted_rows(ballots: Sequence[Ballot]) -> tuple[list[str], list[int | str], _Rows]:
    counts: Counter[tuple[int | str, int | str, str, float, int]] = Counter()
    for ballot in ballots:
        for vote in ballot.votes:
            if vote.winner is not None:
                where = (ballot.a, ballot.b, vote.voter, vote.shown)
                counts[(*where, _place(vote.winner))] += 1
    voters = sorted({key[2] for key in counts})
    sides = sorted({side for key in counts for side in key[:2]}, key=str)
    places = {key[:4]: n for n, key in enumerate(dict.fromkeys(key[:4] for key in counts))}
    won = np.zeros((len(places), 3))
    for key, number in counts.items():
        won[places[key[:4]], key[4]] += number
    side_at = {side: number for number, side in enumerate(sides)}
    voter_at = {voter: number for number, voter in enumerate(voters)}
    rows = _Rows(
        i=np.array([side_at[key[0]] for key in places], dtype=np.int64),
        j=np.array([side_at[key[1]] for key in places], dtype=np.int64),
        k=np.array([voter_at[key[2]] for key in places], dtype=np.int64),
        shown=np.array([key[3] for key in places], dtype=float),
        won=won,
    )
    return voters, sides, rows


def _fit(rows: _Rows, n_sides: int, n_voters: int, shrinkage: float) -> tuple[Array, Array]:
    """theta (n_sides) and (n_voters, 3) of gamma, bias, ties: Fisher scoring, steps halved."""
    precision = np.concatenate(
        [np.full(n_sides, 0.1), np.full(2 * n_voters, shrinkage), np.full(n_voters, 0.1)]
    )
    x = np.concatenate([_wins(rows, n_sides), np.zeros(2 * n_voters), np.full(n_voters, -1.0)])
    value = _objective(x, rows, n_sides, n_voters, precision)
    for _ in range(STEPS):
        gradient, information = _slopes(x, rows, n_sides, n_voters)
        step = np.linalg.solve(information + np.diag(precision), gradient - precision * x)
        scale, better = 1.0, -np.inf
        while scale > 1e-6:
            better = _objective(x + scale * step, rows, n_sides, n_voters, precision)
            if better >= value:
                break
            scale /= 2
        if better <= value + CLOSE * abs(value):
            break
        x, value = x + scale * step, better
    theta, log_gamma, bias, log_ties = np.split(x, np.cumsum([n_sides, n_voters, n_voters]))
    centre = log_gamma.mean()
    shapes = np.stack([np.exp(log_gamma - centre), bias, np.exp(log_ties)], axis=1)
    return theta * np.exp(centre), shapes


def _wins(rows: _Rows, n_sides: int) -> Array:
    """A start that tells good from bad: at theta = 0 nothing is learnt of gamma."""
    lead = (rows.won[:, 0] - rows.won[:, 2]) / np.maximum(rows.won.sum(axis=1), 1)
    sums = np.bincount(rows.i, lead, n_sides) - np.bincount(rows.j, lead, n_sides)
    met = np.bincount(rows.i, minlength=n_sides) + np.bincount(rows.j, minlength=n_sides)
    return np.asarray(sums / np.maximum(met, 1))


def _chances(x: Array, rows: _Rows, n_sides: int, n_voters: int) -> tuple[Array, Array, Array]:
    """(rows, 3) chances of a, tie, b; gamma and the difference of theta of each row."""
    theta, log_gamma, bias, log_ties = np.split(x, np.cumsum([n_sides, n_voters, n_voters]))
    gamma, apart = np.exp(np.clip(log_gamma, -8, 8))[rows.k], theta[rows.i] - theta[rows.j]
    edge = gamma * apart + bias[rows.k] * rows.shown
    logits = np.stack([edge / 2, log_ties[rows.k], -edge / 2], axis=1)
    masses = np.exp(logits - logits.max(axis=1, keepdims=True))
    return masses / masses.sum(axis=1, keepdims=True), gamma, apart


def _objective(x: Array, rows: _Rows, n_sides: int, n_voters: int, precision: Array) -> float:
    chances, _, _ = _chances(x, rows, n_sides, n_voters)
    fit = (rows.won * np.log(np.maximum(chances, 1e-300))).sum()
    return float(fit - (precision * x**2).sum() / 2)


def _slopes(x: Array, rows: _Rows, n_sides: int, n_voters: int) -> tuple[Array, Array]:
    """Gradient and expected information of the log-likelihood.

    A row depends on five of x: two theta, and gamma, bias and ties of its voter. Only these are
    multiplied, so that the time goes with the rows, however many competitors there are.
    """
    chances, gamma, apart = _chances(x, rows, n_sides, n_voters)
    a, tie, b = chances.T
    total, none, voter = rows.won.sum(axis=1), np.zeros(len(rows.k)), n_sides + rows.k
    where = (rows.i, rows.j, voter, voter + n_voters, voter + 2 * n_voters)
    edge_by = (gamma, -gamma, gamma * apart, rows.shown, none)  # d edge / d x
    ties_by = (none, none, none, none, none + 1)  # d log ties / d x
    by_edge = (rows.won[:, 0] - rows.won[:, 2] - total * (a - b)) / 2
    by_ties = rows.won[:, 1] - total * tie
    of_edge, of_ties = total * (a + b - (a - b) ** 2) / 4, total * tie * (1 - tie)
    mixed = -total * tie * (a - b) / 2
    n = len(x)
    gradient, information = np.zeros(n), np.zeros(n * n)
    parts = list(zip(where, edge_by, ties_by, strict=True))
    for number, (p, edge_p, ties_p) in enumerate(parts):
        gradient += np.bincount(p, edge_p * by_edge + ties_p * by_ties, n)
        by_edge_p, by_ties_p = edge_p * of_edge + ties_p * mixed, edge_p * mixed + ties_p * of_ties
        for q, edge_q, ties_q in parts[number:]:
            both = (edge_q * by_edge_p + ties_q * by_ties_p) / (2 if q is p else 1)
            information += np.bincount(p * n + q, both, n * n)
    half = information.reshape(n, n)
    return gradient, half + half.T
