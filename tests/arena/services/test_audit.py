from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from arena.models import AuditEntry, Project
from arena.services import audit


def test_an_entry_tells_who_did_what_to_whom(project: Project, owner: User) -> None:
    audit.record(project, owner, "member.role_changed", "mina", was="editor", now="viewer")

    entry = project.audit_entries.get()
    assert (entry.actor, entry.actor_name) == (owner, "olga")
    assert (entry.act, entry.subject) == ("member.role_changed", "mina")
    assert entry.details == {"was": "editor", "now": "viewer"}


def test_what_nobody_did_has_no_actor(project: Project) -> None:
    entry = audit.record(project, None, "rater.quarantined", "rater 7")

    assert (entry.actor, entry.actor_name) == (None, "")


def test_a_subject_from_outside_does_no_harm(project: Project) -> None:
    entry = audit.record(project, None, "prompt.deleted", "\x00<script>" + "x" * 1000)

    entry.refresh_from_db()
    assert entry.subject.startswith("<script>xxx")
    assert len(entry.subject) == 300


@pytest.mark.parametrize(
    "change",
    [{"act": "x"}, {"subject": "x"}, {"details": {"now": "x"}}, {"actor_name": "x"}],
)
def test_the_database_refuses_to_change_an_entry(
    project: Project, owner: User, change: dict[str, object]
) -> None:
    audit.record(project, owner, "member.removed", "mina", role="editor")

    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        AuditEntry.objects.update(**change)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        AuditEntry.objects.update(actor=None, **change)


def test_nobody_else_can_be_made_the_actor(project: Project, owner: User, member: User) -> None:
    audit.record(project, owner, "member.removed", "mina")

    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        AuditEntry.objects.update(actor=member)


def test_the_name_of_a_deleted_account_stays(project: Project, owner: User) -> None:
    audit.record(project, owner, "member.removed", "mina")

    owner.delete()

    entry = project.audit_entries.get()
    assert (entry.actor, entry.actor_name) == (None, "olga")


def test_entries_go_with_their_project(project: Project, owner: User) -> None:
    audit.record(project, owner, "member.removed", "mina")

    project.delete()

    assert not AuditEntry.objects.exists()
