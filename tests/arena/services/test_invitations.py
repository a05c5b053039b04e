from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.utils import timezone

from arena.common.errors import Conflict, InvalidInput, NotFound
from arena.models import Invitation, InvitationState, Membership, Project, Role
from arena.services import invitations, members
from arena.services.tokens import digest
from tests.threads import all_at_once


def test_only_the_hash_of_a_token_is_kept(project: Project, owner: User) -> None:
    made, token = invitations.invite(project, actor=owner, role=Role.RATER, note="for you")

    assert len(token) >= 40
    row = Invitation.objects.values_list().get()
    assert token not in [str(value) for value in row]
    assert made.digest == digest(token)
    assert token not in str(list(project.audit_entries.values_list("subject", "details")))
    assert invitations.find(token) == made


def test_it_expires_after_so_many_days(project: Project, owner: User) -> None:
    made, token = invitations.invite(project, actor=owner, role=Role.RATER, days=3)

    assert abs(made.expires_at - timezone.now() - timedelta(days=3)) < timedelta(minutes=1)
    assert invitations.find(token).state is InvitationState.OPEN
    Invitation.objects.update(expires_at=timezone.now())
    assert invitations.find(token).state is InvitationState.EXPIRED


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"email": "nonsense"}, "email"),
        ({"email": "a@b.example\nBcc: c@d.example"}, "email"),
        ({"note": "x" * 301}, "note"),
        ({"note": "\x00"}, "note"),
        ({"days": 0}, "days"),
        ({"days": 366}, "days"),
        ({"max_uses": 0}, "max_uses"),
        ({"max_uses": 1001}, "max_uses"),
    ],
)
def test_what_is_wrong_is_named(
    project: Project, owner: User, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        invitations.invite(project, actor=owner, role=Role.RATER, **values)

    assert list(caught.value.fields) == [field]
    assert not Invitation.objects.exists()


def test_nobody_is_invited_into_a_project_of_everybody(owner: User) -> None:
    """The guest would be its only member, and lock everybody out."""
    project = Project.objects.create(slug="open", name="Open")

    with pytest.raises(Conflict, match="make it yours"):
        invitations.invite(project, actor=owner, role=Role.EDITOR)


def test_whoever_accepts_is_a_member(project: Project, owner: User, stranger: User) -> None:
    made, token = invitations.invite(project, actor=owner, role=Role.EDITOR)

    assert invitations.accept(token, user=stranger) == project

    assert project.role_of(stranger) is Role.EDITOR
    joined = project.audit_entries.get(act="member.joined")
    assert (joined.actor, joined.details) == (
        stranger,
        {"role": "editor", "invitation": made.pk},
    )


@pytest.mark.parametrize(
    ("held", "offered", "then", "uses"),
    [
        (Role.OWNER, Role.RATER, Role.OWNER, 0),
        (Role.EDITOR, Role.VIEWER, Role.EDITOR, 0),
        (Role.RATER, Role.VIEWER, Role.RATER, 0),
        (Role.EDITOR, Role.EDITOR, Role.EDITOR, 0),
        (Role.VIEWER, Role.RATER, Role.RATER, 1),
        (Role.RATER, Role.EDITOR, Role.EDITOR, 1),
        (Role.EDITOR, Role.OWNER, Role.OWNER, 1),
    ],
)
def test_nobody_loses_a_role(
    project: Project, owner: User, stranger: User, held: Role, offered: Role, then: Role, uses: int
) -> None:
    Membership.objects.create(project=project, user=stranger, role=held)
    made, token = invitations.invite(project, actor=owner, role=offered)

    invitations.accept(token, user=stranger)

    made.refresh_from_db()
    assert (project.role_of(stranger), made.uses) == (then, uses)


def test_so_many_people_and_no_more(project: Project, owner: User) -> None:
    _, token = invitations.invite(project, actor=owner, role=Role.RATER, max_uses=2)
    people = [get_user_model().objects.create_user(name) for name in ("ann", "ben", "cat")]

    for user in (people[0], people[0], people[1]):  # who comes twice counts once
        invitations.accept(token, user=user)
    with pytest.raises(Conflict, match="used already"):
        invitations.accept(token, user=people[2])

    assert project.role_of(people[2]) is None
    assert invitations.find(token).state is InvitationState.USED


def test_a_withdrawn_invitation_lets_nobody_in(
    project: Project, owner: User, stranger: User
) -> None:
    made, token = invitations.invite(project, actor=owner, role=Role.RATER)

    for _ in range(2):
        invitations.revoke(project, actor=owner, pk=made.pk)
    with pytest.raises(Conflict, match="withdrawn"):
        invitations.accept(token, user=stranger)

    assert project.audit_entries.filter(act="invitation.revoked").count() == 1


def test_an_expired_invitation_lets_nobody_in(
    project: Project, owner: User, stranger: User
) -> None:
    _, token = invitations.invite(project, actor=owner, role=Role.RATER)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    with pytest.raises(Conflict, match="expired"):
        invitations.accept(token, user=stranger)


def test_only_the_projects_own_invitations_can_be_withdrawn(
    project: Project, owner: User, stranger: User
) -> None:
    made, _ = invitations.invite(project, actor=owner, role=Role.RATER)
    other = Project.objects.create(slug="other", name="Other")

    with pytest.raises(NotFound):
        invitations.revoke(other, actor=stranger, pk=made.pk)


def test_an_unknown_token_is_not_found(db: None, stranger: User) -> None:
    with pytest.raises(NotFound):
        invitations.find("nonsense")
    with pytest.raises(NotFound):
        invitations.accept("", user=stranger)


@pytest.mark.parametrize("demoted", [True, False])
def test_an_owner_who_is_one_no_more_does_not_come_back_by_their_own_link(
    project: Project, owner: User, member: User, demoted: bool
) -> None:
    project.memberships.filter(user=member).update(role=Role.OWNER)
    made, token = invitations.invite(project, actor=member, role=Role.OWNER)
    if demoted:
        members.change_role(project, actor=owner, username="mina", role=Role.EDITOR)
    else:
        members.remove_member(project, actor=owner, username="mina")

    with pytest.raises(Conflict, match="withdrawn"):
        invitations.accept(token, user=member)

    assert project.role_of(member) is (Role.EDITOR if demoted else None)
    revoked = project.audit_entries.get(act="invitation.revoked")
    assert (revoked.actor, revoked.subject) == (owner, f"#{made.pk}")


def test_an_invitation_of_a_closed_account_lets_nobody_in(
    project: Project, owner: User, stranger: User
) -> None:
    _, token = invitations.invite(project, actor=owner, role=Role.RATER)
    User.objects.filter(pk=owner.pk).update(is_active=False)

    with pytest.raises(Conflict, match="withdrawn"):
        invitations.accept(token, user=stranger)

    assert project.role_of(stranger) is None


def test_who_was_removed_needs_a_new_invitation(
    project: Project, owner: User, member: User, stranger: User
) -> None:
    _, old = invitations.invite(project, actor=owner, role=Role.EDITOR, max_uses=9)
    members.remove_member(project, actor=owner, username="mina")

    with pytest.raises(Conflict, match="you were removed"):
        invitations.accept(old, user=member)
    invitations.accept(old, user=stranger)
    _, new = invitations.invite(project, actor=owner, role=Role.RATER)
    invitations.accept(new, user=member)

    assert project.role_of(member) is Role.RATER


def test_signing_up_makes_account_and_member(project: Project, owner: User) -> None:
    _, token = invitations.invite(project, actor=owner, role=Role.RATER)

    made = invitations.sign_up(token, username="nina", password="nine herons", email="n@x.example")

    assert made.check_password("nine herons")
    assert project.role_of(made) is Role.RATER


def test_without_a_place_there_is_no_account(project: Project, owner: User) -> None:
    made, token = invitations.invite(project, actor=owner, role=Role.RATER)
    invitations.revoke(project, actor=owner, pk=made.pk)

    with pytest.raises(Conflict):
        invitations.sign_up(token, username="nina", password="nine herons")

    assert not get_user_model().objects.filter(username="nina").exists()


def test_a_name_that_is_taken_uses_nothing_up(project: Project, owner: User) -> None:
    made, token = invitations.invite(project, actor=owner, role=Role.RATER)

    with pytest.raises(InvalidInput) as caught:
        invitations.sign_up(token, username="olga", password="nine herons")

    assert "username" in caught.value.fields
    made.refresh_from_db()
    assert made.uses == 0


@pytest.mark.django_db(transaction=True)
def test_of_many_who_come_at_once_so_many_get_in(project: Project, owner: User) -> None:
    made, token = invitations.invite(project, actor=owner, role=Role.RATER, max_uses=2)
    people = [get_user_model().objects.create_user(f"r{number}") for number in range(6)]

    def come(user: User) -> bool:
        try:
            invitations.accept(token, user=user)
        except Conflict:
            return False
        return True

    came = all_at_once(come, people)

    made.refresh_from_db()
    assert (sum(came), made.uses) == (2, 2)
    assert project.memberships.filter(role=Role.RATER).count() == 2
