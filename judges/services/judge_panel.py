"""The judges of a project beside each other, on the same comparisons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import F
from django.db.models.fields.json import KeyTextTransform

from arena.common.errors import NotFound
from arena.models import Project
from judges.contracts import Source
from judges.models import Judge, Judgment
from judges.queries import evidence_of
from judges.report_queries import (
    Compared,
    Decided,
    Selection,
    compared,
    current_judges,
    decided,
    imported_as_people,
)
from judges.services.judges import source_of
from judges.stats.bootstrap import FloatArray, PromptBootstrap
from judges.stats.excess import mean_known
from judges.stats.verdicts import NONE, TIE, Verdicts, counted, plurality, sides

MAX_JUDGES = 24
"""Judges that are set beside each other: those with most verdicts."""


@dataclass(frozen=True)
class JudgeName:
    """A version of a judge. `is_people`: its verdicts are people's, made here or imported."""

    id: int
    name: str
    version: int
    kind: str
    is_current: bool
    is_people: bool


@dataclass(frozen=True)
class Panel:
    """Judges as columns of what they decided.

    base: columns of the current judges whose votes are their own; a jury's are its members', and
    of two that read the same record, or were told the same stored replies, one is enough. seats: of
    the judge that the panel was made for, the columns of its members. evidence: {judge: judges
    whose judgments it rests on}. roots: the same, with those that share stored replies with them.
    cut: whether there are more judges than are shown.
    """

    judges: tuple[Judge, ...]
    names: tuple[JudgeName, ...]
    base: tuple[int, ...]
    seats: tuple[int, ...]
    evidence: Mapping[int, set[int]]
    roots: Mapping[int, set[int]]
    at: Compared
    decided: Decided
    boot: PromptBootstrap
    cut: bool

    @property
    def verdicts(self) -> Verdicts:
        return self.decided.verdicts

    def column(self, judge: Judge) -> int:
        return self.judges.index(judge)

    def related(self, one: int, two: int) -> bool:
        """Whether two columns are not independent: a common judgment or reply of a model, or
        versions of one judge."""
        first, second = self.judges[one], self.judges[two]
        shared = self.roots[first.pk] & self.roots[second.pk]
        return bool(shared) or first.name == second.name

    def others(self, column: int) -> list[int]:
        """The independent judges beside this one, people among them."""
        return [other for other in self.base if not self.related(column, other)]

    def people(self, column: int | None = None) -> Verdicts | None:
        """What people decided (C,), by plurality, a draw is a tie; without those in `column`."""
        base = self.base if column is None else self.others(column)
        columns = [other for other in base if self.names[other].is_people]
        return plurality(counted(self.verdicts[:, columns]), draw=TIE) if columns else None

    def majority(self, column: int) -> Verdicts | None:
        """What most of the other judges decided (C,); none where no verdict leads."""
        others = self.others(column)
        return plurality(counted(self.verdicts[:, others]), draw=NONE) if others else None

    def sides_by(self, columns: list[int]) -> FloatArray:
        """Of these judges that name a side, the share (C,) for a; nan where none does."""
        return mean_known(sides(self.verdicts[:, columns]))


def assemble(project: Project, selection: Selection, about: Judge | None = None) -> Panel:
    """The current judges that decided anything, `about` and its members, on the selection.

    Raises NotFound for a tournament that is not of this project.
    """
    if selection.tournament is not None:
        _check_tournament(project, selection.tournament)
    busiest = current_judges(project, MAX_JUDGES + 1)
    current = busiest[:MAX_JUDGES]
    seats = [seat.member for seat in about.seats.select_related("member")] if about else []
    wanted = [*current, *([about] if about else []), *seats]
    judges = tuple(dict.fromkeys(wanted))
    evidence = evidence_of(judges)
    roots = _roots(evidence)
    people = imported_as_people(project)
    at = compared(project, selection)
    return Panel(
        judges=judges,
        names=tuple(_name(judge, evidence[judge.pk], people) for judge in judges),
        base=_base([judges.index(judge) for judge in current], judges, roots),
        seats=tuple(judges.index(judge) for judge in seats),
        evidence=evidence,
        roots=roots,
        at=at,
        decided=decided(judges, at),
        boot=PromptBootstrap(at.prompts),
        cut=len(busiest) > MAX_JUDGES,
    )


def _check_tournament(project: Project, pk: int) -> None:
    if not project.tournaments.filter(pk=pk).exists():
        raise NotFound(f"no tournament {pk} in {project.slug}")


def _name(judge: Judge, evidence: set[int], people: set[int]) -> JudgeName:
    is_people = source_of(judge) is Source.PEOPLE or (
        source_of(judge) is Source.RECORD and bool(evidence & people)
    )
    return JudgeName(judge.pk, judge.name, judge.version, judge.kind, judge.is_current, is_people)


def _roots(evidence: Mapping[int, set[int]]) -> dict[int, set[int]]:
    """{judge: judges whose judgments it rests on, and those that were told the same replies}.

    A reply that one judge has paid for is found again by another with the same model, parameters
    and prompt; the two agree because they are one. Such a judgment made no call, and question and
    reply are equal to the letter.
    """
    ids = set().union(*evidence.values())
    hits = Judgment.objects.filter(judge__in=ids, calls=0, cache_hits__gt=0).exclude(raw="")
    beside = "comparison__judgments__"
    same = {f"{beside}{name}": F(name) for name in ("order", "sample", "raw")}
    rows = hits.filter(**same, **{f"{beside}judge__in": ids}).order_by()
    for name in ("model", "prompt_hash"):
        theirs = KeyTextTransform(name, f"{beside}details")
        rows = rows.alias(mine=KeyTextTransform(name, "details"), theirs=theirs)
        rows = rows.filter(mine=F("theirs"))
    sharing: defaultdict[int, set[int]] = defaultdict(set)
    for one, other in rows.values_list("judge", f"{beside}judge").distinct():
        sharing[one].add(other)
        sharing[other].add(one)
    return {
        judge: rests_on.union(*(sharing[root] for root in rests_on))
        for judge, rests_on in evidence.items()
    }


def _base(
    columns: list[int], judges: tuple[Judge, ...], roots: Mapping[int, set[int]]
) -> tuple[int, ...]:
    heard: set[int] = set()
    base = []
    for column in columns:
        judge = judges[column]
        if source_of(judge) is not Source.MEMBERS and not roots[judge.pk] & heard:
            heard |= roots[judge.pk]
            base.append(column)
    return tuple(base)
