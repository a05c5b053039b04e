from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q

from arena.models import Project
from tournaments.models.tournament import Tournament


class RatingRunQuerySet(models.QuerySet["RatingRun"]):
    def plain(self) -> Self:
        """Those of whole boards by Bradley-Terry, without what a reader asked for besides."""
        unasked = Q(details__asked={}) | ~Q(details__has_key="asked")
        return self.filter(unasked, method="bradley_terry", slice={})


class RatingRun(models.Model):
    """An immutable fit. The same data and settings give the same digits, so it is made once."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="rating_runs")
    tournament = models.ForeignKey(
        Tournament, null=True, on_delete=models.CASCADE, related_name="rating_runs"
    )
    method = models.CharField(max_length=40)
    settings = models.JSONField(help_text="all that the method was told, and its fixed choices")
    slice = models.JSONField(default=dict)
    fingerprint = models.CharField(
        max_length=64, help_text="SHA-256 of tournament, method, params, slice and data"
    )
    data_hash = models.CharField(max_length=64)
    rows = models.JSONField()
    components = models.JSONField()
    warnings = models.JSONField(default=list)
    details = models.JSONField(
        default=dict, help_text="convergence, estimated effects, P(above) of all pairs"
    )
    n_comparisons = models.PositiveIntegerField()
    n_prompts = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RatingRunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "fingerprint"], name="rating_run_once"),
        ]

    @property
    def in_percent(self) -> bool:
        """Whether its numbers are shares of points; others are on the Elo scale."""
        return bool(self.settings.get("scale") == "per cent")

    @property
    def quantity(self) -> str:
        """What its numbers are called."""
        return "Points, %" if self.in_percent else "Rating"
