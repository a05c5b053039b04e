"""Gold questions: what a rater's answers to them say, and what follows."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from judges.contracts import Order, Preference
from judges.models import Assignment, GoldPolicy, Participant
from judges.services.people import quarantine


@dataclass(frozen=True)
class GoldScore:
    """How many gold questions a rater answered (warm-up left out), and how many as expected."""

    answered: int
    right: int

    @property
    def share(self) -> float | None:
        return self.right / self.answered if self.answered else None


def score(participant: Participant) -> GoldScore:
    """The rater's score over the campaign."""
    answered = Assignment.objects.filter(
        rater=participant.user_id,
        campaign=participant.campaign_id,
        gold__is_warm_up=False,
        answered_at__isnull=False,
    )
    rows = list(answered.select_related("gold"))
    return GoldScore(len(rows), sum(map(is_right, rows)))


def is_right(assignment: Assignment) -> bool:
    """Whether a gold question was answered as expected."""
    assert assignment.gold is not None
    said = Preference((assignment.answer or {})["preference"])
    return str(said.winner(Order(assignment.order))) == assignment.gold.expected


def weigh(assignment: Assignment) -> None:
    """After an answer to a gold question: do what the campaign's policy says."""
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
