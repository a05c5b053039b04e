"""Creating, changing and deleting projects."""

from __future__ import annotations

import logging

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from arena.common.errors import Conflict, InvalidInput
from arena.models import Membership, Project, Role
from arena.services import audit

logger = logging.getLogger(__name__)


def create_project(
    *, slug: str, name: str = "", description: str = "", owner: User | None = None
) -> Project:
    """Create a project. With an owner it is theirs alone, without it belongs to everybody.

    Raises InvalidInput, and Conflict when the slug is taken.
    """
    project = Project(slug=slug, name=name or slug, description=description)
    _check(project)
    try:
        with transaction.atomic():
            project.save()
            if owner:
                Membership.objects.create(project=project, user=owner, role=Role.OWNER)
            audit.record(project, owner, "project.created", project.slug)
    except IntegrityError:
        raise Conflict(f"a project with the slug {slug!r} exists already") from None
    return project


@transaction.atomic
def change_project(
    project: Project, changes: dict[str, str], *, actor: User | None = None
) -> Project:
    """Change name or description."""
    for field, value in changes.items():
        setattr(project, field, value)
    _check(project)
    project.save(update_fields=list(changes))
    audit.record(project, actor, "project.changed", ", ".join(sorted(changes)))
    return project


def delete_project(project: Project, *, user: User) -> None:
    """Delete a project and all in it, judgments included: an explicit act, and a logged one."""
    project.delete()
    logger.warning("project %s was deleted by %s", project.slug, user.get_username())


def _check(project: Project) -> None:
    try:
        project.clean_fields()
    except ValidationError as error:
        fields = {name: " ".join(messages) for name, messages in error.message_dict.items()}
        raise InvalidInput("the project is not valid", fields) from None
