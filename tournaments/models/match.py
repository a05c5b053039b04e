from __future__ import annotations

from django.db import models
from django.db.models import Q

from arena.models import Prompt
from judges.models import Decision, Judgment
from tournaments.models.tournament import Tournament


class Bracket(models.Model):
    """One history of a tournament, which advances on its own: a prompt's, or the whole one's.

    `dirty`: its format has to be asked, whatever verdicts come: it has just started, was resumed,
    has grown. Only who holds the tournament's row locked writes brackets; verdicts leave `News`.
    `retired`: its field has grown and is drawn anew in another bracket; what was judged counts.
    """

    tournament = models.ForeignKey(Tournament, on_delete=models.CASCADE, related_name="brackets")
    prompt = models.ForeignKey(Prompt, null=True, on_delete=models.CASCADE, related_name="+")
    entrants = models.JSONField(help_text="competitor ids")
    board = models.JSONField(
        default=dict, help_text="{competitor id: rating when it started}, where one was needed"
    )
    walkovers = models.JSONField(
        default=list,
        help_text="games that were not contested: [prompt, a, b, round, position, result]",
    )
    dirty = models.BooleanField(default=True)
    finished = models.BooleanField(default=False)
    retired = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tournament", "prompt"],
                condition=Q(retired=False),
                name="bracket_once_a_prompt",
            ),
            models.UniqueConstraint(
                fields=["tournament"], condition=Q(prompt=None), name="bracket_one_for_the_whole"
            ),
        ]
        indexes = [
            models.Index(fields=["tournament"], condition=Q(dirty=True), name="bracket_dirty"),
        ]


class News(models.Model):
    """A verdict came in a bracket, of which its format (or, at the end, its board) has not heard.

    Who settles only adds rows, and so never waits for a tournament. Who holds the tournament's row
    locked takes away those that it has read.
    """

    bracket = models.ForeignKey(Bracket, on_delete=models.CASCADE, related_name="news")


class Roster(models.Model):
    """Who plays on a prompt of a bracket that covers the whole tournament; frozen like a bracket.

    Rows are only added, and read in their order, so that a schedule of before stays what it was.
    """

    bracket = models.ForeignKey(Bracket, on_delete=models.CASCADE, related_name="rosters")
    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="+")
    entrants = models.JSONField(help_text="competitor ids")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["bracket", "prompt"], name="roster_once_a_prompt"),
        ]


class Match(models.Model):
    """A comparison played inside a tournament. Its verdict is that of its decision.

    `counts` is false where a competitor has withdrawn together with its games: they stay on
    record, and no board has them. What was paid for a comparison is charged to the tournament that
    asked for it first (`queries.usage_by_tournament`): from `asked_at` until `asked_until`.
    """

    evidence: list[Judgment]  # set by queries.matches_with_evidence

    tournament = models.ForeignKey(Tournament, on_delete=models.CASCADE, related_name="matches")
    bracket = models.ForeignKey(Bracket, on_delete=models.CASCADE, related_name="matches")
    decision = models.ForeignKey(Decision, on_delete=models.RESTRICT, related_name="matches")
    round = models.PositiveIntegerField()
    position = models.PositiveIntegerField()
    counts = models.BooleanField(default=True)
    asked_at = models.DateTimeField(
        null=True, help_text="null: it was decided already when it was scheduled"
    )
    asked_until = models.DateTimeField(
        null=True, help_text="when the question was taken back, or taken over by another"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["bracket", "round", "position"], name="match_place_once"
            ),
        ]
