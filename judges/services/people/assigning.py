"""What a rater is given next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from math import inf
from random import Random
from uuid import uuid4

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from arena.models import Comparison
from judges.contracts import Order
from judges.kinds.human import Human
from judges.models import (
    Assignment,
    Campaign,
    Decision,
    DecisionStatus,
    GoldQuestion,
    Participant,
)
from judges.services.evidence import raters_of
from judges.services.people import gold_pages
from judges.services.people.gold_pages import Page
from judges.services.people.places import (
    given,
    handed_out,
    lock,
    lock_group,
    lock_one,
    readable,
    taken,
    waiting_for,
)
from judges.services.people.ranking import shown_order

LEASE = timedelta(minutes=30)
"""How long a comparison is kept for a rater who says nothing."""

LEASE_UNSEEN = timedelta(minutes=10)
"""The same for one that their page has ready behind the one it shows."""

BEGUN = 10.0
"""Added to the priority of a decision of which one rater was given the first of several places: it
is completed first."""


def held_by(participant: Participant) -> list[Assignment]:
    """What the rater was given and has not answered, in the order in which it was shown."""
    held = given(participant).filter(answered_at=None, skipped_at=None)
    gold = Q(decision=None, gold__retired_at=None, gold__is_warm_up=False)
    wanted = Q(decision__status=DecisionStatus.WAITING) | gold
    if is_ranked(participant.campaign):  # a screen stays whole while any of it is wanted
        wanted |= Q(screen__in=held.filter(wanted).exclude(screen="").values("screen"))
    in_order = held.filter(wanted).order_by(F("shown_at").asc(nulls_last=True), "pk")
    return list(in_order.select_related("decision", "gold"))


def is_ranked(campaign: Campaign) -> bool:
    """Whether raters put all answers to a prompt in order."""
    page: str = Human.Params.model_validate(campaign.judge.params).page
    return page == "ranking"


def screen_of(assignment: Assignment) -> QuerySet[Assignment]:
    """The assignment, and all others that the rater was shown on the same page."""
    if not assignment.screen:
        return Assignment.objects.filter(pk=assignment.pk)
    mine = Assignment.objects.filter(rater=assignment.rater_id, campaign=assignment.campaign_id)
    return mine.filter(screen=assignment.screen)


def screens(assignments: Iterable[Assignment]) -> list[list[Assignment]]:
    """The assignments, those that stand on one page together."""
    found: dict[str | int, list[Assignment]] = {}
    for row in assignments:
        found.setdefault(row.screen or row.pk, []).append(row)
    return list(found.values())


@transaction.atomic
def next_assignments(participant: Participant, count: int = 1) -> list[Assignment]:
    """The next `count` things for the rater to judge, or fewer: what they hold, then new ones.

    The first of them counts as shown from now on; the others are for the page to have ready. A
    thing is an assignment, or all those of one screen.
    """
    # One request of a rater at a time: two tabs must not be handed the same gold question.
    locked = Participant.objects.select_for_update()
    participant.refresh_from_db(fields=["stopped_at"], from_queryset=locked)
    if participant.campaign.is_live or not may_go_on(participant):  # in battles raters ask
        return []
    now = timezone.now()
    raters = raters_of(participant.campaign.judge)
    held = [screen for screen in screens(held_by(participant)) if _is_theirs(screen, now, raters)]
    held = held[:count]
    room = _room(participant, sum(map(gold_pages.pairs_on, held)))
    if held[1:]:
        _unanswered(held[1:]).update(lease_until=now + LEASE_UNSEEN)
    while len(held) < count and room > 0:
        found = _gold(participant, room) or _decisions(participant, room)
        if not found:
            break
        held.append(found)
        room -= gold_pages.pairs_on(found)
    if held:
        _show(held[0], now)
    return [row for screen in held for row in screen]


def _show(screen: Sequence[Assignment], now: datetime) -> None:
    """Note that the rater has it before them."""
    first_time = Coalesce("shown_at", Value(now))
    _unanswered([screen]).update(lease_until=now + LEASE, shown_at=first_time)
    for row in screen:
        row.shown_at = row.shown_at or now


def _is_theirs(screen: Sequence[Assignment], now: datetime, raters: int) -> bool:
    """Whether the rater still has a place in all of a screen: its lease runs, or none took it."""
    lapsed = [row.decision for row in screen if row.decision and row.lease_until <= now]
    return all(lock(decision) and taken(decision.pk).count() < raters for decision in lapsed)


def _unanswered(held: Sequence[Sequence[Assignment]]) -> QuerySet[Assignment]:
    """These without what was answered in another tab meanwhile: whoever records that holds it, and
    may wait for a comparison that is locked here."""
    rows = Assignment.objects.filter(pk__in=[row.pk for screen in held for row in screen])
    return rows.filter(answered_at=None)


def may_go_on(participant: Participant) -> bool:
    """Whether the rater is given anything at all at present."""
    return participant.campaign.is_open and participant.stopped_at is None


def _room(participant: Participant, held: int) -> float:
    """How many more comparisons the rater's quota allows."""
    quota = participant.campaign.quota
    if quota is None:
        return inf
    answered = handed_out(participant).filter(answered_at__isnull=False)
    return quota - held - gold_pages.pairs_of(answered)


def _gold(participant: Participant, room: float) -> list[Assignment]:
    """A gold question when one is due, and something is left among which it can stand."""
    every = participant.campaign.gold_every
    if every is None:
        return []
    place = place_of(participant)
    if not is_gold_place(participant, place, every):
        return []
    questions, seed = gold_left(participant), f"{participant.pk}:{place}"
    if not questions.exists() or not waiting_for(participant).exists():
        return []
    if is_ranked(participant.campaign):
        size = len(gold_pages.outputs_of(lock_group(participant, room)))
        if size > 2:
            page = gold_pages.page_around(participant, questions, size, seed)
            _begin(participant, page.decisions if page else [])
            return _hand_out_page(participant, page) if page else []
    return [_hand_gold(Random(seed).choice(list(questions)), participant)]


def place_of(participant: Participant) -> int:
    """How many pages the rater was given; what stands on one screen counts once."""
    pages = handed_out(participant).aggregate(
        alone=Count("pk", filter=Q(screen="")),
        screens=Count("screen", filter=~Q(screen=""), distinct=True),
    )
    return int(pages["alone"] + pages["screens"])


def is_gold_place(participant: Participant, place: int, every: int) -> bool:
    """Whether a gold question stands there. One does among every so many; its place is drawn."""
    return place % every == Random(f"{participant.pk}:{place // every}").randrange(every)


def gold_left(participant: Participant) -> QuerySet[GoldQuestion]:
    """The gold questions that the rater could still be asked, without those of the warm-up."""
    seen = given(participant).filter(gold=OuterRef("pk"))
    return _gold_unjudged(participant).filter(~Exists(seen), is_warm_up=False)


def _gold_unjudged(participant: Participant) -> QuerySet[GoldQuestion]:
    """Gold questions that the rater can read and was not given as one of the others."""
    judged = given(participant).filter(decision__comparison=OuterRef("comparison"))
    questions = participant.campaign.gold.filter(~Exists(judged), retired_at=None)
    return questions.filter(readable(participant))


@transaction.atomic
def warm_up(participant: Participant) -> Assignment | None:
    """The next question of the warm-up, or None when the rater has been through it."""
    # Two tabs must not be handed the same question.
    list(Participant.objects.select_for_update(no_key=True).filter(pk=participant.pk))
    for question in _gold_unjudged(participant).filter(is_warm_up=True):
        mine = question.assignments.filter(rater=participant.user_id).first()
        if mine is None:
            return _hand_gold(question, participant)
        if mine.answered_at is None:
            mine.skipped_at = mine.recorded_at = None  # none of these is left out
            mine.save(update_fields=["skipped_at", "recorded_at"])
            return mine
    return None


def _hand_gold(question: GoldQuestion, participant: Participant) -> Assignment:
    drawn = Random(f"gold:{question.pk}:{participant.user_id}")
    return _hand_out(participant, drawn, gold=question)


def _decisions(participant: Participant, room: float) -> list[Assignment]:
    """Hand out the next decision, or where answers are put in order those of a whole screen."""
    if is_ranked(participant.campaign):
        found = lock_group(participant, room)
    else:
        found = lock_one(participant)
    _begin(participant, found)
    if len(found) > 1:
        return _hand_out_page(participant, Page(found, _gold_among(found, participant)))
    return [
        _hand_out(participant, Random(f"{one.pk}:{participant.user_id}"), decision=one)
        for one in found
    ]


def _begin(participant: Participant, decisions: Sequence[Decision]) -> None:
    """Put these before what nobody was given yet, where others are needed for them too."""
    begun = [decision.pk for decision in decisions if decision.priority < BEGUN]
    if begun and raters_of(participant.campaign.judge) > 1:
        Decision.objects.filter(pk__in=begun).update(priority=F("priority") + BEGUN)


def _hand_out(
    participant: Participant,
    drawn: Random,
    *,
    decision: Decision | None = None,
    gold: GoldQuestion | None = None,
) -> Assignment:
    return Assignment.objects.create(
        campaign=participant.campaign,
        decision=decision,
        gold=gold,
        rater_id=participant.user_id,
        order=drawn.choice([Order.AB, Order.BA]),
        lease_until=timezone.now() + LEASE_UNSEEN,
    )


def _gold_among(decisions: Sequence[Decision], participant: Participant) -> GoldQuestion | None:
    """A gold question that can be weighed by what is shown for these decisions."""
    if participant.campaign.gold_every is None:
        return None
    seed = f"{participant.pk}:{decisions[0].pk}"
    return gold_pages.among(decisions, gold_left(participant), seed)


def _hand_out_page(participant: Participant, page: Page) -> list[Assignment]:
    """Show the outputs of a page together, in a drawn order."""
    screen = uuid4().hex
    place = {output: shown for shown, output in enumerate(shown_order(screen, page.outputs))}
    until = timezone.now() + LEASE_UNSEEN
    rows = [
        Assignment(
            campaign=participant.campaign,
            decision=one if isinstance(one, Decision) else None,
            gold=one if isinstance(one, GoldQuestion) else None,
            rater_id=participant.user_id,
            order=_order(one.comparison, place),
            screen=screen,
            lease_until=until,
        )
        for one in page.asked
    ]
    rows[0].beside, rows[0].unasked = list(page.beside), page.unasked
    return Assignment.objects.bulk_create(rows)


def _order(compared: Comparison, place: Mapping[int, int]) -> Order:
    return Order.AB if place[compared.output_a_id] < place[compared.output_b_id] else Order.BA
