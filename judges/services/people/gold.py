"""Gold questions: what a rater's answers to them say, and what follows."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone

from judges.contracts import Order, Preference
from judges.models import Assignment, GoldPolicy, Participant
from judges.services.people import quarantine


@dataclass(frozen=True)
class GoldScore:
    """How many gold questions a rater answered (warm-up left out), and how many as expected.

    A question that was skipped counts as answered otherwise: nobody evades gold by skipping.
    """

    answered: int
    right: int

    @property
    def share(self) -> float | None:
        return self.right / self.answered if self.answered else None


def score(participant: Participant) -> GoldScore:
    """The rater's score over the campaign."""
    rows = list(scored(participant.campaign_id).filter(rater=participant.user_id))
    return GoldScore(len(rows), sum(map(is_right, rows)))


def scored(campaign_id: int) -> QuerySet[Assignment]:
    """The campaign's gold questions that raters answered, or skipped for good."""
    is_said = Q(answered_at__isnull=False) | Q(skipped_at__isnull=False, recorded_at__isnull=False)
    rows = Assignment.objects.filter(is_said, campaign=campaign_id, gold__is_warm_up=False)
    return rows.select_related("gold")


def is_right(assignment: Assignment) -> bool:
    """Whether a gold question was answered as expected."""
    assert assignment.gold is not None
    if assignment.answer is None:
        return False
    said = Preference(assignment.answer["preference"])
    return str(said.winner(Order(assignment.order))) == assignment.gold.expected


def weigh(assignment: Assignment) -> None:
    """After a gold question was answered or skipped: do what the campaign's policy says."""
    campaign = assignment.campaign
    assert assignment.gold is not None
    if assignment.gold.is_warm_up or campaign.gold_policy == GoldPolicy.SHOW:
        return
    participant = Participant.objects.get(campaign=campaign, user=assignment.rater_id)
    found = score(participant)
    if found.answered < campaign.gold_least or (found.share or 0) >= campaign.gold_share:
        return
    why = f"{found.right} of {found.answered} gold questions as expected"
    if participant.stopped_at is None:
        participant.stopped_at, participant.stopped_why = timezone.now(), why
        participant.save(update_fields=["stopped_at", "stopped_why"])
    if campaign.gold_policy == GoldPolicy.QUARANTINE:
        quarantine.impose(campaign.judge, assignment.rater, reason=why, by=None)
