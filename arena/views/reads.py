"""What the pages read: lists with their counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser, User
from django.db import connection
from django.db.models import BooleanField, Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce
from django.utils import timezone

from arena.common.errors import NotFound
from arena.models import (
    RANK,
    AuditEntry,
    Competitor,
    Invitation,
    Membership,
    Output,
    Project,
    Prompt,
    Role,
)
from arena.queries import prompts_where

MAX_TAGS = 200
"""Tags that are offered as a filter."""


@dataclass(frozen=True)
class PromptFilter:
    """What narrows a list of prompts; what is empty does not."""

    category: str = ""
    language: str = ""
    tag: str = ""
    text: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> PromptFilter:
        """Read it from an address: category, language, tag, q."""

        def given(name: str) -> str:
            return query.get(name, "").replace("\0", "")

        return cls(given("category"), given("language"), given("tag"), given("q").strip())

    def __bool__(self) -> bool:
        return any((self.category, self.language, self.tag, self.text))


@dataclass(frozen=True)
class LogFilter:
    """What narrows the log of a project; what is empty does not."""

    act: str = ""
    person: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> LogFilter:
        """Read it from an address: act, person."""
        return cls(*(query.get(name, "").replace("\0", "").strip() for name in ("act", "person")))

    def __bool__(self) -> bool:
        return bool(self.act or self.person)


def members_of(project: Project) -> list[Membership]:
    """The members with their accounts, owners first."""
    found = project.memberships.select_related("user").order_by("user__username")
    return sorted(found, key=lambda member: -RANK[Role(member.role)])


def open_invitations_of(project: Project) -> list[Invitation]:
    """Those that can still be accepted, newest first."""
    found = project.invitations.filter(
        revoked_at=None, expires_at__gt=timezone.now(), uses__lt=F("max_uses")
    )
    return list(found.select_related("made_by"))


def log_of(project: Project, chosen: LogFilter) -> QuerySet[AuditEntry]:
    """The entries that a filter leaves, newest first. `person` is a part of a username, of the
    one who acted or of whom or what it was done to."""
    found = project.audit_entries.all()
    if chosen.act:
        found = found.filter(act=chosen.act)
    if chosen.person:
        found = found.filter(
            Q(actor_name__icontains=chosen.person) | Q(subject__icontains=chosen.person)
        )
    return found


def projects_of(user: User | AnonymousUser) -> QuerySet[Project]:
    """The projects that the user may read, with `prompt_count`, `competitor_count` and `role`.

    `role` is None to who is no member: a superuser, or everybody where there are no members.
    """
    mine = Membership.objects.filter(project=OuterRef("pk"), user=user.pk)
    return Project.objects.visible_to(user).annotate(
        prompt_count=_count(Prompt, "project"),
        competitor_count=_count(Competitor, "project"),
        role=Subquery(mine.values("role")[:1]),
    )


def prompts_of(project: Project, chosen: PromptFilter) -> QuerySet[Prompt]:
    """The prompts that a filter leaves, with `output_count`; long fields are not loaded."""
    given = {name: getattr(chosen, name) for name in ("category", "language", "tag")}
    found = project.prompts.filter(
        prompts_where({name: value for name, value in given.items() if value})
    )
    if chosen.text:
        asks = RawSQL(_ASKS[connection.vendor], [f"%{_plain(chosen.text)}%"], BooleanField())  # noqa: S611
        found = found.filter(Q(key__icontains=chosen.text) | Q(asks))
    counted = found.annotate(output_count=_count(Output, "prompt"))
    return counted.only("project", "key", "messages", "category", "language", "tags").order_by("pk")


def prompt_of(project: Project, pk: int) -> Prompt:
    """A prompt of this project; NotFound otherwise."""
    found = project.prompts.filter(pk=pk).first()
    if found is None:
        raise NotFound(f"no prompt {pk} in {project.slug}")
    return found


def filter_choices(project: Project) -> dict[str, list[str]]:
    """The categories, languages and tags that occur in a project, each sorted."""
    with connection.cursor() as cursor:
        cursor.execute(_TAGS[connection.vendor], [project.pk, MAX_TAGS])
        tags = [row[0] for row in cursor.fetchall()]
    return {"category": _values(project, "category"), "language": _values(project, "language"),
            "tag": tags}  # fmt: skip


def competitors_of(project: Project) -> QuerySet[Competitor]:
    """The competitors of a project by name, with `output_count`."""
    rows = project.competitors.select_related("version_of").order_by("name")
    return rows.annotate(output_count=_count(Output, "competitor"))


def _values(project: Project, field: str) -> list[str]:
    rows = project.prompts.exclude(**{field: ""}).order_by(field)
    return list(rows.values_list(field, flat=True).distinct())


def _count(model: type[Prompt | Competitor | Output], column: str) -> Coalesce:
    """Rows of `model` that belong to the outer row: a count of its own, as joins would multiply."""
    rows = model._default_manager.filter(**{column: OuterRef("pk")}).order_by()
    return Coalesce(Subquery(rows.values(column).annotate(n=Count("*")).values("n")), 0)


def _plain(text: str) -> str:
    """`text` without the wild cards of LIKE."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


# Django has no lookup into JSON arrays that works on both databases.
_ASKS = {
    "sqlite": (
        "EXISTS (SELECT 1 FROM json_each(arena_prompt.messages) AS message"
        " WHERE json_extract(message.value, '$.content') LIKE %s ESCAPE '\\')"
    ),
    "postgresql": (
        "EXISTS (SELECT 1 FROM jsonb_array_elements(arena_prompt.messages) AS message(item)"
        " WHERE message.item ->> 'content' ILIKE %s)"
    ),
}
_TAGS = {
    "sqlite": (
        "SELECT DISTINCT tag.value FROM arena_prompt, json_each(arena_prompt.tags) AS tag"
        " WHERE arena_prompt.project_id = %s ORDER BY 1 LIMIT %s"
    ),
    "postgresql": (
        "SELECT DISTINCT tag.item FROM arena_prompt,"
        " jsonb_array_elements_text(arena_prompt.tags) AS tag(item)"
        " WHERE arena_prompt.project_id = %s ORDER BY 1 LIMIT %s"
    ),
}
