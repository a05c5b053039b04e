"""Plurality: the most frequent winner; a draw between winners is a tie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from arena.common import plugins
from judges.aggregation import registry
from judges.aggregation.base import Ruling, Vote
from judges.contracts import Silence, Winner


@registry.register("plurality")
class Plurality:
    """Each vote counts one. Two orders that disagree, or an even split, make a tie."""

    label: ClassVar[str] = "Plurality"
    description: ClassVar[str] = "The most frequent verdict wins; a draw is a tie."

    class Params(plugins.Params):
        pass

    def __init__(self, params: Params) -> None:
        self.params = params

    def combine(self, votes: Sequence[Vote], quorum: int) -> Ruling:
        counts = Counter(vote.winner for vote in votes if vote.winner is not None)
        if counts.total() < max(quorum, 1):
            return _undecided(votes, quorum)
        (first, most), *rest = counts.most_common()
        tied = bool(rest) and rest[0][1] == most
        return Ruling(Winner.TIE if tied else first, None, _note(votes, counts, tied))


def _undecided(votes: Sequence[Vote], quorum: int) -> Ruling:
    silences = Counter(vote.silence for vote in votes if vote.silence is not None)
    why = silences.most_common(1)[0][0] if silences else Silence.MISSING
    said = ", ".join(f"{count} {silence}" for silence, count in silences.items()) or "no vote"
    spoken = sum(vote.winner is not None for vote in votes)
    if spoken:
        return Ruling(None, Silence.MISSING, f"{spoken} of {quorum} votes needed; {said}")
    return Ruling(None, why, said)


def _note(votes: Sequence[Vote], counts: Counter[Winner], tied: bool) -> str:
    parts = [f"{count} {winner.replace('_', ' ')}" for winner, count in counts.items()]
    parts += [f"{vote.voter}: {vote.silence}" for vote in votes if vote.silence is not None]
    if len(parts) == 1:
        return ""
    return ("votes differ: " if tied else "votes: ") + ", ".join(parts)
