"""Reads that join several models."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from typing import cast

from django.db import connection
from django.db.models import Count, Q, QuerySet

from arena.common.errors import NotFound
from arena.models import Project
from judges.contracts import Silence
from judges.models import DecisionStatus, Judge, Judgment, JuryMember
from judges.queries import LONG_FIELDS, evidence_of
from tournaments.models import Bracket, Match, RatingRun, Tournament, TournamentStatus

BUSY = (DecisionStatus.OPEN, DecisionStatus.LEASED)
"""A machine still has to answer."""


@dataclass(frozen=True)
class Progress:
    """Matches by how they stand. `open` ones are being judged; planned ones may not exist yet."""

    planned: int
    decided: int
    undecided: int
    failed: int
    waiting_for_people: int
    open: int

    @property
    def settled(self) -> int:
        return self.decided + self.undecided + self.failed

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


@dataclass(frozen=True)
class TotalUsage:
    """What a set of judgments cost. `usd` is None when none, or not every call, has a price."""

    calls: int
    cache_hits: int
    tokens_in: int
    tokens_out: int
    usd: float | None

    def __add__(self, other: TotalUsage) -> TotalUsage:
        prices = [usd for usd in (self.usd, other.usd) if usd is not None]
        return TotalUsage(
            self.calls + other.calls,
            self.cache_hits + other.cache_hits,
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            sum(prices) if prices else None,
        )

    def as_dict(self) -> dict[str, float | int | None]:
        return asdict(self)


def tournament_of(project: Project, pk: int) -> Tournament:
    """A tournament of this project; NotFound otherwise."""
    found = project.tournaments.select_related("project", "judge").filter(pk=pk).first()
    if found is None:
        raise NotFound(f"no tournament {pk} in {project.slug}")
    return found


def progress_of(tournament: Tournament) -> Progress:
    """How the matches of a tournament stand."""
    return progress_by_tournament([tournament])[tournament.pk]


def progress_by_tournament(tournaments: Sequence[Tournament]) -> dict[int, Progress]:
    """{id: how its matches stand}, by a constant number of queries."""
    failed = Q(decision__silence=Silence.FAILED)
    status = DecisionStatus
    rows = Match.objects.filter(tournament__in=tournaments).order_by().values("tournament")
    counts = {
        row["tournament"]: cast("dict[str, int]", row)
        for row in rows.annotate(
            decided=Count("pk", filter=Q(decision__status=status.DECIDED)),
            undecided=Count("pk", filter=Q(decision__status=status.UNDECIDED) & ~failed),
            failed=Count("pk", filter=failed),
            waiting=Count("pk", filter=Q(decision__status=status.WAITING)),
            open=Count("pk", filter=Q(decision__status__in=BUSY)),
        )
    }
    busy = _members_busy([t for t in tournaments if t.pk in counts and counts[t.pk]["waiting"]])
    return {t.pk: _progress(t, counts.get(t.pk, {}), t.pk in busy) for t in tournaments}


def _progress(tournament: Tournament, counts: Mapping[str, int], busy: bool) -> Progress:
    waiting = counts.get("waiting", 0)
    return Progress(
        planned=tournament.planned,
        decided=counts.get("decided", 0),
        undecided=counts.get("undecided", 0),
        failed=counts.get("failed", 0),
        waiting_for_people=0 if busy else waiting,
        open=counts.get("open", 0) + (waiting if busy else 0),
    )


def status_of(tournament: Tournament, progress: Progress) -> str:
    """The stored status; a running tournament that only people can move on is `waiting`."""
    running = tournament.status == TournamentStatus.RUNNING
    if running and progress.waiting_for_people and not progress.open:
        return "waiting"
    return tournament.status


def usage_of(tournament: Tournament) -> TotalUsage:
    """What the tournament's judgments cost; what stood on record before it began is a hit."""
    return usage_by_tournament([tournament])[tournament.pk]


def usage_by_tournament(tournaments: Sequence[Tournament]) -> dict[int, TotalUsage]:
    """{id: what its judgments cost} for tournaments with their judges; a fixed number of queries.

    A judgment counts once in a tournament, however many of its matches rest on it. What was paid is
    charged to one tournament alone, that which asked for it first; to all others it is a hit.
    """
    found = {tournament.pk: TotalUsage(0, 0, 0, 0, None) for tournament in tournaments}
    unpriced = set()
    behind = _behind(tournaments)
    for said in (_JUDGMENTS, _CHARGES) if behind else ():
        for pk, paid_here, without_price, calls, *sums in _paid(said, found, behind):
            if paid_here:
                found[pk] += TotalUsage(calls, *sums)
                unpriced |= {pk} if without_price else set()
            elif said == _JUDGMENTS:
                found[pk] += TotalUsage(0, calls, 0, 0, None)
    return {pk: replace(used, usd=None) if pk in unpriced else used for pk, used in found.items()}


def _behind(tournaments: Sequence[Tournament]) -> list[tuple[int, int]]:
    """(judge, one whose judgments it rests on) of these tournaments and of all that may share."""
    projects = {tournament.project_id for tournament in tournaments}
    playing = Tournament.objects.filter(project__in=projects, started_at__isnull=False)
    judges = Judge.objects.filter(pk__in=playing.order_by().values("judge"))
    return [(pk, one) for pk, ids in evidence_of(judges).items() for one in sorted(ids)]


def _paid(
    said: str, tournaments: Collection[int], behind: Sequence[tuple[int, int]]
) -> list[tuple[int, ...]]:
    """Rows (tournament, is it charged, calls without a price, calls, hits, in, out, usd)."""
    pairs = ", ".join(["(%s, %s)"] * len(behind))
    ids = ", ".join(["%s"] * len(tournaments))
    with connection.cursor() as cursor:
        cursor.execute(
            _USAGE.format(behind=pairs, ids=ids, said=said),
            [*chain.from_iterable(behind), *tournaments],
        )
        return cast("list[tuple[int, ...]]", cursor.fetchall())


_JUDGMENTS = "judges_judgment"

_CHARGES = """(
    SELECT asked.judge_id, asked.comparison_id, charge.created_at, charge.calls,
        0 AS cache_hits, charge.tokens_in, charge.tokens_out, charge.usd
    FROM judges_charge AS charge
    JOIN judges_decision AS asked ON asked.id = charge.decision_id
)"""
"""What was paid for judgments that never came about."""

# Who pays: whoever asked first, of those that had a verdict or took the question back before only
# where nobody else is left. What cost nothing is everybody's that had begun.
_USAGE = """
    WITH behind (judge_id, one) AS (VALUES {behind})
    SELECT tournament_id, payer = tournament_id,
        SUM(CASE WHEN calls > 0 AND usd IS NULL THEN 1 ELSE 0 END),
        SUM(calls), SUM(cache_hits), SUM(tokens_in), SUM(tokens_out), SUM(usd)
    FROM (
        SELECT played.tournament_id, said.calls, said.cache_hits, said.tokens_in, said.tokens_out,
            said.usd, CASE WHEN said.calls > 0 THEN (
                SELECT tournament_id
                FROM (
                    SELECT wanted.tournament_id, wanted.asked_at, wanted.id,
                        CASE WHEN decision.settled_at < said.created_at
                            OR wanted.asked_until < said.created_at THEN 1 ELSE 0 END AS too_late
                    FROM judges_decision AS decision
                    JOIN tournaments_match AS wanted ON wanted.decision_id = decision.id
                    JOIN tournaments_tournament AS other ON other.id = wanted.tournament_id
                    JOIN behind ON behind.judge_id = decision.judge_id
                    WHERE decision.comparison_id = said.comparison_id
                        AND behind.one = said.judge_id
                        AND wanted.asked_at IS NOT NULL AND other.started_at <= said.created_at
                ) AS asking
                ORDER BY too_late, asked_at, id
                LIMIT 1
            ) WHEN mine.started_at <= said.created_at THEN mine.id END AS payer
        FROM (
            SELECT DISTINCT played.tournament_id, decision.comparison_id
            FROM tournaments_match AS played
            JOIN judges_decision AS decision ON decision.id = played.decision_id
            WHERE played.tournament_id IN ({ids})
        ) AS played
        JOIN tournaments_tournament AS mine ON mine.id = played.tournament_id
        JOIN {said} AS said ON said.comparison_id = played.comparison_id
        JOIN behind ON behind.judge_id = mine.judge_id AND behind.one = said.judge_id
    ) AS shared
    GROUP BY 1, 2
"""


def failure_reasons(tournament: Tournament, limit: int = 3) -> list[tuple[str, int]]:
    """The most frequent reasons why calls of this tournament failed, with their counts."""
    failed = tournament.matches.filter(decision__silence=Silence.FAILED)
    rows = failed.values_list("decision__note").annotate(n=Count("pk")).order_by("-n")
    return [(note, count) for note, count in rows[:limit]]


def _closure(judge_id: int, members_of: Callable[[int], Iterable[int]]) -> list[int]:
    found = [judge_id]
    for jury in found:
        found += [member for member in members_of(jury) if member not in found]
    return found


def _members_busy(tournaments: Sequence[Tournament]) -> set[int]:
    """Ids of those where a machine still has something to do for a match that waits."""
    if not tournaments:
        return set()
    seats: defaultdict[int, list[int]] = defaultdict(list)
    for jury, member in JuryMember.objects.values_list("jury_id", "member_id").filter(
        jury__project__in={tournament.project_id for tournament in tournaments}
    ):
        seats[jury].append(member)
    working: defaultdict[int, set[int]] = defaultdict(set)
    beside = "decision__comparison__decisions"
    rows = Match.objects.filter(
        **{"tournament__in": tournaments, f"{beside}__status__in": BUSY}
    ).order_by()
    for pk, judge in rows.values_list("tournament_id", f"{beside}__judge_id").distinct():
        working[pk].add(judge)
    return {
        t.pk for t in tournaments if working[t.pk] & set(_closure(t.judge_id, seats.__getitem__))
    }


def matches_with_evidence(matches: Iterable[Match]) -> list[Match]:
    """Matches with all that a page or the API shows; `evidence` holds each one's judgments.

    The evidence of a jury's match is what its members said. A constant number of queries.
    """
    rows = list(
        Match.objects.filter(pk__in=[match.pk for match in matches])
        .select_related(
            "tournament__judge",
            "decision__comparison__prompt",
            "decision__comparison__output_a__competitor",
            "decision__comparison__output_b__competitor",
        )
        .defer(*(f"decision__{name}" for name in LONG_FIELDS))
        .order_by("pk")
    )
    behind = evidence_of({match.tournament.judge for match in rows}) if rows else {}
    found: defaultdict[int, list[Judgment]] = defaultdict(list)
    judgments = Judgment.objects.filter(
        comparison__in={match.decision.comparison_id for match in rows},
        judge__in=set().union(*behind.values()),
    ).select_related("judge")
    judgments = judgments.defer("raw", "details")
    for judgment in judgments.order_by("judge__name", "order", "sample"):
        found[judgment.comparison_id].append(judgment)
    for match in rows:
        mine = behind[match.tournament.judge_id]
        said = found[match.decision.comparison_id]
        match.evidence = [judgment for judgment in said if judgment.judge_id in mine]
    return rows


def evidence_judges(tournament: Tournament) -> set[int]:
    """Ids of the judges whose judgments stand behind a tournament: also those that are read."""
    return evidence_of([tournament.judge])[tournament.judge_id]


def brackets_of(tournament: Tournament) -> QuerySet[Bracket]:
    """The brackets in the order of their prompts, with counts of their matches.

    `games` are all that were scheduled so far; `silent` ones ended without a verdict.
    """
    status = DecisionStatus
    return (
        tournament.brackets.filter(retired=False)
        .select_related("prompt")
        .only("tournament", "entrants", "finished", "prompt__key", "prompt__category")
        .annotate(
            games=Count("matches"),
            decided=Count("matches", filter=Q(matches__decision__status=status.DECIDED)),
            silent=Count("matches", filter=Q(matches__decision__status=status.UNDECIDED)),
            waiting=Count("matches", filter=Q(matches__decision__status=status.WAITING)),
        )
        .order_by("prompt", "pk")
    )


@dataclass(frozen=True)
class Wave:
    """A round of a tournament whose format covers all prompts at once, and how its games stand."""

    number: int
    games: int
    decided: int
    silent: int
    waiting: int
    prompts: int

    @property
    def finished(self) -> bool:
        return self.games == self.decided + self.silent


def waves_of(tournament: Tournament) -> list[Wave]:
    """The waves so far, in their order; by one query."""
    status = DecisionStatus
    rows = (
        tournament.matches.order_by("round")
        .values("round")
        .annotate(
            games=Count("pk"),
            decided=Count("pk", filter=Q(decision__status=status.DECIDED)),
            silent=Count("pk", filter=Q(decision__status=status.UNDECIDED)),
            waiting=Count("pk", filter=Q(decision__status=status.WAITING)),
            prompts=Count("decision__comparison__prompt", distinct=True),
        )
    )
    names = ("round", "games", "decided", "silent", "waiting", "prompts")
    return [Wave(*row) for row in rows.values_list(*names)]


def latest_board(project: Project) -> RatingRun | None:
    """The whole board of the tournament that was completed last and has anything to rank."""
    runs = RatingRun.objects.plain().filter(
        project=project,
        tournament__status=TournamentStatus.COMPLETED,
        n_comparisons__gt=0,
    )
    return runs.select_related("tournament").order_by("-tournament__finished_at", "-pk").first()
