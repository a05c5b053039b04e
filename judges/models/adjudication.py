from __future__ import annotations

from django.db import models

from judges.models.decision import Decision
from judges.models.judgment import Judgment


class Adjudication(models.Model):
    """An owner's judgment that settles what raters could not agree on. The newest one counts."""

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="adjudications")
    judgment = models.ForeignKey(Judgment, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
