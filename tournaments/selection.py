"""Which decisions stand behind a leaderboard: what it counts, lists open, and tables sum up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform

from arena.models import Project
from arena.queries import prompts_where
from judges.contracts import Order, Silence, Winner
from judges.models import Decision, DecisionStatus, Judgment
from judges.queries import evidence_of as evidence_judges
from tournaments.models import Match, Tournament

LATELY = 500
"""Judgments, the newest ones, that show in which orders the judges ask."""

TIED = (Winner.TIE, Winner.BOTH_BAD)
UNSETTLED = (DecisionStatus.OPEN, DecisionStatus.LEASED, DecisionStatus.HELD)
STATES = {
    "decided": Q(status=DecisionStatus.DECIDED),
    "tied": Q(winner__in=TIED),
    "undecided": Q(status=DecisionStatus.UNDECIDED) & ~Q(silence=Silence.FAILED),
    "failed": Q(silence=Silence.FAILED),
    "without a verdict": Q(status=DecisionStatus.UNDECIDED),
    "waiting": Q(status=DecisionStatus.WAITING),
    "open": Q(status__in=UNSETTLED),
}
"""Results that need no point of view; a competitor's are also `won` and `lost`."""


def decisions_of(
    project: Project, tournament: Tournament | None, filters: Mapping[str, str]
) -> QuerySet[Decision]:
    """All decisions, settled or not, that a board of this tournament or project is about.

    A project's board is about what its tournaments play, and what people judge in campaigns beside
    them: where they check what a tournament decides, its verdict counts alone. Before
    tournaments decided anything, or when a judge is named, it is about all that stands on record.
    `filters` are those of `rating.rate`.
    """
    decisions = Decision.objects.filter(judge__project=project)
    played = decisions.filter(Exists(_matches(tournament)))
    if tournament is not None:
        decisions = played
    elif not (filters.get("judge") or filters.get("judge_kind")):
        if played.filter(status=DecisionStatus.DECIDED).exists():
            decisions = decisions.filter(Exists(_matches(None)) | _beside_tournaments())
        decisions = decisions.exclude(Exists(_juries()))
    return _sliced(decisions, filters)


def checks_of(project: Project, filters: Mapping[str, str]) -> QuerySet[Decision]:
    """What people decided that a project's board leaves out, since a tournament decides it.

    None where a judge is named: such a board counts all of its verdicts.
    """
    people = Decision.objects.filter(
        judge__project=project, judge__kind="human", status=DecisionStatus.DECIDED
    )
    counted = decisions_of(project, None, filters).values("pk")
    checks = people.filter(Exists(_decided_by_tournaments())).exclude(Exists(_juries()))
    return _sliced(checks, filters).exclude(pk__in=counted)


def with_predictions(
    decisions: QuerySet[Decision],
    project: Project,
    tournament: Tournament | None,
    filters: Mapping[str, str],
) -> QuerySet[Decision]:
    """The decisions, and what surrogates decided about the same competitors and prompts.

    The filters on judges choose whose verdicts are trusted, so they do not touch predictions.
    """
    by_prompt = {k: v for k, v in filters.items() if k not in ("judge", "judge_kind")}
    predicted = _sliced(
        Decision.objects.filter(judge__project=project, judge__kind="surrogate"), by_prompt
    )
    if tournament is not None:
        played = tournament.competitors.values("pk")
        predicted = predicted.filter(
            comparison__output_a__competitor__in=played,
            comparison__output_b__competitor__in=played,
            comparison__prompt__in=tournament.matches.values("decision__comparison__prompt"),
        )
    chosen = Q(pk__in=decisions.values("pk")) | Q(pk__in=predicted.values("pk"))
    return Decision.objects.filter(chosen)


def shown_in_one_order(project: Project) -> bool:
    """Whether a judge of late saw comparisons in one order alone, which its liking shows in."""
    known = Judgment.objects.filter(
        judge__project=project, winner__isnull=False, order__in=(Order.AB, Order.BA)
    )
    turned = Judgment.objects.filter(
        judge=OuterRef("judge"), comparison=OuterRef("comparison"), order__in=(Order.AB, Order.BA)
    ).exclude(order=OuterRef("order"))
    newest = known.order_by("-pk").values("pk")[:LATELY]
    lately = known.filter(pk__in=list(newest.values_list("pk", flat=True)))
    return lately.exclude(Exists(turned)).exists()


def with_match(decisions: QuerySet[Decision], tournament: Tournament | None) -> QuerySet[Decision]:
    """Add `match_id`: the first match (of this tournament, if any) that the decision belongs to."""
    first = _matches(tournament).order_by("pk").values("pk")[:1]
    return decisions.annotate(match_id=Subquery(first))


def between(decisions: QuerySet[Decision], *names: str) -> QuerySet[Decision]:
    """Those in which all the named competitors play."""
    for name in names:
        decisions = decisions.filter(_plays(name))
    return decisions


def with_result(decisions: QuerySet[Decision], result: str, competitor: str) -> QuerySet[Decision]:
    """Those that ended so (see `STATES`), or that `competitor` won or lost."""
    if result in STATES:
        return decisions.filter(STATES[result])
    as_a, as_b = (Winner.A, Winner.B) if result == "won" else (Winner.B, Winner.A)
    return decisions.filter(_side("a", competitor, as_a) | _side("b", competitor, as_b))


@dataclass
class Record:
    """One competitor against another."""

    wins: int = 0
    losses: int = 0
    ties: int = 0

    @property
    def games(self) -> int:
        return self.wins + self.losses + self.ties


def pairwise(decisions: QuerySet[Decision]) -> dict[tuple[str, str], Record]:
    """{(name, name of the other): record} of all that met, both ways round."""
    found: defaultdict[tuple[str, str], Record] = defaultdict(Record)
    rows = (
        decisions.filter(status=DecisionStatus.DECIDED)
        .values_list(
            "comparison__output_a__competitor__name",
            "comparison__output_b__competitor__name",
            "winner",
        )
        .annotate(Count("pk"))
    )
    for a, b, winner, count in rows:
        ours, theirs = found[a, b], found[b, a]
        ours.wins += count * (winner == Winner.A)
        theirs.losses += count * (winner == Winner.A)
        ours.losses += count * (winner == Winner.B)
        theirs.wins += count * (winner == Winner.B)
        ours.ties += count * (winner in TIED)
        theirs.ties += count * (winner in TIED)
    return dict(found)


def evidence_of(decision: Decision) -> list[Judgment]:
    """The judgments on which a decision rests; a jury's are its members'."""
    judges = evidence_judges([decision.judge])[decision.judge_id]
    said = Judgment.objects.filter(comparison=decision.comparison_id, judge__in=judges)
    return list(said.select_related("judge", "rater").order_by("judge__name", "sample", "order"))


def _matches(tournament: Tournament | None) -> QuerySet[Match]:
    matches = Match.objects.filter(decision=OuterRef("pk"), counts=True)
    return matches.filter(tournament=tournament) if tournament else matches


def _beside_tournaments() -> Q:
    """What people judge, of comparisons that no tournament has a verdict on or asks for."""
    return Q(judge__kind="human") & ~Q(Exists(_decided_by_tournaments()))


def _decided_by_tournaments() -> QuerySet[Match]:
    """Matches of the same comparison that have a verdict, or wait for one."""
    return Match.objects.filter(decision__comparison=OuterRef("comparison"), counts=True).exclude(
        decision__status__in=(DecisionStatus.UNDECIDED, DecisionStatus.HELD)
    )


def _juries() -> QuerySet[Decision]:
    """Juries that decided the same comparison with this judge in a seat: its vote is in theirs."""
    return Decision.objects.filter(
        comparison=OuterRef("comparison"),
        judge__seats__member=OuterRef("judge"),
        status=DecisionStatus.DECIDED,
    )


def _plays(name: str) -> Q:
    return Q(comparison__output_a__competitor__name=name) | Q(
        comparison__output_b__competitor__name=name
    )


def _side(side: str, name: str, winner: Winner) -> Q:
    return Q(**{f"comparison__output_{side}__competitor__name": name, "winner": winner})


def _sliced(decisions: QuerySet[Decision], filters: Mapping[str, str]) -> QuerySet[Decision]:
    given = {key: value for key, value in filters.items() if value}
    decisions = decisions.filter(prompts_where(given, prefix="comparison__prompt__"))
    if "judge" in given:
        decisions = decisions.filter(judge__name=given["judge"])
    if "judge_kind" in given:
        named = decisions.annotate(read_name=KeyTextTransform("judge", "judge__params"))
        decisions = named.filter(_of_kind(given["judge_kind"]))
    return decisions


def _of_kind(kind: str) -> Q:
    """By a judge of this kind, or read from an outside judge imported as being of this kind."""
    imported = Judgment.objects.filter(
        judge__name=OuterRef("read_name"),
        comparison=OuterRef("comparison"),
        details__judge_kind=kind,
    )
    return Q(judge__kind=kind) | Q(Exists(imported), judge__kind="recorded")
