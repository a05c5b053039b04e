"""How well a rule agrees with people on comparisons that it was not fitted on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from judges.aggregation.base import Aggregation, Ballot, Ruling, State, Unfit, Vote
from judges.aggregation.tally import OUTCOMES
from judges.contracts import Winner
from judges.stats.agreement import cohen

FOLDS = 5
REPLICATES = 1000
LEAST_LABELS = 30
"""Fewer labelled comparisons make no figure that is worth reading."""

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class HeldOut:
    """Cohen's kappa with people, folds and bootstrap by prompt; ends of intervals hold 95 %.

    `gain` is the rule's kappa less that of the plurality of the same votes.
    """

    n: int
    prompts: int
    kappa: float
    kappa_low: float
    kappa_high: float
    plurality: float
    gain: float
    gain_low: float
    gain_high: float
    best_member: str
    best_member_kappa: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def held_out(
    rule: Aggregation, plain: Aggregation, ballots: Sequence[Ballot], quorum: int, seed: int = 0
) -> HeldOut | None:
    """The figures of `rule` beside `plain` on the labelled ballots; None when they are too few.

    Each fold is ruled on by a fit of all ballots of the other prompts. Comparisons on which one of
    the two gives no verdict are left out for both. Raises Unfit where a fold cannot be fitted.
    """
    labelled = [ballot for ballot in ballots if ballot.label]
    if len(labelled) < LEAST_LABELS:
        return None
    rulings = cross_ruled(rule, ballots, quorum, seed)
    kept = [
        (ballot, ruling.winner, other)
        for ballot, ruling in zip(ballots, rulings, strict=True)
        if ballot.label and ruling.winner
        if (other := plain.combine(ballot.votes, quorum).winner)
    ]
    if not kept:
        return None
    people = codes([ballot.label for ballot, _, _ in kept])
    mine, theirs = codes([row[1] for row in kept]), codes([row[2] for row in kept])
    draws = list(resamples([ballot.prompt for ballot, _, _ in kept], REPLICATES, seed))
    kappas = np.array([kappa(people[rows], mine[rows]) for rows in draws])
    gains = kappas - np.array([kappa(people[rows], theirs[rows]) for rows in draws])
    members = _member_kappas([ballot for ballot, _, _ in kept])
    best = max(members, key=lambda name: members[name])
    return HeldOut(
        n=len(kept),
        prompts=len({ballot.prompt for ballot, _, _ in kept}),
        kappa=kappa(people, mine),
        kappa_low=float(np.quantile(kappas, 0.025)),
        kappa_high=float(np.quantile(kappas, 0.975)),
        plurality=kappa(people, theirs),
        gain=kappa(people, mine) - kappa(people, theirs),
        gain_low=float(np.quantile(gains, 0.025)),
        gain_high=float(np.quantile(gains, 0.975)),
        best_member=best,
        best_member_kappa=members[best],
    )


def cross_ruled(
    rule: Aggregation, ballots: Sequence[Ballot], quorum: int, seed: int = 0
) -> list[Ruling]:
    """A ruling on each ballot by a fit that has seen no ballot of its prompt.

    Raises Unfit where a fold cannot be fitted; a rule that does not learn needs no folds.
    """
    if not rule.learns:
        return [rule.combine(ballot.votes, quorum) for ballot in ballots]
    fold_of = folds([ballot.prompt for ballot in ballots], FOLDS, seed)
    states: dict[int, State] = {}
    for fold in sorted(set(fold_of.values())):
        others = [ballot for ballot in ballots if fold_of[ballot.prompt] != fold]
        states[fold] = rule.fit(others)
    known: dict[tuple[int, tuple[Vote, ...]], Ruling] = {}  # the same votes come again and again
    rulings = []
    for ballot in ballots:
        key = (fold_of[ballot.prompt], ballot.votes)
        if key not in known:
            known[key] = rule.combine(ballot.votes, quorum, states[key[0]])
        rulings.append(known[key])
    return rulings


def folds(prompts: Sequence[int | str], n: int, seed: int) -> Mapping[int | str, int]:
    """{prompt: fold}: whole prompts, shuffled. Raises Unfit for fewer than two prompts."""
    names = sorted(set(prompts), key=str)
    if len(names) < 2:
        raise Unfit("ballots on two prompts are needed to hold one out")
    shuffled = np.random.default_rng(seed).permutation(len(names))
    return {names[place]: number % min(n, len(names)) for number, place in enumerate(shuffled)}


def resamples(prompts: Sequence[int | str], n: int, seed: int) -> Iterator[Codes]:
    """Row numbers of `n` bootstrap samples that draw whole prompts."""
    rows: dict[int | str, list[int]] = {}
    for number, prompt in enumerate(prompts):
        rows.setdefault(prompt, []).append(number)
    groups = [np.array(group) for group in rows.values()]
    rng = np.random.default_rng(seed)
    for _ in range(n):
        yield np.concatenate([groups[g] for g in rng.integers(len(groups), size=len(groups))])


def codes(winners: Sequence[Winner | None]) -> Codes:
    """Codes of the outcomes; what has none is left out."""
    return np.array([OUTCOMES.index(winner) for winner in winners if winner is not None])


def kappa(one: Codes, two: Codes) -> float:
    """Cohen's kappa of two codings; 0 where both always say the same one thing."""
    n = len(OUTCOMES)
    table = np.bincount(one * n + two, minlength=n * n).reshape(n, n).astype(float)
    return float(np.nan_to_num(cohen(table)))


def _member_kappas(ballots: Sequence[Ballot]) -> dict[str, float]:
    """{voter: kappa with people}, of voters that named a winner on most of the ballots."""
    said: dict[str, list[tuple[Winner, Winner]]] = {}
    for ballot in ballots:
        for vote in ballot.votes:
            if vote.winner and ballot.label:
                said.setdefault(vote.voter, []).append((ballot.label, vote.winner))
    counts = Counter({voter: len(pairs) for voter, pairs in said.items()})
    enough = counts.most_common(1)[0][1] / 2
    return {
        voter: kappa(codes([label for label, _ in pairs]), codes([vote for _, vote in pairs]))
        for voter, pairs in said.items()
        if len(pairs) >= enough
    }
