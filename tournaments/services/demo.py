"""The tournaments that show a data set: by recorded judges where there are any, else the surrogate.

Every step finds what an earlier run wrote, so running it twice, or after a kill, doubles nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Min
from django.db.models.fields.json import KT

from arena.models import Project
from judges.models import Judge, Judgment
from judges.services.judges import define
from tournaments.models import Tournament
from tournaments.services import lifecycle

SURROGATE = "surrogate"
HUMAN_KINDS = ("human",)


@dataclass(frozen=True)
class Plan:
    """A tournament of the demo; its name is its identity."""

    name: str
    format: str
    judge: str
    competitors: tuple[str, ...]


def plans(project: Project) -> list[Plan]:
    """Which tournaments show this project best."""
    recorded = _recorded_judges(project)
    if not recorded:
        define(project=project, name=SURROGATE, kind="surrogate", params={"name": "general"})
        everybody = tuple(project.competitors.values_list("name", flat=True))
        return _pair_of_plans(SURROGATE, everybody)
    return [plan for judge in recorded for plan in _recorded_plans(judge)]


@transaction.atomic
def tournament_for(project: Project, plan: Plan) -> Tournament:
    """The tournament of this plan: found, or created and started."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    found = project.tournaments.filter(name=plan.name).order_by("id").first()
    if found is None:
        found = lifecycle.create(
            project=project,
            name=plan.name,
            format=plan.format,
            judges=[plan.judge],
            competitors=plan.competitors,
        )
        lifecycle.start(found)
    return found


def _pair_of_plans(judge: str, competitors: tuple[str, ...]) -> list[Plan]:
    return [
        Plan(f"Knock-out · {judge}", "single_elimination", judge, competitors),
        Plan(f"Round robin · {judge}", "round_robin", judge, competitors),
    ]


def _recorded_plans(judge: Judge) -> list[Plan]:
    """Knock-out and round robin of those who all met each other; a round robin of everybody else
    too, in which what nobody recorded stays undecided."""
    opponents = _opponents(judge)
    complete = _all_met(opponents)
    found = _pair_of_plans(judge.name, tuple(sorted(complete)))
    if len(complete) < len(opponents):
        name = f"Round robin of all {len(opponents)} · {judge.name}"
        found.append(Plan(name, "round_robin", judge.name, tuple(sorted(opponents))))
    return found


def left_out(project: Project) -> list[str]:
    """Names of the recorded judges by which the demo does not play."""
    chosen = {judge.pk for judge in _recorded_judges(project)}
    recorded = project.judges.filter(kind="recorded", is_current=True).exclude(pk__in=chosen)
    return list(recorded.values_list("name", flat=True))


def _recorded_judges(project: Project) -> list[Judge]:
    """Of the imported machine judges the one that saw most pairs, and of the people likewise."""
    rows = (
        Judgment.objects.filter(judge__project=project, judge__kind="recorded")
        .values("judge")
        .annotate(pairs=Count("comparison", distinct=True), kind=Min(KT("details__judge_kind")))
        .order_by("-pairs", "judge__name")
    )
    best: dict[bool, int] = {}
    for row in rows:
        best.setdefault(row["kind"] in HUMAN_KINDS, row["judge"])
    return list(Judge.objects.filter(pk__in=best.values()).order_by("name"))


def _opponents(judge: Judge) -> dict[str, set[str]]:
    """{competitor: those that the judge compared it with}."""
    pairs = (
        Judgment.objects.filter(judge=judge)
        .values_list(
            "comparison__output_a__competitor__name", "comparison__output_b__competitor__name"
        )
        .distinct()
        .order_by()
    )
    met: defaultdict[str, set[str]] = defaultdict(set)
    for a, b in pairs:
        met[a].add(b)
        met[b].add(a)
    return dict(met)


def _all_met(opponents: dict[str, set[str]]) -> set[str]:
    """A set in which everybody met everybody: the one with fewest opponents leaves, repeatedly."""
    left = set(opponents)
    while left:
        met = Counter({name: len(opponents[name] & left) for name in left})
        name, fewest = min(met.items(), key=lambda item: (item[1], item[0]))
        if fewest == len(left) - 1:
            break
        left.discard(name)
    return left
