from __future__ import annotations

from django.db import models

from judges.models.decision import Decision


class Charge(models.Model):
    """What was paid for a judgment that never came about: no judgment bears its price.

    `keys` name the stored replies. A judgment that is asked again finds them and bears their price
    itself; the charge is taken back then.
    """

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="charges")
    keys = models.JSONField(help_text="of stored replies")
    calls = models.PositiveIntegerField()
    tokens_in = models.PositiveIntegerField()
    tokens_out = models.PositiveIntegerField()
    usd = models.FloatField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
