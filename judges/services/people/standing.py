"""Where a rater stands in a campaign: how far they have come, and why there is nothing for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from statistics import median

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet, Sum

from judges.models import Assignment, Participant
from judges.services.people.answering import skipped_by
from judges.services.people.assigning import (
    gold_left,
    held_by,
    is_gold_place,
    is_ranked,
    place_of,
)
from judges.services.people.campaigns import State, state_of
from judges.services.people.gold_pages import PAIRS, pairs_on
from judges.services.people.places import handed_out, waiting_for
from judges.services.people.ranking import pairs_shown

KEPT_SECONDS = 60
"""For so long what was counted in full is relied on: it runs on every vote."""

PACE_OF = 50
"""Answers of which the rater's median time is taken."""

PACE_LEAST = 3


@dataclass(frozen=True)
class Standing:
    """What a rater has answered in a campaign, and what is left that they could be given.

    Gold questions count like all others, those to come included: a bar that stood still would tell
    them. `seconds` is the rater's own median for one; None before they have answered three.
    """

    answered: int
    left: int
    seconds: float | None = None

    @property
    def total(self) -> int:
        return self.answered + self.left

    @property
    def minutes_left(self) -> int | None:
        """At the rater's own pace, rounded up; None when that is not known."""
        return None if self.seconds is None else ceil(self.seconds * self.left / 60)


class Ending(StrEnum):
    """Why a rater is given nothing."""

    STOPPED = "stopped"
    CLOSED = "closed"
    OVER = "over"
    QUOTA = "quota"
    OTHERS = "others"
    SKIPPED = "skipped"
    DONE = "done"
    NOTHING = "nothing"


@dataclass(frozen=True)
class _Counted:
    """What takes more than a look: all that is or was there for the rater, and their pace."""

    total: int
    seconds: float | None


def standing_of(participant: Participant) -> Standing:
    """How far the rater has come. `left` counts also what other raters hold at the moment."""
    answered, skipped = _done(participant)
    counted = _counted(participant, answered + skipped)
    left = max(counted.total - answered - skipped, 0)
    quota = participant.campaign.quota
    if quota is not None:
        left = min(left, max(quota - answered, 0))
    return Standing(answered, left, counted.seconds)


def _done(participant: Participant) -> tuple[int, int]:
    """How many comparisons the rater has answered, and skipped, as they would count them."""
    is_answered = Q(answered_at__isnull=False)
    is_skipped = Q(answered_at=None, skipped_at__isnull=False)
    done = handed_out(participant).aggregate(
        answered=Sum(PAIRS, filter=is_answered, default=0),
        skipped=Sum(PAIRS, filter=is_skipped, default=0),
    )
    return done["answered"], done["skipped"]


def ending_of(participant: Participant, standing: Standing) -> Ending:
    """Why the rater is given nothing at present."""
    campaign = participant.campaign
    if participant.stopped_at is not None:
        return Ending.STOPPED
    if (state := state_of(campaign)) is not State.OPEN:
        return Ending.CLOSED if state is State.CLOSED else Ending.OVER
    if campaign.quota is not None and standing.answered >= campaign.quota:
        return Ending.QUOTA
    if waiting_for(participant).exists():
        return Ending.OTHERS
    if skipped_by(participant).exists():
        return Ending.SKIPPED
    return Ending.DONE if standing.answered else Ending.NOTHING


def answered_by(participant: Participant) -> QuerySet[Assignment]:
    """What the rater has answered, without the warm-up."""
    return handed_out(participant).filter(answered_at__isnull=False)


def pace_of(participant: Participant) -> float | None:
    """The median of the seconds that the rater's last answers took; None when there are few."""
    shown = answered_by(participant).filter(shown_at__isnull=False).order_by("-answered_at")
    times = seconds_of(list(shown[:PACE_OF]))
    return median(times) if len(times) >= PACE_LEAST else None


def seconds_of(answered: Sequence[Assignment]) -> list[float]:
    """How long each pair on the pages of these took; those of one screen share its time."""
    sizes = Counter[str | int]()
    for row in answered:
        sizes[row.screen or row.pk] += pairs_on([row])
    return [
        (row.answered_at - (row.shown_at or row.created_at)).total_seconds()
        / sizes[row.screen or row.pk]
        for row in answered
        if row.answered_at
        for _ in range(pairs_on([row]))
    ]


def _counted(participant: Participant, handled: int) -> _Counted:
    """Count, or remember: answers and skips leave the total as it is."""
    key = f"rating:{participant.campaign.key}:{participant.pk}"
    counted: _Counted | None = cache.get(key)
    if counted is None or counted.total <= handled:
        counted = _Counted(handled + _left(participant), pace_of(participant))
        cache.set(key, counted, KEPT_SECONDS)
    return counted


def _left(participant: Participant) -> int:
    waiting = waiting_for(participant)
    pages = count = waiting.count()
    if is_ranked(participant.campaign):
        asked = waiting.order_by().values_list("comparison__prompt").annotate(n=Count("*"))
        shown = [pairs_shown(n) for _, n in asked]
        pages, count = len(shown), sum(shown)
    gold = _gold_ahead(participant, pages) * round(count / max(pages, 1))  # as long as all others
    return pairs_on(held_by(participant)) + count + gold


def _gold_ahead(participant: Participant, waiting: int) -> int:
    """How many gold questions will stand among so many pages; none comes after the last of them."""
    every = participant.campaign.gold_every
    if every is None or not waiting:
        return 0
    found, place, most = 0, place_of(participant), gold_left(participant).count()
    while waiting and found < most:
        is_gold = is_gold_place(participant, place, every)
        found, waiting, place = found + is_gold, waiting - (not is_gold), place + 1
    return found
