"""What a reader can choose on a board: of which verdicts, by which method, beside which run."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import QuerySet
from django.utils import timezone

from arena.common.errors import NotFound
from arena.models import Project
from tournaments.models import RatingRun, Tournament
from tournaments.ratings import registry as methods
from tournaments.selection import shown_in_one_order
from tournaments.views.shared import Filter, filter_bar, slice_filters, tournament_filter

WORDS = ("method", "ties", "style_control", "effects", "graded", "against")
RUNS = 20
"""Earlier rating runs that are offered for comparison."""

TIES = [
    ("", "as the method has it"),
    ("half", "half a win for each"),
    ("davidson", "modelled (Davidson)"),
    ("rao_kupper", "modelled (Rao-Kupper)"),
]
STYLES = [
    ("", "as it is"),
    ("true", "length and Markdown held level"),
    ("length", "length held level"),
    ("headers,lists,bold", "Markdown held level"),
]
EFFECTS = [
    ("", "nothing"),
    ("order", "being shown first"),
    ("judges", "judges"),
    ("order,judges", "judges, and being shown first"),
    ("answers", "lucky answers (knock-outs)"),
]

GRADED = [
    ("", "count less than clear ones, where known"),
    ("never", "count like clear ones"),
]


def data_filters(
    project: Project,
    tournament: Tournament | None,
    words: Mapping[str, str],
    chosen: Mapping[str, str],
) -> list[Filter]:
    """Selects for whose verdicts on what count, and by which method."""
    offered = [(name, cls.label) for name, cls in methods.items()]
    method = words["method"] if words["method"] in dict(offered) else "bradley_terry"
    return filter_bar(
        [
            tournament_filter(project, tournament),
            Filter("method", "Method", method, offered),
            *slice_filters(project, tournament, chosen),
        ]
    )


def model_filters(project: Project, words: Mapping[str, str]) -> list[Filter]:
    """Selects for what fewer readers need."""
    runs = [("", "no other"), *((str(run.pk), _named(run)) for run in _runs(project)[:RUNS])]
    return filter_bar(
        [
            Filter("ties", "Ties", words["ties"], TIES),
            Filter("style_control", "Style of answers", words["style_control"], STYLES),
            Filter("effects", "Also estimate", words["effects"], _effects(project)),
            Filter("graded", "Slight wins", words["graded"], GRADED),
            Filter("against", "Compare with", words["against"], runs),
        ]
    )


def _effects(project: Project) -> list[tuple[str, str]]:
    """Those that the project's judgments can tell of."""
    if shown_in_one_order(project):
        return EFFECTS
    return [(value, text) for value, text in EFFECTS if "order" not in value]


def run_called(project: Project, number: str) -> RatingRun | None:
    """The rating run that an address names, if it names one; NotFound if it does not exist."""
    if not number:
        return None
    known = number.isascii() and number.isdigit() and len(number) <= 18
    found = project.rating_runs.filter(pk=int(number)).first() if known else None
    if found is None:
        raise NotFound(f"no rating run {number} in {project.slug}")
    return found


def _runs(project: Project) -> QuerySet[RatingRun]:
    found = project.rating_runs.filter(n_comparisons__gt=0).select_related("tournament")
    return found.only("method", "slice", "settings", "created_at", "tournament__name")


def _named(run: RatingRun) -> str:
    made = timezone.localtime(run.created_at)
    parts = [methods.get(run.method).label, *(value for _, value in sorted(run.slice.items()))]
    style = ["style held level"] if run.settings.get("style_control") else []
    whose = run.tournament.name if run.tournament else "all"
    return f"{whose}, {made:%d %b %H:%M}: {', '.join([*parts, *style])} (run {run.pk})"
