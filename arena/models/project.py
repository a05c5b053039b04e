from __future__ import annotations

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
        if user.is_superuser:
            return Role.OWNER
        roles = dict(self.memberships.values_list("user_id", "role"))
        if not roles:
            if user.is_authenticated:
                return Role.EDITOR
            return Role.VIEWER if settings.OPEN_READING else None
        return Role(roles[user.pk]) if user.pk in roles else None


class Membership(models.Model):
    """A person in a project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    role = models.CharField(max_length=10, choices=Role)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="membership_once"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role"),
        ]
