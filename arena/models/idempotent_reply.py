from __future__ import annotations

from django.db import models


class IdempotentReply(models.Model):
    """The answer that a POST with an Idempotency-Key was given, to be given again.

    Kept for a week: who repeats a request later has long looked at what became of it.
    """

    sender = models.CharField(max_length=64, help_text="SHA-256 of the Authorization header")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of path and body")
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(default="")
    is_encrypted = models.BooleanField(default=False, help_text="the body holds a secret")
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sender", "key"], name="idempotency_key_once"),
        ]
