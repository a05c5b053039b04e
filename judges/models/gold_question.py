from __future__ import annotations

from django.db import models
from django.db.models import Q

from arena.models import Comparison
from judges.contracts import Winner
from judges.models.campaign import Campaign


class GoldQuestion(models.Model):
    """A comparison whose answer is known. Answers to it judge the rater, never the outputs.

    One of the warm-up is shown with its explanation before a rater begins; the others are mixed
    among what they judge, and look like it.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="gold")
    comparison = models.ForeignKey(Comparison, on_delete=models.CASCADE, related_name="+")
    expected = models.CharField(max_length=8, help_text="the right verdict")
    explanation = models.TextField(blank=True, default="", help_text="Markdown: why it is right")
    is_warm_up = models.BooleanField(default=False)
    retired_at = models.DateTimeField(null=True, help_text="asked no more")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "comparison"], name="gold_question_once"),
            models.CheckConstraint(
                condition=Q(expected__in=list(Winner)), name="gold_question_expected"
            ),
        ]
