from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from arena.models import Comparison, Competitor
from judges.models.campaign import Campaign, new_key
from judges.models.endpoint import Endpoint

LIVE = "live"
"""The category of prompts that come from battles."""


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
