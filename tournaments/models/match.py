from __future__ import annotations

from django.db import models
from django.db.models import Q

from arena.models import Prompt
from judges.models import Decision, Judgment
from tournaments.models.tournament import Tournament


class Bracket(models.Model):
    """One history of a tournament, which advances on its own: a prompt's, or the whole one's.

    `dirty`: something was settled (or the tournament started) since the format was last asked.
    """

    tournament = models.ForeignKey(Tournament, on_delete=models.CASCADE, related_name="brackets")
    prompt = models.ForeignKey(Prompt, null=True, on_delete=models.CASCADE, related_name="+")
    entrants = models.JSONField(help_text="competitor ids")
    dirty = models.BooleanField(default=True)
    finished = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tournament", "prompt"], name="bracket_once_a_prompt"),
            models.UniqueConstraint(
                fields=["tournament"], condition=Q(prompt=None), name="bracket_one_for_the_whole"
            ),
        ]
        indexes = [
            models.Index(fields=["tournament"], condition=Q(dirty=True), name="bracket_dirty"),
        ]


class Match(models.Model):
    """A comparison played inside a tournament. Its verdict is that of its decision."""

    evidence: list[Judgment]  # set by queries.matches_with_evidence

    tournament = models.ForeignKey(Tournament, on_delete=models.CASCADE, related_name="matches")
    bracket = models.ForeignKey(Bracket, on_delete=models.CASCADE, related_name="matches")
    decision = models.ForeignKey(Decision, on_delete=models.RESTRICT, related_name="matches")
    round = models.PositiveIntegerField()
    position = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["bracket", "round", "position"], name="match_place_once"
            ),
        ]
