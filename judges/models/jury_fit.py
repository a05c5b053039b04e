from __future__ import annotations

from django.db import models

from judges.models.judge import Judge


class JuryFit(models.Model):
    """What a jury's rule has learnt from its members' votes. Append-only (by trigger).

    `state` is null where there was too little to learn from; `note` then says what was missing.
    `held_out` are figures of agreement with people on prompts that the fit did not see.
    """

    jury = models.ForeignKey(Judge, on_delete=models.CASCADE, related_name="fits")
    method = models.CharField(max_length=40, help_text="the aggregation")
    state = models.JSONField(null=True)
    note = models.TextField(blank=True, default="", help_text="why there is no state")
    decided = models.PositiveIntegerField(help_text="verdicts of the jury when it was made")
    n_ballots = models.PositiveIntegerField(help_text="comparisons that it learnt from")
    n_labels = models.PositiveIntegerField(help_text="those that people have judged too")
    held_out = models.JSONField(null=True)
    data_hash = models.CharField(max_length=64, help_text="SHA-256 of the ballots")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["jury", "-id"], name="jury_fit_latest")]

    def __str__(self) -> str:
        return f"fit {self.pk} ({self.method}, {self.n_ballots} comparisons)"
