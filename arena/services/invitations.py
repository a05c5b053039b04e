"""Invitations: links that make who opens them a member. The database keeps their SHA-256 only."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from arena.common.errors import Conflict, InvalidInput, NotFound
from arena.models import Invitation, InvitationState, Project, Role
from arena.services import audit, members
from arena.services.identities import Identity, make_account
from arena.services.tokens import digest

MAX_DAYS = 365
MAX_USES = 1000
MAX_NOTE = 300

WHY_NOT = {
    InvitationState.USED: "this invitation was used already",
    InvitationState.EXPIRED: "this invitation has expired",
    InvitationState.REVOKED: "this invitation was withdrawn",
}


@transaction.atomic
def invite(
    project: Project,
    *,
    actor: User,
    role: Role,
    email: str = "",
    note: str = "",
    days: int = 7,
    max_uses: int = 1,
) -> tuple[Invitation, str]:
    """Make an invitation; returns it and its token, which nobody can see again.

    `days` (1 to 365) until it expires; `max_uses` (1 to 1,000) people may come by it. Raises
    InvalidInput, and Conflict for a project that belongs to everybody.
    """
    _check(email, note, days, max_uses)
    if not project.memberships.exists():
        raise Conflict(members.NOBODY_OWNS)
    token = secrets.token_urlsafe(32)
    made = Invitation.objects.create(
        project=project,
        role=role,
        email=email,
        note=note,
        digest=digest(token),
        made_by=actor,
        expires_at=timezone.now() + timedelta(days=days),
        max_uses=max_uses,
    )
    audit.record(
        project, actor, "invitation.created", str(made),
        role=role.value, days=days, max_uses=max_uses,
    )  # fmt: skip
    return made, token


@transaction.atomic
def revoke(project: Project, *, actor: User, pk: int) -> None:
    """Withdraw an invitation; who came by it stays. Again, or too late, it changes nothing."""
    found = project.invitations.select_for_update().filter(pk=pk).first()
    if found is None:
        raise NotFound("there is no such invitation")
    if found.state is InvitationState.OPEN:
        found.revoked_at = timezone.now()
        found.save(update_fields=["revoked_at"])
        audit.record(project, actor, "invitation.revoked", str(found))


def find(token: str) -> Invitation:
    """The invitation with this token, in whatever state. Raises NotFound."""
    return _one(Invitation.objects.select_related("project", "made_by"), token)


@transaction.atomic
def accept(token: str, *, user: User) -> Project:
    """Make `user` a member. Who has the role, or a higher one, keeps it and uses nothing up.

    Raises NotFound, and Conflict when the invitation was used, withdrawn or has expired,
    when who made it may invite nobody any more, or `user` was removed since.
    """
    members.lock(find(token).project)  # before the invitation, as whoever removes its maker does
    found = _one(Invitation.objects.select_for_update(of=("self",)), token)
    if found.state is not InvitationState.OPEN:
        raise Conflict(WHY_NOT[found.state])
    if not members.may_invite(found.project, found.made_by):
        raise Conflict(WHY_NOT[InvitationState.REVOKED])
    if members.admit(
        found.project,
        user=user,
        role=Role(found.role),
        invitation=found.pk,
        invited_at=found.created_at,
    ):
        found.uses += 1
        found.save(update_fields=["uses"])
    return found.project


def sign_up(token: str, *, username: str, password: str, email: str = "") -> User:
    """Make an account and accept, both or neither. `password` has been validated.

    Raises NotFound and Conflict as `accept`, and InvalidInput when the name is taken.
    """
    try:
        with transaction.atomic():
            user = get_user_model().objects.create_user(username, email, password)
            accept(token, user=user)
    except IntegrityError:
        raise InvalidInput(
            "the account could not be made", {"username": "This name is taken."}
        ) from None
    return user


@transaction.atomic
def sign_up_as(identity: Identity, token: str) -> tuple[User, Project]:
    """Make the account of somebody whom a provider knows and accept, both or neither.

    Raises NotFound and Conflict as `accept` and `make_account`.
    """
    user = make_account(identity)
    return user, accept(token, user=user)


def _one(invitations: QuerySet[Invitation], token: str) -> Invitation:
    found = invitations.filter(digest=digest(token)).first()
    if found is None:
        raise NotFound("there is no such invitation; perhaps a part of the link was lost")
    return found


def _check(email: str, note: str, days: int, max_uses: int) -> None:
    faults: dict[str, str] = {}
    try:
        validate_email(email or "nobody@example.org")
    except ValidationError:
        faults["email"] = "is not an address of mail"
    if len(note) > MAX_NOTE or "\x00" in note:
        faults["note"] = f"takes {MAX_NOTE} characters at most, and no NUL"
    if not 1 <= days <= MAX_DAYS:
        faults["days"] = f"must be from 1 to {MAX_DAYS}"
    if not 1 <= max_uses <= MAX_USES:
        faults["max_uses"] = f"must be from 1 to {MAX_USES}"
    if faults:
        raise InvalidInput("the invitation is not valid", faults)
