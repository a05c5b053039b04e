from __future__ import annotations

from django.db import models
from django.db.models import Q

from arena.models import Project
from tournaments.models.rating_run import RatingRun
from tournaments.models.tournament import Tournament


class Period(models.TextChoices):
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class Schedule(models.Model):
    """A report that is made again and again. A due row is found by beat; nothing else fires it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="schedules")
    name = models.CharField(max_length=200)
    period = models.CharField(max_length=7, choices=Period, default=Period.WEEKLY)
    tournament = models.ForeignKey(Tournament, null=True, on_delete=models.CASCADE)
    method = models.CharField(max_length=40, default="bradley_terry")
    recipients = models.JSONField(default=list, help_text="mail addresses")
    due_at = models.DateTimeField()
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(period__in=Period.values), name="schedule_period")
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(active=True), name="schedule_due")]


class Report(models.Model):
    """A report as it was made: one self-contained HTML page. Never made again in place."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="reports")
    schedule = models.ForeignKey(
        Schedule, null=True, on_delete=models.SET_NULL, related_name="reports"
    )
    rating_run = models.ForeignKey(RatingRun, on_delete=models.RESTRICT, related_name="reports")
    title = models.CharField(max_length=300)
    html = models.TextField()
    due_at = models.DateTimeField(null=True, help_text="the due time that it answers")
    recipients = models.JSONField(default=list)
    sent_at = models.DateTimeField(null=True)
    send_attempts = models.PositiveSmallIntegerField(default=0)
    send_error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "due_at"],
                condition=Q(schedule__isnull=False),
                name="report_once_a_due_time",
            ),
        ]
