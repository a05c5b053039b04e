from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from arena.models.output import Output
from arena.models.prompt import Prompt


class Comparison(models.Model):
    """One prompt and two outputs, to be decided. Knows no tournament, so several can share it.

    Output a is the one with the smaller id. That both outputs answer this prompt and come from
    different competitors is checked by a trigger (migration 0002).
    """

    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="comparisons")
    output_a = models.ForeignKey(Output, on_delete=models.CASCADE, related_name="+")
    output_b = models.ForeignKey(Output, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(output_a__lt=F("output_b")), name="comparison_canonical_order"
            ),
            models.UniqueConstraint(fields=["output_a", "output_b"], name="comparison_once"),
        ]
