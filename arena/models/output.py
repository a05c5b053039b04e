from __future__ import annotations

from django.db import models

from arena.models.competitor import Competitor
from arena.models.prompt import Prompt


class Output(models.Model):
    """What one competitor answered to one prompt.

    Once it has been compared its text is frozen: `arena.services.outputs` refuses to change it,
    since judgments would then speak of a text that nobody judged.
    """

    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="outputs")
    competitor = models.ForeignKey(Competitor, on_delete=models.CASCADE, related_name="outputs")
    sample = models.PositiveIntegerField(default=0)
    turns = models.JSONField(help_text="assistant turns, one string for each user turn answered")
    tokens_in = models.PositiveIntegerField(null=True)
    tokens_out = models.PositiveIntegerField(null=True)
    latency_ms = models.PositiveIntegerField(null=True)
    cost_usd = models.FloatField(null=True)
    metrics = models.JSONField(default=dict)
    metadata = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["prompt", "competitor", "sample"], name="output_once"),
        ]
        indexes = [models.Index(fields=["competitor", "prompt"])]

    @property
    def text(self) -> str:
        return "\n\n".join(self.turns)
