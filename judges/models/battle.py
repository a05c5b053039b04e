from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from arena.models import Comparison, Competitor
from judges.models.campaign import Campaign, new_key
from judges.models.endpoint import Endpoint

LIVE = "live"
"""The category of prompts that come from battles."""

SIDES = ("first", "second")


class Speaker(models.Model):
    """How a competitor is asked when it takes part in live battles."""

    competitor = models.OneToOneField(Competitor, on_delete=models.CASCADE, related_name="speaker")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.RESTRICT, related_name="speakers")
    model = models.CharField(
        max_length=200, blank=True, default="", help_text="unless the endpoint says"
    )
    system = models.TextField(blank=True, default="", help_text="system message")
    temperature = models.FloatField(null=True)
    max_tokens = models.PositiveIntegerField(default=2048)
    retired_at = models.DateTimeField(null=True, help_text="takes part no more")
    created_at = models.DateTimeField(auto_now_add=True)


class Battle(models.Model):
    """A rater's own prompt, answered by two hidden competitors, and what the rater said of them.

    `turns` are [{"user", "first", "second"}], in the order shown. The vote makes a prompt, two
    outputs and a comparison of it, judged like any other; one in which an answer names itself is
    flagged, and makes none.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="battles")
    key = models.CharField(max_length=16, unique=True, default=new_key, help_text="in addresses")
    rater = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="battles"
    )
    first = models.ForeignKey(Speaker, on_delete=models.RESTRICT, related_name="+")
    second = models.ForeignKey(Speaker, on_delete=models.RESTRICT, related_name="+")
    turns = models.JSONField(default=list)
    answer = models.JSONField(null=True, help_text="what the rater said")
    answered_at = models.DateTimeField(null=True)
    flag = models.CharField(
        max_length=300, blank=True, default="", help_text="why it is left out of ratings"
    )
    comparison = models.OneToOneField(
        Comparison, null=True, on_delete=models.SET_NULL, related_name="battle"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(first=F("second")), name="battle_of_two"),
        ]

    @property
    def is_answered(self) -> bool:
        """Whether both have answered all that was asked."""
        return bool(self.turns) and all(
            turn[side] is not None for turn in self.turns for side in SIDES
        )

    @property
    def is_claimed(self) -> bool:
        """Whether a request is asking at this moment."""
        until: str | None = self.turns[-1].get("until") if self.turns else None
        return until is not None and datetime.fromisoformat(until) > timezone.now()

    @property
    def is_under_way(self) -> bool:
        """Whether a request is asking, or a competitor has answered, and it is not over."""
        has_answer = any(turn[side] is not None for turn in self.turns for side in SIDES)
        return self.answered_at is None and (has_answer or self.is_claimed)
