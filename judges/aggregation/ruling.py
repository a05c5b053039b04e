"""What every rule does alike: the quorum, unanimity, draws, and the note in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from judges.aggregation.base import Ruling, Vote
from judges.contracts import Silence, Winner

SIDES = (Winner.A, Winner.B)
EQUAL = 1e-9
"""Weights and probabilities closer than this are a draw."""

Weigh = Callable[[list[Vote]], Mapping[Winner, float]]


def rule_on(
    votes: Sequence[Vote],
    quorum: int,
    weigh: Weigh,
    *,
    note: str = "",
    side_beats_tie: bool = False,
    sure: float = 0.0,
) -> Ruling:
    """The ruling on `votes`: `weigh` gives a weight, 0 or more, to each outcome.

    `weigh` gets the votes that named a winner, sorted by voter. Weights are normalised to
    probabilities. A draw makes a tie, but the side where `side_beats_tie` and it is one of a side
    and a tie; so does an outcome whose probability is below `sure`.
    """
    cast = sorted((v for v in votes if v.winner is not None), key=lambda vote: vote.voter)
    if len(cast) < max(quorum, 1):
        return undecided(votes, quorum)
    weights = {outcome: max(value, 0.0) for outcome, value in weigh(cast).items()}
    counts = Counter(vote.winner for vote in cast if vote.winner is not None)
    total = sum(weights.values()) or 1.0
    shares = {outcome: value / total for outcome, value in weights.items()}
    top = [outcome for outcome in shares if shares[outcome] >= max(shares.values()) - EQUAL]
    if len(counts) == 1:
        winner = next(iter(counts))
    elif shares[top[0]] < sure:
        winner = Winner.TIE
    else:
        winner = _of_a_draw(top, side_beats_tie)
    said = _said(votes, counts, drawn=len(top) > 1 and len(counts) > 1)
    return Ruling(winner, None, "; ".join(part for part in (said, note) if part), shares)


def undecided(votes: Sequence[Vote], quorum: int) -> Ruling:
    """No verdict: the silence of all, or too few that spoke."""
    silences = Counter(vote.silence for vote in votes if vote.silence is not None)
    ordered = sorted(silences.items(), key=lambda item: (-item[1], list(Silence).index(item[0])))
    said = ", ".join(f"{count} {silence}" for silence, count in ordered) or "no vote"
    spoken = sum(vote.winner is not None for vote in votes)
    if spoken:
        return Ruling(None, Silence.MISSING, f"{spoken} of {quorum} votes needed; {said}")
    return Ruling(None, ordered[0][0] if ordered else Silence.MISSING, said)


def neither_of(votes: Sequence[Vote]) -> Winner:
    """What a verdict for neither side is called: both bad where most of such votes say so."""
    counts = Counter(vote.winner for vote in votes)
    return Winner.BOTH_BAD if counts[Winner.BOTH_BAD] > counts[Winner.TIE] else Winner.TIE


def _of_a_draw(top: Sequence[Winner], side_beats_tie: bool) -> Winner:
    if len(top) == 1:
        return top[0]
    sides = [outcome for outcome in top if outcome in SIDES]
    return sides[0] if len(sides) == 1 and side_beats_tie else Winner.TIE


def _said(votes: Sequence[Vote], counts: Counter[Winner], *, drawn: bool) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], list(Winner).index(item[0])))
    parts = [f"{count} {winner.replace('_', ' ')}" for winner, count in ordered]
    silent = [vote for vote in votes if vote.silence is not None]
    parts += sorted(f"{vote.voter}: {vote.silence}" for vote in silent)
    if len(parts) == 1:
        return ""
    return ("votes differ: " if drawn else "votes: ") + ", ".join(parts)
