"""Which family of models a judge or a competitor is of: as declared, else by its name."""

from __future__ import annotations

from collections.abc import Mapping

from arena.models import Competitor, Project
from judges.models import Judge
from judges.stats.family import family_of


def family_of_judge(judge: Judge) -> str | None:
    """The model family of a judge: its param `family`, else by its model's or its own name."""
    params: Mapping[str, str] = judge.params
    named = params.get("model") or params.get("judge") or judge.name
    return params.get("family") or family_of(named) or family_of(judge.name)


def families_in(project: Project) -> dict[int, str | None]:
    """{competitor: its model family}."""
    rows = Competitor.objects.filter(project=project).values_list("pk", "name", "metadata")
    return {pk: _declared(metadata) or family_of(name) for pk, name, metadata in rows}


def _declared(metadata: Mapping[str, object]) -> str | None:
    family = metadata.get("family")
    return family.strip().lower() or None if isinstance(family, str) else None
