"""What a rater has done, told to themselves."""

from __future__ import annotations

from dataclasses import dataclass

from judges.models import Judgment, Participant, Quarantine
from judges.services.people.standing import answered_by, seconds_of

LONGEST = 600.0
"""Seconds that one answer counts for at most: whoever went for a coffee did not judge."""

SHARED_LEAST = 5
"""Comparisons shared with others below which nothing is said: one alone would tell their votes."""


@dataclass(frozen=True)
class Agreement:
    """How often a rater and others who judged the same comparisons said the same.

    `same` of `votes` is over pairs of a judgment of theirs and one of somebody else's, on
    `comparisons` of them.
    """

    comparisons: int
    votes: int
    same: int

    @property
    def percent(self) -> float:
        return 100 * self.same / self.votes


@dataclass(frozen=True)
class Summary:
    """What a rater has done in a campaign; `agreement` is None where it is not to be said."""

    answered: int
    seconds: float
    agreement: Agreement | None

    @property
    def seconds_each(self) -> float | None:
        return self.seconds / self.answered if self.answered else None


def summary_of(participant: Participant) -> Summary:
    """The rater's answers so far, their time, and how often others agreed if the owner allows."""
    answered = answered_by(participant)
    seconds = seconds_of(list(answered.defer("answer")))
    shows = participant.campaign.shows_agreement
    return Summary(
        answered=len(seconds),
        seconds=sum(min(each, LONGEST) for each in seconds),
        agreement=_agreement(participant) if shows else None,
    )


def _agreement(participant: Participant) -> Agreement | None:
    judge = participant.campaign.judge_id
    mine = dict(
        Judgment.objects.filter(judge=judge, rater=participant.user_id).values_list(
            "comparison", "winner"
        )
    )
    banned = Quarantine.objects.filter(judge=judge, lifted_at=None).values("rater")
    of_others = Judgment.objects.filter(judge=judge, comparison__in=mine, rater__isnull=False)
    of_others = of_others.exclude(rater=participant.user_id).exclude(rater__in=banned)
    said = list(of_others.values_list("comparison", "winner"))
    shared = {comparison for comparison, _ in said}
    if len(shared) < SHARED_LEAST:
        return None
    return Agreement(len(shared), len(said), sum(mine[pk] == winner for pk, winner in said))
