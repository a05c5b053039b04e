"""Who is in a project, as what. Every change is logged; a project always keeps an owner."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from arena.common.errors import Conflict, Forbidden, InvalidInput, NotFound
from arena.models import RANK, InvitationState, Membership, Project, Role, Standing
from arena.services import audit

SEEN_EVERY = timedelta(minutes=15)

LAST_OWNER = "a project keeps an owner: make someone else one first"
REMOVED = "you were removed from this project; only a new invitation lets you in again"
NOBODY_OWNS = "this project belongs to everybody: make it yours first, or nobody could manage it"


@transaction.atomic
def claim(project: Project, *, actor: User) -> Membership:
    """Make a project that belongs to everybody `actor`'s own, and private.

    Raises Conflict when it has members already.
    """
    lock(project)
    if project.memberships.exists():
        raise Conflict("the project has members already")
    made = Membership.objects.create(project=project, user=actor, role=Role.OWNER)
    audit.record(project, actor, "project.made_private", actor.get_username())
    return made


@transaction.atomic
def add_member(project: Project, *, actor: User, username: str, role: Role) -> Membership:
    """Add someone who has an account.

    Raises InvalidInput (no such account), Conflict (a member already, or the project belongs to
    everybody and this would not give it an owner).
    """
    user = get_user_model().objects.filter(username=username, is_active=True).first()
    if user is None:
        raise InvalidInput(
            "the member cannot be added", {"username": f"nobody here is called {username!r}"}
        )
    lock(project)
    if project.memberships.filter(user=user).exists():
        raise Conflict(f"{username} is a member already")
    if role != Role.OWNER and not project.memberships.exists():
        raise Conflict(NOBODY_OWNS)
    made = Membership.objects.create(project=project, user=user, role=role)
    audit.record(project, actor, "member.added", username, role=role.value)
    return made


@transaction.atomic
def admit(
    project: Project, *, user: User, role: Role, invitation: int, invited_at: datetime
) -> bool:
    """Make `user` a member with at least this role, as an invitation says; False if they have it.

    Nobody loses a role by it. Raises Conflict when they were removed after `invited_at`.
    """
    lock(project)
    held = project.memberships.filter(user=user).first()
    if held and RANK[Role(held.role)] >= RANK[role]:
        return False
    removals = project.audit_entries.filter(act="member.removed", created_at__gte=invited_at)
    if removals.filter(details__user=user.pk).exists():
        raise Conflict(REMOVED)
    if held:
        was, held.role = held.role, role
        held.save(update_fields=["role"])
        audit.record(
            project, user, "member.role_changed", user.get_username(),
            former=was, role=role.value, invitation=invitation,
        )  # fmt: skip
    else:
        Membership.objects.create(project=project, user=user, role=role)
        audit.record(
            project, user, "member.joined", user.get_username(),
            role=role.value, invitation=invitation,
        )  # fmt: skip
    return True


@transaction.atomic
def change_role(project: Project, *, actor: User, username: str, role: Role) -> Membership:
    """Give a member another role. Raises NotFound, and Conflict for the last owner."""
    member = _locked_member(project, username)
    was = Role(member.role)
    if was == role:
        return member
    if was is Role.OWNER:
        _another_owner_than(member)
    member.role = role
    member.save(update_fields=["role"])
    audit.record(
        project, actor, "member.role_changed", username, former=was.value, role=role.value
    )  # fmt: skip
    _withdraw_invitations(project, actor=actor, of=member.user)
    return member


@transaction.atomic
def remove_member(project: Project, *, actor: User, username: str) -> None:
    """Take a member out; oneself: leave. What they judged stays.

    Raises NotFound, Forbidden when `actor` is neither an owner nor that member, and Conflict for
    the last owner.
    """
    member = _locked_member(project, username)
    leaves = member.user_id == actor.pk
    if not leaves and project.role_of(actor) != Role.OWNER:
        raise Forbidden("only an owner can remove others")
    if member.role == Role.OWNER:
        _another_owner_than(member)
    member.delete()
    act = "member.left" if leaves else "member.removed"
    audit.record(project, actor, act, username, role=member.role, user=member.user_id)
    _withdraw_invitations(project, actor=actor, of=member.user)


def note_seen(project: Project, user: User | AnonymousUser, standing: Standing) -> None:
    """Remember that a member is here, at most every quarter of an hour: reading seldom writes."""
    now = timezone.now()
    if not standing.is_member or (standing.seen_at and standing.seen_at > now - SEEN_EVERY):
        return
    stale = Q(seen_at=None) | Q(seen_at__lt=now - SEEN_EVERY)
    project.memberships.filter(stale, user_id=user.pk or 0).update(seen_at=now)


def lock(project: Project) -> None:
    """Let one change of a project's members wait for the other: two owners who leave at the same
    moment would each count on the other. On SQLite the transaction alone does that. Rows that
    only name the project may be added meanwhile."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)


def may_invite(project: Project, user: User | None) -> bool:
    """Whether `user` can let others in: an owner whose account is open."""
    return user is not None and user.is_active and project.role_of(user) is Role.OWNER


def _withdraw_invitations(project: Project, *, actor: User, of: User) -> None:
    """Those that `of` made and could not make any more: they would lead back in."""
    if may_invite(project, of):
        return
    for invitation in project.invitations.filter(made_by=of, revoked_at=None):
        if invitation.state is InvitationState.OPEN:
            invitation.revoked_at = timezone.now()
            invitation.save(update_fields=["revoked_at"])
            audit.record(project, actor, "invitation.revoked", str(invitation))


def _locked_member(project: Project, username: str) -> Membership:
    lock(project)
    member = project.memberships.select_related("user").filter(user__username=username).first()
    if member is None:
        raise NotFound(f"{username!r} is not a member")
    return member


def _another_owner_than(member: Membership) -> None:
    """An account that was closed cannot manage anything, and does not count."""
    others = member.project.memberships.filter(role=Role.OWNER, user__is_active=True)
    if not others.exclude(pk=member.pk).exists():
        raise Conflict(LAST_OWNER)
