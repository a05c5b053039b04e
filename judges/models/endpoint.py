from __future__ import annotations

from django.db import models
from django.db.models import Q

from arena.models import Project


class Endpoint(models.Model):
    """An OpenAI-compatible address with key, prices and limits, named by judges of its project.

    What decides a verdict (address, model) is frozen once a judge names it; key, prices and limits
    may change at any time. The key stands in the environment or is kept encrypted, never in clear.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="endpoints")
    name = models.CharField(max_length=100)
    base_url = models.CharField(max_length=500)
    model = models.CharField(max_length=200, blank=True, default="", help_text="unless judges say")
    api_key_env = models.CharField(max_length=100, blank=True, default="")
    api_key_encrypted = models.TextField(blank=True, default="")
    headers = models.JSONField(default=dict, help_text="sent with every call")
    price_in = models.FloatField(null=True, help_text="USD per million tokens of the prompt")
    price_out = models.FloatField(null=True, help_text="USD per million tokens of the reply")
    requests_per_minute = models.PositiveIntegerField(null=True)
    tokens_per_minute = models.PositiveIntegerField(null=True)
    max_in_flight = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="endpoint_name_once"),
            models.CheckConstraint(
                condition=Q(price_in=None, price_out=None)
                | Q(price_in__isnull=False, price_out__isnull=False),
                name="endpoint_both_prices_or_none",
            ),
        ]

    def __str__(self) -> str:
        return self.name
