from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q, Value

from judges.models.campaign import Campaign
from judges.models.decision import Decision
from judges.models.gold_question import GoldQuestion


class Assignment(models.Model):
    """What a rater was handed: a decision or a gold question, in which order, and until when.

    A skipped or expired assignment frees its place for somebody else; a rater never gets the same
    question twice. An answer stays here for a moment, so that it can be undone; then it becomes a
    judgment (`recorded_at`). Answers to gold questions never do.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="assignments")
    decision = models.ForeignKey(
        Decision, null=True, on_delete=models.CASCADE, related_name="assignments"
    )
    gold = models.ForeignKey(
        GoldQuestion, null=True, on_delete=models.CASCADE, related_name="assignments"
    )
    rater = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="assignments"
    )
    order = models.CharField(max_length=7)
    screen = models.CharField(
        max_length=32, blank=True, default="", help_text="the same for those shown on one page"
    )
    beside = models.JSONField(
        default=list,
        db_default=Value([], models.JSONField()),
        help_text="outputs on the page of a gold question that nobody is asked about",
    )
    unasked = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text="pairs on the page that nobody is asked about, on the first of its rows",
    )
    lease_until = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    shown_at = models.DateTimeField(null=True, help_text="when the rater had it before them")
    answer = models.JSONField(null=True)
    answered_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(null=True)
    skipped_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["decision", "rater"], name="assignment_once_a_rater"),
            models.UniqueConstraint(fields=["gold", "rater"], name="assignment_gold_once_a_rater"),
            models.CheckConstraint(condition=Q(order__in=["ab", "ba"]), name="assignment_order"),
            models.CheckConstraint(
                condition=Q(decision=None, gold__isnull=False)
                | Q(decision__isnull=False, gold=None),
                name="assignment_decision_or_gold",
            ),
        ]
        indexes = [
            models.Index(fields=["rater", "campaign"], name="assignment_of_rater"),
            models.Index(
                fields=["answered_at"],
                condition=Q(answered_at__isnull=False, recorded_at=None),
                name="assignment_unrecorded",
            ),
        ]

    @property
    def comparison_id(self) -> int:
        """What is shown."""
        source = self.decision or self.gold
        assert source is not None  # a constraint of the table
        return source.comparison_id
