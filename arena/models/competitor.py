from __future__ import annotations

from django.db import models

from arena.models.project import Project


class Competitor(models.Model):
    """A thing under test: a model, a prompt version, a RAG set-up."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="competitors")
    name = models.CharField(max_length=200)
    version_of = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="versions"
    )
    metadata = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="competitor_name_once"),
        ]

    def __str__(self) -> str:
        return self.name
