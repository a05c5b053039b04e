from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from judges.models.campaign import Campaign, RaterLink
from judges.models.judge import Judge


class Participant(models.Model):
    """A person in a campaign.

    A guest, who came without an account, has a user row of their own with which nobody can sign
    in; their browser's session names the participant.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="participants")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="participations"
    )
    name = models.CharField(max_length=100, blank=True, default="", help_text="as guests call them")
    is_guest = models.BooleanField(default=False)
    link = models.ForeignKey(
        RaterLink, null=True, on_delete=models.SET_NULL, related_name="participants"
    )
    languages = models.JSONField(default=list, help_text="codes that they read; empty: any")
    warmed_up_at = models.DateTimeField(null=True, help_text="read what to do; warm-up done")
    stopped_at = models.DateTimeField(null=True, help_text="is given nothing more")
    stopped_why = models.CharField(max_length=200, blank=True, default="")
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "user"], name="participant_once"),
        ]

    @property
    def known_as(self) -> str:
        """What an owner calls them: a guest by the name given, else by a number."""
        unnamed = f"guest {self.pk}" if self.is_guest else self.user.get_username()
        return self.name or unnamed


class Quarantine(models.Model):
    """A rater's judgments for a judge are left out of every verdict, until this is lifted.

    The judgments stay as they are. The newest row of a judge and rater tells.
    """

    judge = models.ForeignKey(Judge, on_delete=models.CASCADE, related_name="quarantines")
    rater = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="quarantines"
    )
    reason = models.TextField(blank=True, default="")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["judge", "rater"],
                condition=Q(lifted_at=None),
                name="quarantine_one_in_force",
            ),
        ]
