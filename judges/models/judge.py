from __future__ import annotations

from django.db import models
from django.db.models import Q

from arena.models import Project


class Judge(models.Model):
    """Who decides: a kind (code) plus params plus a version.

    Never edited: `judges.services.judges.define` makes a new version, which becomes the current
    one. So every past judgment can name exactly what made it.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="judges")
    name = models.CharField(max_length=100)
    version = models.PositiveIntegerField(default=1)
    kind = models.CharField(max_length=40)
    params = models.JSONField(default=dict)
    is_current = models.BooleanField(default=True)
    members = models.ManyToManyField(
        "self", through="judges.JuryMember", symmetrical=False, related_name="juries"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name", "version"], name="judge_version_once"
            ),
            models.UniqueConstraint(
                fields=["project", "name"],
                condition=Q(is_current=True),
                name="judge_one_current_version",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class JuryMember(models.Model):
    """A judge in a jury; the exact version is fixed when the jury is defined."""

    jury = models.ForeignKey(Judge, on_delete=models.CASCADE, related_name="seats")
    member = models.ForeignKey(Judge, on_delete=models.RESTRICT, related_name="seats_taken")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["jury", "member"], name="jury_member_once"),
        ]
