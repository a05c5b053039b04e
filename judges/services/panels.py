"""What a jury's members have said, as votes; and the fit by which they are weighed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from judges.aggregation.base import Ruling, State, Vote
from judges.aggregation.deliberation import Ask, conclude, deliberate
from judges.contracts import Order, Silence, Source, Winner
from judges.kinds import registry
from judges.kinds.jury import Jury
from judges.models import SETTLED, Decision, DecisionStatus, Judge, Judgment, JuryFit

FIRST_FIT = 25
"""Verdicts of a jury at which its rule is fitted first; then at twice as many, and so on."""

Votes = dict[int, dict[str, Vote]]
"""{comparison: {member: vote}}"""

PULL = {Order.AB: 1.0, Order.BA: -1.0}
SIGN = {Winner.A: 1.0, Winner.B: -1.0}


@dataclass(frozen=True)
class Bench:
    """A jury with its seats by name and its latest fit, as one batch of rulings needs them."""

    judge: Judge
    jury: Jury
    seats: Mapping[str, Judge]
    fit: JuryFit | None

    def rule(self, votes: Mapping[str, Vote]) -> Ruling | Ask:
        """A ruling, or who has to be asked before there is one."""
        answer = deliberate(self.jury.panel, self.jury.rule, votes, self._state())
        return answer if isinstance(answer, Ask) else self._signed(answer)

    def rule_again(self, votes: Mapping[str, Vote]) -> Ruling:
        """A ruling on what is there; nobody is asked."""
        return self._signed(conclude(self.jury.panel, self.jury.rule, votes, self._state()))

    def _state(self) -> State | None:
        return self.fit.state if self.fit else None

    def _signed(self, ruling: Ruling) -> Ruling:
        if self.fit is None or self.fit.state is None or ruling.winner is None:
            return ruling
        return replace(ruling, note="; ".join(filter(None, (ruling.note, f"by {self.fit}"))))


def bench_of(judge: Judge) -> Bench:
    """The jury as it sits now."""
    jury = Jury(Jury.Params.model_validate(judge.params))
    seats = {seat.member.name: seat.member for seat in judge.seats.select_related("member")}
    return Bench(judge, jury, seats, _fit_in_force(judge) if jury.rule.learns else None)


def _fit_in_force(judge: Judge) -> JuryFit | None:
    return JuryFit.objects.filter(jury=judge, state__isnull=False).order_by("-id").first()


def latest_fit(judge: Judge) -> JuryFit | None:
    """The last attempt to fit a jury, which may have found too little; None before the first."""
    return JuryFit.objects.filter(jury=judge).order_by("-id").first()


def fit_is_due(judge: Judge) -> bool:
    """Whether the jury's rule learns, and its verdicts have doubled since it last did."""
    if not Jury(Jury.Params.model_validate(judge.params)).rule.learns:
        return False
    latest = latest_fit(judge)
    decided = Decision.objects.filter(judge=judge, status__in=SETTLED).count()
    return decided >= next_fit_at(latest.decided if latest else 0)


def next_fit_at(decided: int) -> int:
    """The first of 25, 50, 100, ... verdicts that is more than `decided`."""
    due = FIRST_FIT
    while due <= decided:
        due *= 2
    return due


@dataclass(frozen=True)
class Heard:
    """What the seats have said on comparisons, and who is at it. Both by {comparison: ...}."""

    votes: Votes
    under_way: dict[int, set[str]]


def hear(bench: Bench, comparison_ids: Collection[int]) -> Heard:
    """The verdicts of everybody who may be asked, with what their judgments tell."""
    names = {judge.pk: name for name, judge in bench.seats.items()}
    rows = Decision.objects.filter(judge__in=names, comparison__in=comparison_ids)
    votes: Votes = {pk: {} for pk in comparison_ids}
    under_way: dict[int, set[str]] = {pk: set() for pk in comparison_ids}
    fields = ("comparison_id", "judge_id", "status", "winner", "silence")
    for pk, judge, status, winner, silence in rows.order_by("judge_id").values_list(*fields):
        name = names[judge]
        if status in SETTLED:
            votes[pk][name] = Vote(
                name, Winner(winner) if winner else None, Silence(silence) if silence else None
            )
        elif status != DecisionStatus.HELD:
            under_way[pk].add(name)
    return Heard(_with_details(bench, votes) if bench.jury.rule.learns else votes, under_way)


Said = tuple[str, str, float | None]
"""Order, winner and margin of a judgment."""


def _with_details(bench: Bench, votes: Votes) -> Votes:
    said = _judgments(bench, votes)
    return {
        pk: {name: _detailed(vote, said.get((pk, name), [])) for name, vote in cast.items()}
        for pk, cast in votes.items()
    }


def _judgments(bench: Bench, comparison_ids: Collection[int]) -> dict[tuple[int, str], list[Said]]:
    """{(comparison, member): what its own judgments, or those it reads, said}."""
    readers = readers_of(bench)
    rows = Judgment.objects.filter(
        judge__in=readers, comparison__in=comparison_ids, winner__isnull=False
    ).order_by("id")
    fields = (
        "judge_id", "comparison_id", "order", "winner",
        "probability", "score_a", "score_b", "strength",
    )  # fmt: skip
    found: defaultdict[tuple[int, str], list[Said]] = defaultdict(list)
    for judge, pk, order, winner, probability, score_a, score_b, strength in rows.values_list(
        *fields
    ):
        margin = _margin(Winner(winner or ""), probability, score_a, score_b, strength)
        for name in readers[judge]:
            found[pk, name].append((order, winner or "", margin))
    return found


def readers_of(bench: Bench) -> dict[int, list[str]]:
    """{judge: members that decide by its judgments}."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    imported: defaultdict[str, list[str]] = defaultdict(list)
    for name, judge in bench.seats.items():
        if registry.get(judge.kind).source is Source.RECORD:
            imported[judge.params["judge"]].append(name)
        else:
            found[judge.pk].append(name)
    if imported:
        project = bench.judge.project_id
        known = Judge.objects.filter(project=project, kind="recorded", name__in=imported)
        for pk, name in known.values_list("pk", "name"):
            found[pk] += imported[name]
    return found


def heard_by(bench: Bench, names: Collection[str]) -> set[int]:
    """Judges whose judgments make the votes of these seats, through all juries among them.

    Of such a jury everybody counts who may be asked: its panel decides its verdict, too.
    """
    found = {pk for pk, seats in readers_of(bench).items() if not set(names).isdisjoint(seats)}
    for name in names:
        if bench.seats[name].kind == "jury":
            inner = bench_of(bench.seats[name])
            found |= heard_by(inner, inner.seats)
    return found


def _margin(
    winner: Winner,
    probability: float | None,
    score_a: float | None,
    score_b: float | None,
    strength: int | None,
) -> float | None:
    """How far a is ahead, in the first unit that the judgment has: scores, chance, strength."""
    if score_a is not None and score_b is not None:
        return score_a - score_b
    if probability is not None:
        return 2 * probability - 1
    return SIGN.get(winner, 0.0) * strength if strength is not None else None


def _detailed(vote: Vote, said: Sequence[Said]) -> Vote:
    if not said or vote.winner is None:
        return vote
    orders = {order for order, _, _ in said}
    margins = [margin for _, _, margin in said if margin is not None]
    pulls = [PULL.get(Order(order), 0.0) for order, _, _ in said]
    both = {Order.AB, Order.BA} <= orders
    return replace(
        vote,
        margin=sum(margins) / len(margins) if margins else None,
        consistent=len({winner for _, winner, _ in said}) == 1 if both else None,
        shown=sum(pulls) / len(pulls),
    )
