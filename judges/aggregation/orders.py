"""One judge's answers on a comparison, in both orders and several times, make its verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from judges.aggregation.base import Ruling, Vote
from judges.aggregation.ruling import neither_of, undecided
from judges.contracts import Silence, Winner

POINTS = {Winner.A: 1.0, Winner.B: 0.0, Winner.TIE: 0.5, Winner.BOTH_BAD: 0.5}


def rule_on_orders(
    said: Sequence[Vote], *, flip_policy: str = "tie", silent_order: str = "undecided"
) -> Ruling:
    """The verdict of one judge from its own answers; each vote is one presentation.

    `flip_policy` "tie": a side wins only when every presentation that spoke names it, otherwise it
    is a tie. Any other ("half", "modelled"): each presentation counts the same, and the side with
    the larger share wins. `silent_order` "undecided": when one presentation named no winner there
    is no verdict; "other": those that spoke decide.
    """
    spoken = [vote for vote in said if vote.winner is not None]
    silent = [vote for vote in said if vote.winner is None]
    if not spoken:
        return undecided(said, quorum=1)
    if silent and silent_order == "undecided":
        return Ruling(None, _why(silent), f"{_words(silent)}; {_words(spoken)}")
    share = sum(POINTS[vote.winner] for vote in spoken if vote.winner) / len(spoken)
    winners = {vote.winner for vote in spoken}
    if len(winners) == 1:
        winner = spoken[0].winner
    elif flip_policy == "tie":
        winner = Winner.TIE
    else:
        winner = neither_of(spoken) if share == 0.5 else Winner.A if share > 0.5 else Winner.B
    notes = [f"votes differ: {_words(spoken)}"] if len(winners) > 1 else []
    notes += [f"{_words(silent)}; the rest decides"] if silent else []
    if flip_policy == "tie":
        return Ruling(winner, None, "; ".join(notes))
    return Ruling(winner, None, "; ".join(notes), _shares(spoken))


def _shares(spoken: Sequence[Vote]) -> dict[Winner, float]:
    counts = Counter(vote.winner for vote in spoken if vote.winner is not None)
    return {winner: count / len(spoken) for winner, count in counts.items()}


def _why(silent: Sequence[Vote]) -> Silence:
    """A failed call comes first: it is the only silence that asking again may end."""
    kinds = {vote.silence for vote in silent}
    order: tuple[Silence, ...] = (Silence.FAILED, *Silence)
    return next(why for why in order if why in kinds)


def _words(votes: Sequence[Vote]) -> str:
    return ", ".join(f"{v.voter}: {str(v.winner or v.silence).replace('_', ' ')}" for v in votes)
