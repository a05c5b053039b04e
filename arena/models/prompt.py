from __future__ import annotations

from django.db import models

from arena.models.project import Project


class Prompt(models.Model):
    """What was asked. `key` is the client's own id; upserts go by it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="prompts")
    key = models.CharField(max_length=200)
    messages = models.JSONField(help_text="[{role, content}], at least one from the user")
    category = models.CharField(max_length=100, blank=True, default="")
    tags = models.JSONField(default=list)
    language = models.CharField(max_length=35, blank=True, default="")
    reference = models.TextField(blank=True, default="")
    rubric = models.TextField(blank=True, default="")
    system = models.TextField(blank=True, default="")
    contexts = models.JSONField(default=list, help_text="[{id, text, relevant?}]")
    images = models.JSONField(default=list)
    metadata = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "key"], name="prompt_key_once"),
        ]
        indexes = [
            models.Index(fields=["project", "category"]),
            models.Index(fields=["project", "language"]),
        ]

    def __str__(self) -> str:
        return self.key
