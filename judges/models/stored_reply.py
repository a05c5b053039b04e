from __future__ import annotations

from django.db import models

from arena.models import Project


class StoredReply(models.Model):
    """A paid reply, kept before anything is done with it.

    `key` is the hash of all that the reply depends on (project, address, model, parameters,
    messages, sample), so a judgment that takes several calls goes on where a kill stopped it, and
    an equal question is not paid for twice.
    """

    key = models.CharField(max_length=64, primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    owner = models.CharField(
        max_length=100, blank=True, default="", help_text="the judgment for which it was paid"
    )
    reply = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
