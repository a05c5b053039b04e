"""How far the judges of a project agree with each other and with people."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from arena.models import Project
from judges.report_queries import Selection
from judges.services.judge_panel import MAX_JUDGES, JudgeName, Panel, assemble
from judges.stats.agreement import Agreement, agreement
from judges.stats.jury_size import JurySize, jury_size
from judges.stats.reliability import Reliability, reliability
from judges.stats.verdicts import NONE, Verdicts

PEOPLE = "people"
OTHERS = "other judges"


@dataclass(frozen=True)
class Pair:
    """Two judges, by id. `related`: they rest on the same judgments or the same stored
    replies of a model, so they agree by design."""

    one: int
    two: int
    related: bool
    agreement: Agreement | None


@dataclass(frozen=True)
class WithPeople:
    """A judge, by id, against the plurality of (other) people."""

    judge: int
    agreement: Agreement | None


@dataclass(frozen=True)
class AgreementReport:
    """All judges of a project on the comparisons of a selection.

    together: all independent judges at once; people: people among themselves. jury: how many
    independent judges all machine judges are worth as one jury, where errors are told by
    `reference`: people, or else the majority of the remaining judges.
    """

    selection: Selection
    comparisons: int
    prompts: int
    judges: tuple[JudgeName, ...]
    pairs: tuple[Pair, ...]
    with_people: tuple[WithPeople, ...]
    together: Reliability | None
    people: Reliability | None
    jury: JurySize | None
    reference: str | None
    notes: tuple[str, ...]


def agreement_report(project: Project, selection: Selection) -> AgreementReport:
    """Set the current judges of a project beside each other; a constant number of queries."""
    panel = assemble(project, selection)
    base = list(panel.base)
    jury, reference = machine_jury(panel)
    prompt = panel.at.prompt
    answered = (panel.verdicts != NONE).any(axis=1)
    return AgreementReport(
        selection=selection,
        comparisons=int(answered.sum()),
        prompts=len(set(prompt[answered].tolist())),
        judges=panel.names,
        pairs=tuple(_pair(panel, *pair) for pair in combinations(range(len(panel.judges)), 2)),
        with_people=_with_people(panel),
        together=reliability(panel.boot, prompt, panel.verdicts[:, base]),
        people=reliability(panel.boot, prompt, panel.verdicts[:, _people(panel)]),
        jury=jury,
        reference=reference,
        notes=tuple(_notes(panel)),
    )


def machine_jury(panel: Panel) -> tuple[JurySize | None, str | None]:
    """All machine judges as one jury, and what tells their errors."""
    machines = [column for column in panel.base if not panel.names[column].is_people]
    return sized(panel, machines, panel.people())


def sized(
    panel: Panel, columns: list[int], people: Verdicts | None
) -> tuple[JurySize | None, str | None]:
    """The effective size of a jury: by people where they judged, else by its own majority."""
    if len(columns) < 2:
        return None, None
    verdicts = panel.verdicts[:, columns]
    if people is not None:
        by_people = jury_size(panel.boot, panel.at.prompt, verdicts, people)
        if by_people.rho is not None:
            return by_people, PEOPLE
    by_rest = jury_size(panel.boot, panel.at.prompt, verdicts)
    return (by_rest, OTHERS) if by_rest.rho is not None else (None, None)


def _pair(panel: Panel, one: int, two: int) -> Pair:
    verdicts = panel.verdicts
    return Pair(
        one=panel.names[one].id,
        two=panel.names[two].id,
        related=panel.related(one, two),
        agreement=agreement(panel.boot, panel.at.prompt, verdicts[:, one], verdicts[:, two]),
    )


def _with_people(panel: Panel) -> tuple[WithPeople, ...]:
    found = []
    for column, name in enumerate(panel.names):
        people = panel.people(column)
        if people is not None:
            own = panel.verdicts[:, column]
            found.append(WithPeople(name.id, agreement(panel.boot, panel.at.prompt, own, people)))
    return tuple(found)


def _people(panel: Panel) -> list[int]:
    return [column for column in panel.base if panel.names[column].is_people]


def _notes(panel: Panel) -> list[str]:
    notes = []
    if panel.cut:
        notes.append(f"Only the {MAX_JUDGES} judges with most verdicts are shown.")
    if not _people(panel):
        notes.append(
            "No person has judged here, so nothing says which judge is right. Let a judge of kind "
            "human judge some of the comparisons, or import verdicts of people."
        )
    if 0 < panel.at.prompts < 10:
        notes.append("There are fewer than 10 prompts, so the intervals are too narrow.")
    return notes
