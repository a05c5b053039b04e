from __future__ import annotations

import secrets

from django.db import models
from django.db.models import Q
from django.utils import timezone

from judges.models.judge import Judge


class Access(models.TextChoices):
    """Who may take part."""

    MEMBERS = "members", "Members of the project"
    INVITED = "invited", "Members, and whoever has an invitation link"
    OPEN = "open", "Everybody who has the address"


class GoldPolicy(models.TextChoices):
    """What happens to a rater who answers too few gold questions as expected."""

    SHOW = "show", "Only show it to the owner"
    STOP = "stop", "Give the rater nothing more"
    QUARANTINE = "quarantine", "Give the rater nothing more and leave their judgments out"


def new_key() -> str:
    """A word for addresses that cannot be guessed and says nothing."""
    return secrets.token_urlsafe(9)


class Campaign(models.Model):
    """How people are asked: one for each judge of the kind `human`, made with it.

    What is asked is the judge's decisions that wait for people; how many raters each of them needs
    and on what kind of page stand in the judge's params, for they make the verdict. All that
    stands here may be changed while people judge.
    """

    judge = models.OneToOneField(Judge, on_delete=models.CASCADE, related_name="campaign")
    key = models.CharField(max_length=16, unique=True, default=new_key, help_text="in addresses")
    title = models.CharField(max_length=200, help_text="raters read it")
    instructions = models.TextField(blank=True, default="", help_text="Markdown, for raters")
    thanks = models.TextField(blank=True, default="", help_text="Markdown, at the end")
    access = models.CharField(max_length=8, choices=Access, default=Access.MEMBERS)
    is_live = models.BooleanField(
        default=False, help_text="raters ask prompts of their own (live battles)"
    )
    deadline = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    quota = models.PositiveIntegerField(null=True, help_text="comparisons a rater, at most")
    criteria = models.JSONField(default=list, help_text="[{key, label}], voted on one by one")
    reasons = models.JSONField(default=list, help_text="short texts to choose from")
    asks_strength = models.BooleanField(default=False)
    shows_agreement = models.BooleanField(
        default=False, help_text="raters learn how often others agreed with them"
    )
    gold_every = models.PositiveSmallIntegerField(
        null=True, help_text="one gold question among so many"
    )
    gold_policy = models.CharField(max_length=10, choices=GoldPolicy, default=GoldPolicy.SHOW)
    gold_share = models.FloatField(default=0.6, help_text="of gold answered as expected, at least")
    gold_least = models.PositiveSmallIntegerField(
        default=4, help_text="gold questions answered before anybody is held to it"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(access__in=Access.values), name="campaign_access"),
            models.CheckConstraint(
                condition=Q(gold_policy__in=GoldPolicy.values), name="campaign_gold_policy"
            ),
            models.CheckConstraint(
                condition=Q(gold_share__gte=0, gold_share__lte=1), name="campaign_gold_share"
            ),
            models.CheckConstraint(
                condition=Q(gold_every=None) | Q(gold_every__gte=2), name="campaign_gold_every"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        """Whether raters are given anything at present."""
        over = self.deadline is not None and self.deadline <= timezone.now()
        return self.closed_at is None and not over


class RaterLink(models.Model):
    """An invitation to take part without an account. Only its SHA-256 is kept; it is shown once."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="links")
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=8, help_text="first characters, to tell links apart")
    label = models.CharField(max_length=100, blank=True, default="", help_text="for whom")
    places = models.PositiveIntegerField(null=True, help_text="people who may join by it, at most")
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
