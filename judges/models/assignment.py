from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from judges.models.decision import Decision


class Assignment(models.Model):
    """A decision handed to a rater: in which order shown, and until when it is theirs.

    A skipped or expired assignment frees its place for somebody else; a rater never gets the same
    decision twice.
    """

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="assignments")
    rater = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="assignments"
    )
    order = models.CharField(max_length=7)
    lease_until = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True)
    skipped_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["decision", "rater"], name="assignment_once_a_rater"),
            models.CheckConstraint(condition=Q(order__in=["ab", "ba"]), name="assignment_order"),
        ]
