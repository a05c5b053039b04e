"""Defining judges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from arena.common.errors import Conflict, InvalidInput, NotFound
from arena.models import Project
from judges.aggregation import DEFAULT
from judges.contracts import CallingKind, Source
from judges.kinds import registry
from judges.kinds.jury import Jury
from judges.models import Judge, JuryMember
from judges.services.endpoints import check_named
from judges.services.people import campaigns


def named(project: Project, name: str) -> Judge:
    """The current version of the judge called `name`; NotFound lists those that exist."""
    judge = project.judges.filter(name=name, is_current=True).first()
    if judge is None:
        names = project.judges.filter(is_current=True).values_list("name", flat=True)
        known = ", ".join(names) or "none yet"
        raise NotFound(f"no judge is called {name!r} in {project.slug}; judges: {known}")
    return judge


@transaction.atomic
def define(
    *,
    project: Project,
    name: str,
    kind: str,
    params: Mapping[str, Any] | None = None,
    version: int | None = None,
) -> Judge:
    """Define a judge, or a new version of one when kind or params differ from the current one.

    Raises InvalidInput for a bad kind or params, Conflict when `version` is not the one that
    this definition gets.
    """
    if not name.strip():
        raise InvalidInput("a judge needs a name", fields={"name": "may not be blank"})
    built = registry.build(kind, params)
    stored = built.params.model_dump(exclude_none=True)  # type: ignore[attr-defined]
    locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    check_named(locked, stored)
    current = Judge.objects.filter(project=locked, name=name, is_current=True).first()
    if current and (current.kind, current.params) == (kind, stored):
        _check_version(version, current.version)
        return current
    number = current.version + 1 if current else 1
    _check_version(version, number)
    if current:
        Judge.objects.filter(pk=current.pk).update(is_current=False)
    judge = Judge.objects.create(
        project=locked, name=name, kind=kind, params=stored, version=number
    )
    if isinstance(built, Jury):
        _seat(judge, built.seats)
    if built.source is Source.PEOPLE:
        campaigns.create_for(judge)
    return judge


def jury_of(project: Project, names: list[str], aggregation: str = DEFAULT) -> Judge:
    """The judge that decides for `names`: itself when it is one, else a jury of them."""
    if not names:
        raise InvalidInput("at least one judge is needed", fields={"judges": "may not be empty"})
    if len(names) == 1:
        return named(project, names[0])
    members = [named(project, name).name for name in names]
    return define(
        project=project,
        name=f"jury of {', '.join(members)}"[:100],
        kind="jury",
        params={"members": members, "aggregation": aggregation},
    )


def source_of(judge: Judge) -> Source:
    """Where the judge's judgments come from."""
    return registry.get(judge.kind).source


def cautions_of(judge: Judge) -> list[str]:
    """What has to be said beside a ranking that this judge, or a member of it, has decided."""
    members = [seat.member for seat in judge.seats.select_related("member")]
    said = [caution for member in members for caution in cautions_of(member)]
    own = getattr(registry.build(judge.kind, judge.params), "caution", "")
    return list(dict.fromkeys([own, *said] if own else said))


def planned_calls(judge: Judge) -> int:
    """How many calls one comparison costs when nothing has to be repeated.

    Of a jury: those of all its members, though a sequential one may stop before; stand-ins and
    those it escalates to are not planned for.
    """
    built = registry.build(judge.kind, judge.params)
    if isinstance(built, Jury):
        seats = judge.seats.select_related("member")
        members = [seat.member for seat in seats if seat.member.name in built.params.members]
        return sum(planned_calls(member) for member in members)
    return built.planned_calls() if isinstance(built, CallingKind) else 0


def _check_version(asked: int | None, actual: int) -> None:
    if asked is not None and asked != actual:
        raise Conflict(f"this definition is version {actual}, not {asked}")


def _seat(jury: Judge, names: list[str]) -> None:
    members = [named(jury.project, name) for name in names]
    if any(member.name == jury.name for member in members):
        raise InvalidInput(
            "a jury cannot sit in itself", fields={"params.members": f"{jury.name} is this jury"}
        )
    JuryMember.objects.bulk_create(
        JuryMember(jury=jury, member=member, position=position)
        for position, member in enumerate(members)
    )
