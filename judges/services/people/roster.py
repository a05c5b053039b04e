"""The raters of a campaign: what each has done, and stopping one or letting them go on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count, Exists, Max, OuterRef, Q
from django.utils import timezone

from arena.common.errors import Conflict, NotFound
from arena.services import audit
from judges.models import Adjudication, Assignment, Campaign, Participant, Quarantine
from judges.services.people.gold import GoldScore, is_right, scored

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_REASON = 200

MAX_DIGITS = 18
"""Of a number that every database can hold."""


@dataclass(frozen=True)
class RaterRow:
    """A rater in a campaign. `judged` leaves gold out and counts votes on live battles; `skipped`
    counts gold too, but no warm-up; `seen_at` is the last time that they were shown or answered
    something."""

    participant: Participant
    judged: int
    skipped: int
    seen_at: datetime
    gold: GoldScore
    is_quarantined: bool

    @property
    def name(self) -> str:
        """What an owner calls them."""
        return self.participant.known_as


def roster(campaign: Campaign) -> list[RaterRow]:
    """Everybody who takes part, in the order in which they joined; five queries."""
    done, gold, fought = _done(campaign), _gold(campaign), _fought(campaign)
    in_force = Quarantine.objects.filter(judge=campaign.judge_id, lifted_at=None)
    banned = set(in_force.values_list("rater_id", flat=True))
    rows = []
    for person in campaign.participants.select_related("user", "link"):
        own = done.get(person.user_id, _Done())
        live = fought.get(person.user_id, _Done())
        seen = [person.joined_at, own.shown, own.answered, live.shown, live.answered]
        rows.append(
            RaterRow(
                participant=person,
                judged=own.judged + live.judged,
                skipped=own.skipped,
                seen_at=max(moment for moment in seen if moment),
                gold=gold[person.user_id],
                is_quarantined=person.user_id in banned,
            )
        )
    return rows


def participants_of(campaign: Campaign, numbers: Collection[str]) -> list[Participant]:
    """The participants of these numbers, as a page sends them; others are left out."""
    known = [int(number) for number in numbers if number.isdecimal() and len(number) <= MAX_DIGITS]
    return list(campaign.participants.filter(pk__in=known).select_related("user"))


@dataclass(frozen=True)
class _Done:
    judged: int = 0
    skipped: int = 0
    shown: datetime | None = None
    answered: datetime | None = None


def _done(campaign: Campaign) -> dict[int, _Done]:
    """{rater: what they did of what they were handed}.

    What an owner closed by ruling on it was taken from them, not skipped by them.
    """
    ruled = Adjudication.objects.filter(
        decision=OuterRef("decision"), judgment__rater=OuterRef("rater")
    )
    skipped = Q(skipped_at__isnull=False, answered_at=None) & ~Q(gold__is_warm_up=True)
    skipped &= ~Q(Exists(ruled))
    rows = (
        Assignment.objects.filter(campaign=campaign)
        .order_by()
        .values_list("rater_id")
        .annotate(
            judged=Count("pk", filter=Q(answered_at__isnull=False, gold=None)),
            skipped=Count("pk", filter=skipped),
            shown=Max("shown_at"),
            answered=Max("answered_at"),
        )
    )
    return {rater: _Done(*own) for rater, *own in rows}


def _fought(campaign: Campaign) -> dict[int, _Done]:
    """{rater: their votes on live battles}; those on answers that name themselves are votes too."""
    rows = (
        campaign.battles.order_by()
        .values_list("rater_id")
        .annotate(
            judged=Count("pk", filter=Q(answer__isnull=False)),
            shown=Max("created_at"),
            answered=Max("answered_at"),
        )
    )
    return {rater: _Done(judged, 0, shown, answered) for rater, judged, shown, answered in rows}


def _gold(campaign: Campaign) -> defaultdict[int, GoldScore]:
    total: Counter[int] = Counter()
    right: Counter[int] = Counter()
    for assignment in scored(campaign.pk).iterator():
        total[assignment.rater_id] += 1
        right[assignment.rater_id] += is_right(assignment)
    found: defaultdict[int, GoldScore] = defaultdict(lambda: GoldScore(0, 0))
    found.update({pk: GoldScore(total[pk], right[pk]) for pk in total})
    return found


@transaction.atomic
def stop(campaign: Campaign, pk: int, *, reason: str = "", by: User | None) -> Participant:
    """Give this participant nothing more; their judgments stand. Conflict if stopped already."""
    found = _locked(campaign, pk)
    if found.stopped_at is not None:
        raise Conflict("this rater is stopped already")
    found.stopped_at, found.stopped_why = timezone.now(), reason.strip()[:MAX_REASON]
    found.save(update_fields=["stopped_at", "stopped_why"])
    audit.record(
        campaign.judge.project, by, "rater.stopped", found.known_as,
        campaign=campaign.title, reason=found.stopped_why,
    )  # fmt: skip
    return found


@transaction.atomic
def let_go_on(campaign: Campaign, pk: int, *, by: User | None) -> Participant:
    """Give this participant comparisons again. Conflict when nothing stops them."""
    found = _locked(campaign, pk)
    if found.stopped_at is None:
        raise Conflict("this rater is not stopped")
    found.stopped_at, found.stopped_why = None, ""
    found.save(update_fields=["stopped_at", "stopped_why"])
    audit.record(
        campaign.judge.project, by, "rater.let_go_on", found.known_as, campaign=campaign.title
    )
    return found


def _locked(campaign: Campaign, pk: int) -> Participant:
    rows = campaign.participants.select_for_update(of=("self",)).select_related("user")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound("there is no such rater in this campaign")
    return found
