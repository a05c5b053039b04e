from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class Role(models.TextChoices):
    """What a member may do; each role includes those below it."""

    OWNER = "owner"
    EDITOR = "editor"
    RATER = "rater"
    VIEWER = "viewer"


RANK = {Role.VIEWER: 0, Role.RATER: 1, Role.EDITOR: 2, Role.OWNER: 3}


@dataclass(frozen=True)
class Standing:
    """What a person is in a project; `seen_at` is when a member was last noted to be here."""

    role: Role | None
    is_member: bool = False
    seen_at: datetime | None = None


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, user: User | AnonymousUser) -> ProjectQuerySet:
        """Those that the user may read: their own, and those that belong to everyone."""
        if user.is_superuser:
            return self
        members = Membership.objects.filter(project=OuterRef("pk"))
        shared = ~Exists(members)
        if not user.is_authenticated:
            return self.filter(shared) if settings.OPEN_READING else self.none()
        return self.filter(Q(shared) | Q(Exists(members.filter(user=user))))


class Project(models.Model):
    """A workspace. One without members belongs to everybody who may sign in on this server."""

    slug = models.SlugField(
        max_length=60,
        unique=True,
        validators=[RegexValidator(r"^[a-z0-9][a-z0-9_-]*$", "small letters, digits, - and _")],
    )
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name

    def role_of(self, user: User | AnonymousUser) -> Role | None:
        """The role of `user` here, or None. In a project without members all who sign in edit."""
        return self.standing_of(user).role

    def standing_of(self, user: User | AnonymousUser) -> Standing:
        """The same, and what is known of the membership; takes one query."""
        if user.is_superuser:
            return Standing(Role.OWNER)
        rows = self.memberships.values_list("user_id", "role", "seen_at")
        members = {pk: Standing(Role(role), True, seen_at) for pk, role, seen_at in rows}
        if members:
            return members.get(user.pk or 0, Standing(None))
        if user.is_authenticated:
            return Standing(Role.EDITOR)
        return Standing(Role.VIEWER if settings.OPEN_READING else None)


class Membership(models.Model):
    """A person in a project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    role = models.CharField(max_length=10, choices=Role)
    joined_at = models.DateTimeField(auto_now_add=True, null=True, help_text="null: not recorded")
    seen_at = models.DateTimeField(null=True, help_text="to a quarter of an hour")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="membership_once"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role"),
        ]
