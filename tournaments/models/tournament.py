from __future__ import annotations

from django.db import models
from django.db.models import Q

from arena.models import Competitor, Project
from judges.models import Judge


class TournamentStatus(models.TextChoices):
    """What is stored. `waiting` in the API is a running one that only people can move on.

    `failed`: its format broke on it; the note says how, and it can be resumed.
    """

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Undecided(models.TextChoices):
    """What comes of a game that was judged without a verdict."""

    LEAVE = "leave"  # it stays open; it can be retried
    REPLACE = "replace"  # the format may play another in its place, once


class Tournament(models.Model):
    """Competitors, prompts, a format, a jury, a budget, a seed.

    The field (entrants and brackets) is frozen when it starts, and grows only when it is extended.
    Status changes only through `tournaments.services.lifecycle`. `changes` counts what happened
    since it was completed that its ratings may depend on; they are due where `rated_changes` is
    another number, and where verdicts have left news that is not counted yet. One that could not
    be fitted is tried again after `rate_after`, later with each of its `rating_failures`.
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
    undecided = models.CharField(
        max_length=7,
        choices=Undecided,
        default=Undecided.LEAVE,
        help_text="what comes of games without a verdict",
    )
    withdrawn = models.JSONField(default=list, help_text="ids of competitors that play no more")
    planned = models.PositiveIntegerField(
        default=0, help_text="matches, at most; when it is completed those that were played"
    )
    changes = models.PositiveIntegerField(default=0)
    rated_changes = models.PositiveIntegerField(default=0)
    rating_failures = models.PositiveSmallIntegerField(default=0)
    rating_fault = models.TextField(blank=True, default="", help_text="why it is not rated")
    rate_after = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=TournamentStatus.values), name="tournament_status"
            ),
            models.CheckConstraint(
                condition=Q(undecided__in=Undecided.values), name="tournament_undecided"
            ),
        ]

    def __str__(self) -> str:
        return self.name
