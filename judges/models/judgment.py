from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from arena.models import Comparison
from judges.contracts import Order, Silence, Winner
from judges.models.judge import Judge


class Judgment(models.Model):
    """One judge's answer on one comparison in one presentation. Append-only (by trigger).

    A reply without a preference is a judgment too: `winner` is then null and `silence` says why.
    The unique key makes a judgment exist at most once, whoever else was asked at the same time.
    """

    judge = models.ForeignKey(Judge, on_delete=models.RESTRICT, related_name="judgments")
    comparison = models.ForeignKey(Comparison, on_delete=models.CASCADE, related_name="judgments")
    order = models.CharField(max_length=7, help_text="which output was shown first")
    sample = models.PositiveIntegerField(default=0)
    winner = models.CharField(max_length=8, null=True)
    silence = models.CharField(max_length=10, null=True)
    probability = models.FloatField(null=True, help_text="P(a is better), where the judge says")
    strength = models.PositiveSmallIntegerField(
        null=True, help_text="how clearly the winner is better: 1 slightly, 2 much"
    )
    score_a = models.FloatField(null=True)
    score_b = models.FloatField(null=True)
    reason = models.TextField(blank=True, default="")
    raw = models.TextField(blank=True, default="", help_text="the reply, untouched")
    details = models.JSONField(default=dict, help_text="model, prompt hash, seed, ...")
    calls = models.PositiveIntegerField(default=0)
    cache_hits = models.PositiveIntegerField(
        default=0, help_text="replies that were paid for before"
    )
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    usd = models.FloatField(null=True)
    latency_ms = models.PositiveIntegerField(default=0)
    rater = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    external_key = models.CharField(max_length=200, null=True, help_text="the sender's own id")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["comparison", "judge", "order", "sample"], name="judgment_once"
            ),
            models.UniqueConstraint(
                fields=["judge", "external_key"],
                condition=Q(external_key__isnull=False),
                name="judgment_external_key_once",
            ),
            models.UniqueConstraint(
                fields=["judge", "comparison", "rater"],
                condition=Q(rater__isnull=False),
                name="judgment_once_a_rater",
            ),
            models.CheckConstraint(condition=Q(order__in=list(Order)), name="judgment_order"),
            models.CheckConstraint(
                condition=Q(winner__in=list(Winner), silence=None)
                | Q(winner=None, silence__in=list(Silence)),
                name="judgment_winner_or_silence",
            ),
        ]
