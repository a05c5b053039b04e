from __future__ import annotations

from django.conf import settings
from django.db import models

from arena.models.project import Project


class AuditEntry(models.Model):
    """Who did what in a project. Never changed; it goes when the project goes.

    `act` is a noun and a verb, e.g. "member.role_changed". `actor_name` outlives the account.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="audit_entries")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    actor_name = models.CharField(max_length=150, blank=True, default="")
    act = models.CharField(max_length=60)
    subject = models.CharField(
        max_length=300, blank=True, default="", help_text="what it was done to"
    )
    details = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["project", "act", "-id"], name="audit_project_act")]
