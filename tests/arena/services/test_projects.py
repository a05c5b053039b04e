from __future__ import annotations

import logging

import pytest
from django.contrib.auth.models import User

from arena.common.errors import Conflict, InvalidInput
from arena.models import Project, Role
from arena.services.projects import change_project, create_project, delete_project


def test_a_project_without_owner_belongs_to_everybody(stranger: User) -> None:
    made = create_project(slug="open")

    assert (made.name, made.role_of(stranger)) == ("open", Role.EDITOR)


def test_a_project_with_owner_is_theirs_alone(owner: User, stranger: User) -> None:
    made = create_project(slug="mine", name="Mine", owner=owner)

    assert made.role_of(owner) is Role.OWNER
    assert made.role_of(stranger) is None


def test_a_slug_is_taken_once(project: Project) -> None:
    with pytest.raises(Conflict, match="haiku"):
        create_project(slug="haiku")


@pytest.mark.parametrize("slug", ["", "Big", "two words", "-x", "ü", "x" * 61, "a/b"])
def test_a_bad_slug_is_refused(db: None, slug: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        create_project(slug=slug)

    assert "slug" in caught.value.fields


def test_changing_touches_only_what_is_named(project: Project) -> None:
    change_project(project, {"description": "Short poems"})

    project.refresh_from_db()
    assert (project.name, project.description) == ("Haiku", "Short poems")


def test_deleting_is_logged(
    project: Project, owner: User, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="arena.services.projects"):
        delete_project(project, user=owner)

    assert not Project.objects.exists()
    assert caplog.messages == ["project haiku was deleted by olga"]


def test_what_is_made_and_changed_is_in_the_log(owner: User, member: User) -> None:
    made = create_project(slug="mine", owner=owner)

    change_project(made, {"name": "New", "description": "x"}, actor=member)

    entries = made.audit_entries.order_by("id").values_list("actor_name", "act", "subject")
    assert list(entries) == [
        ("olga", "project.created", "mine"),
        ("mina", "project.changed", "description, name"),
    ]
