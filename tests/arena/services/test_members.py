from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.utils import timezone
from pytest_django import Settings

from arena.common.errors import Conflict, Forbidden, InvalidInput, NotFound
from arena.models import Membership, Project, Role
from arena.services import members
from tests.threads import all_at_once


def roles(project: Project) -> dict[str, str]:
    return dict(project.memberships.values_list("user__username", "role"))


def acts(project: Project) -> list[tuple[str, str, str]]:
    return list(project.audit_entries.order_by("id").values_list("actor_name", "act", "subject"))


def test_whoever_claims_a_project_of_everybody_owns_it_alone(
    stranger: User, db: None, settings: Settings
) -> None:
    settings.OPEN_READING = True
    project = Project.objects.create(slug="open", name="Open")
    assert project.role_of(AnonymousUser()) is Role.VIEWER

    members.claim(project, actor=stranger)

    assert project.role_of(stranger) is Role.OWNER
    assert project.role_of(AnonymousUser()) is None
    assert acts(project) == [("saul", "project.made_private", "saul")]


def test_a_project_with_members_cannot_be_claimed(project: Project, stranger: User) -> None:
    with pytest.raises(Conflict):
        members.claim(project, actor=stranger)

    assert project.role_of(stranger) is None


def test_adding_takes_an_account_that_is_not_in_yet(
    project: Project, owner: User, stranger: User
) -> None:
    members.add_member(project, actor=owner, username="saul", role=Role.VIEWER)
    with pytest.raises(Conflict, match="already"):
        members.add_member(project, actor=owner, username="saul", role=Role.OWNER)
    with pytest.raises(InvalidInput) as caught:
        members.add_member(project, actor=owner, username="nobody", role=Role.VIEWER)

    assert "username" in caught.value.fields
    assert roles(project)["saul"] == "viewer"
    assert acts(project) == [("olga", "member.added", "saul")]


def test_the_first_member_of_a_project_has_to_own_it(owner: User, stranger: User) -> None:
    project = Project.objects.create(slug="open", name="Open")

    with pytest.raises(Conflict, match="make it yours"):
        members.add_member(project, actor=owner, username="saul", role=Role.EDITOR)

    assert roles(project) == {}


def test_a_role_is_changed_and_logged_once(project: Project, owner: User, member: User) -> None:
    for _ in range(2):
        members.change_role(project, actor=owner, username="mina", role=Role.RATER)

    assert roles(project)["mina"] == "rater"
    entry = project.audit_entries.get()
    assert (entry.act, entry.details) == (
        "member.role_changed",
        {"former": "editor", "role": "rater"},
    )


def test_the_last_owner_stays(project: Project, owner: User, member: User) -> None:
    with pytest.raises(Conflict, match="keeps an owner"):
        members.change_role(project, actor=owner, username="olga", role=Role.VIEWER)
    with pytest.raises(Conflict, match="keeps an owner"):
        members.remove_member(project, actor=owner, username="olga")

    members.change_role(project, actor=owner, username="mina", role=Role.OWNER)
    members.remove_member(project, actor=owner, username="olga")

    assert roles(project) == {"mina": "owner"}
    assert acts(project)[-1] == ("olga", "member.left", "olga")


def test_a_closed_account_is_no_owner_to_leave_a_project_to(
    project: Project, owner: User, member: User
) -> None:
    project.memberships.filter(user=member).update(role=Role.OWNER)
    User.objects.filter(pk=member.pk).update(is_active=False)

    with pytest.raises(Conflict):
        members.remove_member(project, actor=owner, username="olga")


def test_everyone_may_leave_and_only_owners_remove(
    project: Project, owner: User, member: User, stranger: User
) -> None:
    Membership.objects.create(project=project, user=stranger, role=Role.RATER)

    with pytest.raises(Forbidden):
        members.remove_member(project, actor=member, username="saul")
    members.remove_member(project, actor=stranger, username="saul")
    members.remove_member(project, actor=owner, username="mina")

    assert roles(project) == {"olga": "owner"}
    assert [entry[1] for entry in acts(project)] == ["member.left", "member.removed"]


def test_who_is_not_a_member_cannot_be_changed(
    project: Project, owner: User, stranger: User
) -> None:
    with pytest.raises(NotFound):
        members.change_role(project, actor=owner, username="saul", role=Role.OWNER)
    with pytest.raises(NotFound):
        members.remove_member(project, actor=owner, username="saul")


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_leave_at_once_do_not_both_get_away(project: Project) -> None:
    project.memberships.update(role=Role.OWNER)
    people = [membership.user for membership in project.memberships.select_related("user")]

    def leave(user: User) -> bool:
        try:
            members.remove_member(project, actor=user, username=user.username)
        except Conflict:
            return False
        return True

    left = all_at_once(leave, people)

    assert sorted(left) == [False, True]
    assert list(roles(project).values()) == ["owner"]


@pytest.mark.parametrize(
    ("seen_before", "noted"),
    [(None, True), (timedelta(minutes=14), False), (timedelta(minutes=16), True)],
)
def test_being_here_is_noted_now_and_then(
    project: Project,
    member: User,
    seen_before: timedelta | None,
    noted: bool,
    django_assert_num_queries: Callable[[int], object],
) -> None:
    before = timezone.now() - seen_before if seen_before else None
    project.memberships.filter(user=member).update(seen_at=before)
    standing = project.standing_of(member)

    with django_assert_num_queries(int(noted)):  # type: ignore[attr-defined]
        members.note_seen(project, member, standing)

    assert (project.memberships.get(user=member).seen_at != before) is noted


def test_who_is_no_member_is_not_noted(
    project: Project, stranger: User, django_assert_num_queries: Callable[[int], object]
) -> None:
    stranger.is_superuser = True
    standing = project.standing_of(stranger)

    with django_assert_num_queries(0):  # type: ignore[attr-defined]
        members.note_seen(project, stranger, standing)
