"""Members, invitations, and the log of a project."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field, JsonValue

from arena.api.serializers.common import Page, Strict
from arena.models import AuditEntry, Invitation, InvitationState, Membership, Role
from arena.services import deeds
from arena.services.invitations import MAX_DAYS, MAX_NOTE, MAX_USES

Username = Annotated[str, Field(min_length=1, max_length=150)]


class NewMember(Strict):
    """Someone with an account here, who is to be in the project."""

    username: Username
    role: Role


class RoleChange(Strict):
    """Another role."""

    role: Role


class MemberItem(BaseModel):
    """A member. `joined_at` is null where it was not recorded, `seen_at` before the first visit."""

    username: str
    name: str
    role: Role
    joined_at: datetime | None
    seen_at: datetime | None

    @classmethod
    def of(cls, row: Membership) -> Self:
        return cls(
            username=row.user.get_username(),
            name=row.user.get_full_name(),
            role=Role(row.role),
            joined_at=row.joined_at,
            seen_at=row.seen_at,
        )


class NewInvitation(Strict):
    """A link to be made. With `email` it is also sent there, where the installation sends mail."""

    role: Role
    email: Annotated[str, Field(max_length=254)] = ""
    note: Annotated[str, Field(max_length=MAX_NOTE)] = ""
    days: Annotated[int, Field(ge=1, le=MAX_DAYS)] = 7
    max_uses: Annotated[int, Field(ge=1, le=MAX_USES)] = 1


class InvitationItem(BaseModel):
    """An invitation. Its link is not kept, and so not shown."""

    id: int
    role: Role
    email: str
    note: str
    state: InvitationState
    uses: int
    max_uses: int
    made_by: str | None
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, row: Invitation) -> Self:
        return cls(
            id=row.pk,
            role=Role(row.role),
            email=row.email,
            note=row.note,
            state=row.state,
            uses=row.uses,
            max_uses=row.max_uses,
            made_by=row.made_by.get_username() if row.made_by else None,
            created_at=row.created_at,
            expires_at=row.expires_at,
        )


class MadeInvitation(InvitationItem):
    """A new invitation, with its link, this once. `sent` says whether a mail went out."""

    link: str = ""
    sent: bool = False


class LogItem(BaseModel):
    """An entry of the log. `actor` is null when a command or Arena itself did it; `text` says in
    words what was done."""

    id: int
    actor: str | None
    act: str
    subject: str
    details: dict[str, JsonValue]
    text: str
    created_at: datetime

    @classmethod
    def of(cls, row: AuditEntry) -> Self:
        return cls(
            id=row.pk,
            actor=row.actor_name or None,
            act=row.act,
            subject=row.subject,
            details=row.details,
            text=deeds.told(row),
            created_at=row.created_at,
        )


class MemberPage(Page[MemberItem]):
    """Members."""


class InvitationPage(Page[InvitationItem]):
    """Invitations."""


class LogPage(Page[LogItem]):
    """Entries of the log."""
