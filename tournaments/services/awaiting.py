"""For whom a tournament would wait: the people among those who decide, and who is proposed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from judges.contracts import Source
from judges.kinds import registry
from judges.kinds.human import Human
from judges.kinds.jury import Jury
from judges.models import Judge

PREFERENCE = (Source.PEOPLE, Source.RECORD)
"""Whose verdicts nobody gets by starting alone, the slowest first."""


@dataclass(frozen=True)
class Raters:
    """The people of one judge: `votes` of them make its verdict.

    always: they are asked about every match, not only where others have not settled it.
    """

    judge: str
    votes: int
    always: bool = True

    def __str__(self) -> str:
        return f"{self.votes} {'vote' if self.votes == 1 else 'votes'} of {self.judge}"


def raters_among(judges: Iterable[Judge]) -> list[Raters]:
    """The people that these judges are or who sit in them, each once; none among machines."""
    found: dict[str, Raters] = {}
    for raters in (raters for judge in judges for raters in _raters_of(judge)):
        if raters.judge not in found or raters.always:
            found[raters.judge] = raters
    return list(found.values())


def _raters_of(judge: Judge) -> list[Raters]:
    kind = registry.build(judge.kind, judge.params)
    if isinstance(kind, Human):
        return [Raters(judge.name, kind.params.raters)]
    if not isinstance(kind, Jury):
        return []
    asked = set() if kind.params.sequential else set(kind.params.members)
    return [
        replace(raters, always=raters.always and seat.member.name in asked)
        for seat in judge.seats.all()
        for raters in _raters_of(seat.member)
    ]


def votes_of(raters: Iterable[Raters], matches: int) -> int:
    """How many votes of people these matches need; not those that only some matches need."""
    return matches * sum(one.votes for one in raters if one.always)


def waits_in_words(raters: Sequence[Raters]) -> str:
    """What a form says of those who decide; nothing where nobody has to be waited for."""
    said = []
    if sure := [str(one) for one in raters if one.always]:
        said.append(f"People judge: every match waits for raters ({' and '.join(sure)}).")
    if perhaps := [str(one) for one in raters if not one.always]:
        also = " also" if sure else ""
        said.append(
            f"Where the others do not settle a match it{also} waits for people"
            f" ({' and '.join(perhaps)})."
        )
    if said:
        said.append(
            "No call is paid for their votes, and the tournament goes on only as they judge."
        )
    return " ".join(said)


def proposed(judges: Iterable[Judge]) -> Judge | None:
    """Who decides unless others are chosen: the newest that needs nobody to be there.

    One on record, or with people in it, only where there is no other.
    """
    return max(judges, key=lambda judge: (_readiness(judge), judge.pk), default=None)


def _readiness(judge: Judge) -> int:
    sources = _sources(judge)
    found = (place for place, source in enumerate(PREFERENCE) if source in sources)
    return next(found, len(PREFERENCE))


def _sources(judge: Judge) -> set[Source]:
    """Where its judgments come from, and those of its members."""
    members = (seat.member for seat in judge.seats.all())
    return {registry.get(judge.kind).source}.union(*map(_sources, members))
