from __future__ import annotations

from django.db import models
from django.db.models import Q

from arena.models import Competitor, Project
from judges.models import Judge


class TournamentStatus(models.TextChoices):
    """What is stored. `waiting` in the API is a running one that only people can move on."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Tournament(models.Model):
    """Competitors, prompts, a format, a jury, a budget, a seed.

    The field (entrants and brackets) is frozen when it starts. Status changes only through
    `tournaments.services.lifecycle`.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="tournaments")
    name = models.CharField(max_length=200)
    format = models.CharField(max_length=40)
    format_params = models.JSONField(default=dict)
    judge = models.ForeignKey(Judge, on_delete=models.RESTRICT, related_name="tournaments")
    competitors = models.ManyToManyField(Competitor, related_name="tournaments")
    slice = models.JSONField(default=dict, help_text="{category?, tags?, language?}")
    seed = models.PositiveBigIntegerField(default=0)
    max_calls = models.PositiveIntegerField(null=True)
    max_usd = models.FloatField(null=True)
    status = models.CharField(
        max_length=9, choices=TournamentStatus, default=TournamentStatus.DRAFT
    )
    note = models.TextField(blank=True, default="", help_text="why it is as it is, in words")
    planned = models.PositiveIntegerField(default=0, help_text="matches, fixed at the start")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=TournamentStatus.values), name="tournament_status"
            ),
        ]

    def __str__(self) -> str:
        return self.name
