from __future__ import annotations

from django.db import models
from django.db.models import Q

from arena.models import Comparison
from judges.contracts import Silence, Winner
from judges.models.judge import Judge
from judges.models.judgment import Judgment


class DecisionStatus(models.TextChoices):
    OPEN = "open"  # a worker may claim it
    LEASED = "leased"  # a worker is at it
    WAITING = "waiting"  # for people, or for the members of a jury
    HELD = "held"  # nobody wants it at present (a paused tournament)
    DECIDED = "decided"
    UNDECIDED = "undecided"  # no verdict can be had; `silence` says why


SETTLED = (DecisionStatus.DECIDED, DecisionStatus.UNDECIDED)


class Decision(models.Model):
    """What one judge decides on one comparison. This table is the queue of work.

    A worker claims open rows by a lease that expires; `lease` is the fencing token with which it
    must write back. The verdict is a function of the judgments on record, so settling twice gives
    the same. Tournaments that want the same decision share it: it is paid for once.
    """

    judge = models.ForeignKey(Judge, on_delete=models.CASCADE, related_name="decisions")
    comparison = models.ForeignKey(Comparison, on_delete=models.CASCADE, related_name="decisions")
    status = models.CharField(max_length=9, choices=DecisionStatus, default=DecisionStatus.OPEN)
    winner = models.CharField(max_length=8, null=True)
    silence = models.CharField(max_length=10, null=True)
    share = models.FloatField(
        null=True, help_text="a's share of the verdict: 1 won, 0 lost, else between"
    )
    note = models.TextField(blank=True, default="", help_text="why it is as it is, in words")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="times that calls failed")
    losses = models.PositiveSmallIntegerField(
        default=0, help_text="workers that were lost while they had it"
    )
    priority = models.FloatField(
        default=0.0, help_text="what people are asked first: what stands highest"
    )
    lease = models.CharField(max_length=32, null=True)
    lease_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True, help_text="earliest next attempt")
    created_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["judge", "comparison"], name="decision_once"),
            models.CheckConstraint(
                condition=Q(status__in=DecisionStatus.values), name="decision_status"
            ),
            models.CheckConstraint(
                condition=Q(status=DecisionStatus.DECIDED, winner__in=list(Winner), silence=None)
                | Q(status=DecisionStatus.UNDECIDED, winner=None, silence__in=list(Silence))
                | (~Q(status__in=SETTLED) & Q(winner=None, silence=None)),
                name="decision_result_fits_status",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(status="open"), name="decision_open"),
            models.Index(
                fields=["lease_until"], condition=Q(status="leased"), name="decision_leased"
            ),
            models.Index(fields=["judge", "status"]),
            models.Index(
                fields=["judge", "-priority"],
                condition=Q(status="waiting"),
                name="decision_for_people",
            ),
        ]

    def judgments(self) -> models.QuerySet[Judgment]:
        """The judgments on which this decision rests (a jury's rests on its members' instead)."""
        return Judgment.objects.filter(judge_id=self.judge_id, comparison_id=self.comparison_id)
