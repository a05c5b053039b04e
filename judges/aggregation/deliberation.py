"""Whom a jury asks next, and when it has heard enough. A pure function of the votes so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from judges.aggregation.base import Aggregation, Ruling, State, Vote
from judges.aggregation.plurality import Plurality
from judges.contracts import Silence, Winner

HIGHER_BENCH = Plurality(Plurality.Params())


@dataclass(frozen=True)
class Panel:
    """Who sits in a jury, by name.

    `stand_ins` take, in order, the place of members of whom no reply could be had. `escalate_to`
    decide in the panel's stead when it is split. A `sequential` panel asks one member after the
    other in the listed order, until the outcome cannot change any more or its probability by the
    fit is at least `certainty`.
    """

    members: tuple[str, ...]
    quorum: int
    stand_ins: tuple[str, ...] = ()
    escalate_to: tuple[str, ...] = ()
    sequential: bool = False
    certainty: float = 0.95


@dataclass(frozen=True)
class Ask:
    """Whose verdicts are needed before there can be a ruling, and are not there yet."""

    names: tuple[str, ...]


def deliberate(
    panel: Panel, rule: Aggregation, votes: Mapping[str, Vote], state: State | None = None
) -> Ruling | Ask:
    """A ruling, or whom to ask (again: whoever was asked and has not answered is named too).

    `votes` are settled ones by name; `state` is the fit of `rule`, if there is one. The same votes
    give the same answer, so it may be asked twice, late, or by another process.
    """
    heard = _hear(panel, rule, votes, state)
    if isinstance(heard, Ask):
        return heard
    if not panel.escalate_to or not _split(heard):
        return heard.ruling
    pending = tuple(name for name in panel.escalate_to if name not in votes)
    return Ask(pending) if pending else _escalated(panel, heard, votes)


def conclude(
    panel: Panel, rule: Aggregation, votes: Mapping[str, Vote], state: State | None = None
) -> Ruling:
    """The ruling on what has been said, asking nobody: for verdicts that are made anew."""
    missing = {
        name: Vote(name, None, Silence.MISSING)
        for name in (*panel.members, *panel.stand_ins, *panel.escalate_to)
        if name not in votes
    }
    while isinstance(answer := deliberate(panel, rule, votes, state), Ask):
        votes = {**votes, **{name: missing[name] for name in answer.names}}
    return answer


@dataclass(frozen=True)
class _Heard:
    """The panel's own ruling, and the votes it rests on."""

    ruling: Ruling
    cast: tuple[Vote, ...]


def _hear(
    panel: Panel, rule: Aggregation, votes: Mapping[str, Vote], state: State | None
) -> _Heard | Ask:
    cast: list[Vote] = []
    seats = tuple(_seats(panel, votes))
    pending = tuple(name for name in seats if name not in votes)
    if not panel.sequential:
        if pending:
            return Ask(pending)
        return _heard(panel, rule, [votes[name] for name in seats], state)
    for number, name in enumerate(seats):
        if name not in votes:
            return Ask((name,))
        cast.append(votes[name])
        left = seats[number + 1 :]
        if left and _enough(panel, rule, cast, left, state):
            heard = _heard(panel, rule, cast, state)
            said = (heard.ruling.note, f"not asked: {', '.join(left)}")
            note = "; ".join(part for part in said if part)
            return replace(heard, ruling=replace(heard.ruling, note=note))
    return _heard(panel, rule, cast, state)


def _seats(panel: Panel, votes: Mapping[str, Vote]) -> Iterator[str]:
    """Who counts, in order: each member, or the stand-in that took its place.

    A member that failed keeps its place when no stand-in is left: its silence is then counted.
    """
    waiting = iter(panel.stand_ins)
    for member in panel.members:
        seated = member
        while seated in votes and votes[seated].silence is Silence.FAILED:
            following = next(waiting, None)
            if following is None:
                break
            seated = following
        yield seated


def _heard(panel: Panel, rule: Aggregation, cast: Sequence[Vote], state: State | None) -> _Heard:
    return _Heard(rule.combine(cast, panel.quorum, state), tuple(cast))


def _enough(
    panel: Panel, rule: Aggregation, cast: Sequence[Vote], left: Sequence[str], state: State | None
) -> bool:
    """Whether nobody else need be asked: certain, past change, or past reaching the quorum."""
    spoken = sum(vote.winner is not None for vote in cast)
    if spoken + len(left) < panel.quorum:
        return True
    ruling = rule.combine(cast, panel.quorum, state)
    if ruling.winner is None:
        return False
    sure = ruling.probabilities.get(ruling.winner, 0.0) >= panel.certainty
    if sure and state is not None:
        return True
    return all(
        rule.combine([*cast, *block], panel.quorum, state).winner is ruling.winner
        for block in _blocks(left)
    )


def _blocks(left: Sequence[str]) -> Iterator[list[Vote]]:
    """All that are left vote alike: more than that they cannot do for any outcome, wherever a vote
    for an outcome never speaks against it."""
    for winner in Winner:
        yield [Vote(name, winner) for name in left]


def _split(heard: _Heard) -> bool:
    """No verdict, or no winner that more than half of those who spoke have named."""
    counts = Counter(vote.winner for vote in heard.cast if vote.winner is not None)
    return heard.ruling.winner is None or 2 * max(counts.values()) <= counts.total()


def _escalated(panel: Panel, heard: _Heard, votes: Mapping[str, Vote]) -> Ruling:
    """The verdict of the higher bench; the panel's own where that has none."""
    higher = HIGHER_BENCH.combine([votes[name] for name in panel.escalate_to], quorum=1)
    why = heard.ruling.note or "no verdict"
    if higher.winner is None:
        return replace(heard.ruling, note=f"{why}; escalated without a verdict: {higher.note}")
    named = ", ".join(panel.escalate_to)
    note = f"split ({why}); escalated to {named}" + (f": {higher.note}" if higher.note else "")
    return replace(higher, note=note)
