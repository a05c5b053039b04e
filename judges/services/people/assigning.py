"""What a rater is given next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from math import inf
from random import Random
from uuid import uuid4

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
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
    Quarantine,
)
from judges.services.evidence import raters_of
from judges.services.people.ranking import group_around, shown_order

LEASE = timedelta(minutes=30)
"""How long a comparison is kept for a rater who says nothing."""

LEASE_UNSEEN = timedelta(minutes=10)
"""The same for one that their page has ready behind the one it shows."""

WINDOW = 48
"""Waiting comparisons that are looked at first."""

CANDIDATES = 12
"""Comparisons among which one is chosen by its prompt, so that prompts differ."""

BEGUN = 10.0
"""Added to the priority of a decision of which one rater was given the first of several places: it
is completed first."""


def waiting_for(participant: Participant) -> QuerySet[Decision]:
    """Decisions that still want people and were not handed to this one yet."""
    mine = Assignment.objects.filter(decision=OuterRef("pk"), rater=participant.user_id)
    as_gold = _given(participant).filter(gold__comparison=OuterRef("comparison"))
    waiting = waiting_in(participant.campaign).filter(~Exists(mine), ~Exists(as_gold))
    return waiting.filter(_readable(participant))


def _given(participant: Participant) -> QuerySet[Assignment]:
    return Assignment.objects.filter(rater=participant.user_id, campaign=participant.campaign_id)


def _readable(participant: Participant) -> Q:
    """On prompts in a language that the rater reads."""
    if not participant.languages:
        return Q()
    return Q(comparison__prompt__language__in=["", *participant.languages])


def waiting_in(campaign: Campaign) -> QuerySet[Decision]:
    """Decisions that still want people."""
    return Decision.objects.filter(judge=campaign.judge_id, status=DecisionStatus.WAITING)


def held_by(participant: Participant) -> list[Assignment]:
    """What the rater was given and has not answered, in the order in which it was shown."""
    held = Assignment.objects.filter(
        rater=participant.user_id, campaign=participant.campaign_id, answered_at=None,
        skipped_at=None,
    )  # fmt: skip
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
    if not may_go_on(participant):
        return []
    now = timezone.now()
    raters = raters_of(participant.campaign.judge)
    held = [screen for screen in screens(held_by(participant)) if _is_theirs(screen, now, raters)]
    held = held[:count]
    room = _room(participant, sum(map(len, held)))
    while len(held) < count and room > 0:
        found = _gold(participant) or _decisions(participant, room)
        if not found:
            break
        held.append(found)
        room -= len(found)
    _all(held[:1]).update(lease_until=now + LEASE)
    _all(held[1:]).update(lease_until=now + LEASE_UNSEEN)
    if held and held[0][0].shown_at is None:
        _all(held[:1]).update(shown_at=now)
        for row in held[0]:
            row.shown_at = now
    return [row for screen in held for row in screen]


def _is_theirs(screen: Sequence[Assignment], now: datetime, raters: int) -> bool:
    """Whether the rater still has a place in all of a screen: its lease runs, or none took it."""
    lapsed = [row.decision for row in screen if row.decision and row.lease_until <= now]
    return all(_lock(decision) and taken(decision.pk).count() < raters for decision in lapsed)


def _all(held: Sequence[Sequence[Assignment]]) -> QuerySet[Assignment]:
    return Assignment.objects.filter(pk__in=[row.pk for screen in held for row in screen])


def may_go_on(participant: Participant) -> bool:
    """Whether the rater is given anything at all at present."""
    return participant.campaign.is_open and participant.stopped_at is None


def _room(participant: Participant, held: int) -> float:
    """How many more comparisons the rater's quota allows."""
    quota = participant.campaign.quota
    if quota is None:
        return inf
    return quota - held - handed_out(participant).filter(answered_at__isnull=False).count()


def handed_out(participant: Participant) -> QuerySet[Assignment]:
    """What the rater was given of the campaign, without the warm-up."""
    return _given(participant).exclude(gold__is_warm_up=True)


def _gold(participant: Participant) -> list[Assignment]:
    """A gold question when one is due, and something is left among which it can stand."""
    every = participant.campaign.gold_every
    if every is None:
        return []
    place = place_of(participant)
    if not is_gold_place(participant, place, every):
        return []
    questions = list(gold_left(participant))
    if not questions or not waiting_for(participant).exists():
        return []
    return [_hand_gold(Random(f"{participant.pk}:{place}").choice(questions), participant)]


def place_of(participant: Participant) -> int:
    """How many pages the rater was given; what stands on one screen counts once."""
    given = handed_out(participant).aggregate(
        alone=Count("pk", filter=Q(screen="")),
        screens=Count("screen", filter=~Q(screen=""), distinct=True),
    )
    return int(given["alone"] + given["screens"])


def is_gold_place(participant: Participant, place: int, every: int) -> bool:
    """Whether a gold question stands there. One does among every so many; its place is drawn."""
    return place % every == Random(f"{participant.pk}:{place // every}").randrange(every)


def gold_left(participant: Participant) -> QuerySet[GoldQuestion]:
    """The gold questions that the rater could still be asked, without those of the warm-up."""
    seen = _given(participant).filter(gold=OuterRef("pk"))
    return _gold_unjudged(participant).filter(~Exists(seen), is_warm_up=False)


def _gold_unjudged(participant: Participant) -> QuerySet[GoldQuestion]:
    """Gold questions that the rater can read and was not given as one of the others."""
    judged = _given(participant).filter(decision__comparison=OuterRef("comparison"))
    questions = participant.campaign.gold.filter(~Exists(judged), retired_at=None)
    return questions.filter(_readable(participant))


def warm_up(participant: Participant) -> Assignment | None:
    """The next question of the warm-up, or None when the rater has been through it."""
    for question in _gold_unjudged(participant).filter(is_warm_up=True):
        mine = question.assignments.filter(rater=participant.user_id).first()
        if mine is None:
            return _hand_gold(question, participant)
        if mine.answered_at is None:
            return mine
    return None


def _hand_gold(question: GoldQuestion, participant: Participant) -> Assignment:
    drawn = Random(f"gold:{question.pk}:{participant.user_id}")
    return _hand_out(participant, drawn, gold=question)


def _decisions(participant: Participant, room: float) -> list[Assignment]:
    """Hand out the next decision, or where answers are put in order those of a whole screen."""
    if is_ranked(participant.campaign):
        found = _lock_group(participant, room)
    else:
        found = _lock_one(participant)
    begun = [decision.pk for decision in found if decision.priority < BEGUN]
    if begun and raters_of(participant.campaign.judge) > 1:
        Decision.objects.filter(pk__in=begun).update(priority=F("priority") + BEGUN)
    if len(found) > 1:
        return _hand_out_screen(participant, found)
    return [
        _hand_out(participant, Random(f"{one.pk}:{participant.user_id}"), decision=one)
        for one in found
    ]


def taken(decision: OuterRef | int) -> QuerySet[Assignment]:
    """Assignments that hold a place: answered ones that count, and those whose lease runs."""
    live = Q(answered_at__isnull=False) | Q(skipped_at=None, lease_until__gt=timezone.now())
    banned = Quarantine.objects.filter(
        judge=OuterRef("decision__judge"), rater=OuterRef("rater"), lifted_at=None
    )
    return Assignment.objects.filter(live, ~Exists(banned), decision=decision)


def _lock_one(participant: Participant) -> list[Decision]:
    """Lock the waiting decision that stands highest and has a place left; empty when none has."""
    raters = raters_of(participant.campaign.judge)
    for decision in _candidates(participant):
        if _lock(decision) and taken(decision.pk).count() < raters:
            return [decision]
    return []


def _lock_group(participant: Participant, room: float) -> list[Decision]:
    """Lock the waiting decisions on one prompt that one order of its answers decides.

    The prompt is that of the decision that stands highest. What somebody else is at is never waited
    for: another prompt is taken, or in the end what is left of one.
    """
    tried: set[int] = set()
    rest: list[Decision] = []
    for anchor in _candidates(participant):
        prompt = anchor.comparison.prompt_id
        if prompt in tried:
            continue
        tried.add(prompt)
        wanted = _group(anchor, _free_on(prompt, participant), room)
        locked = _lock_all(wanted, participant)
        if len(locked) == len(wanted):
            return locked
        rest = rest or locked
    return _group(rest[0], rest, room) if rest else []


def _group(anchor: Decision, free: Iterable[Decision], room: float) -> list[Decision]:
    pairs = {_pair_of(decision): decision for decision in [*free, anchor]}
    return [pairs[pair] for pair in group_around(_pair_of(anchor), pairs, room)]


def _pair_of(decision: Decision) -> tuple[int, int]:
    compared = decision.comparison
    a, b = sorted((compared.output_a_id, compared.output_b_id))
    return a, b


def _free_on(prompt: int, participant: Participant) -> list[Decision]:
    """The decisions on a prompt that the rater could be given."""
    raters = raters_of(participant.campaign.judge)
    waiting = waiting_for(participant).filter(comparison__prompt=prompt)
    found = list(waiting.select_related("comparison").order_by("pk"))
    return [row for row, count in _with_places_taken(found) if count < raters]


def _lock_all(wanted: Sequence[Decision], participant: Participant) -> list[Decision]:
    """Lock those that still wait and have a place left, in ascending order."""
    rows = Decision.objects.filter(pk__in=[row.pk for row in wanted], status=DecisionStatus.WAITING)
    in_order = rows.select_related("comparison").order_by("pk")
    locked = list(in_order.select_for_update(skip_locked=True, of=("self",)))
    raters = raters_of(participant.campaign.judge)
    return [row for row, count in _with_places_taken(locked) if count < raters]


def _candidates(participant: Participant) -> Iterator[Decision]:
    """Waiting decisions with a place left, those that stand highest first.

    Read are windows of what stands highest, each larger than the last, because those at the top may
    be full for the moment. Of the first candidates, one on a prompt that the rater has seen least
    is preferred.
    """
    raters = raters_of(participant.campaign.judge)
    waiting = waiting_for(participant).order_by("-priority", "pk").select_related("comparison")
    start, size = 0, WINDOW
    while window := list(waiting[start : start + size]):
        free = [row for row, count in _with_places_taken(window) if count < raters]
        for first in range(0, len(free), CANDIDATES):
            yield from _fresh_prompts_first(free[first : first + CANDIDATES], participant)
        start, size = start + size, size * 4


def _with_places_taken(window: Sequence[Decision]) -> list[tuple[Decision, int]]:
    """The decisions, each with the number of its places that are taken."""
    rows = taken(OuterRef("pk")).order_by().values("decision").annotate(n=Count("*")).values("n")
    found = Decision.objects.filter(pk__in=[row.pk for row in window])
    counts = dict(found.annotate(n=Coalesce(Subquery(rows), 0)).values_list("pk", "n"))
    return [(row, counts.get(row.pk, 0)) for row in window]


def _lock(decision: Decision) -> bool:
    """Lock a decision that still waits; False when somebody else is at it."""
    waiting = Decision.objects.filter(pk=decision.pk, status=DecisionStatus.WAITING)
    return bool(waiting.select_for_update(skip_locked=True).values_list("pk"))


def _fresh_prompts_first(
    candidates: Sequence[Decision], participant: Participant
) -> list[Decision]:
    """The candidates in their order, those on prompts that the rater has seen put behind."""
    prompts = {decision.comparison.prompt_id for decision in candidates}
    seen = dict(
        handed_out(participant)
        .filter(decision__comparison__prompt__in=prompts)
        .values_list("decision__comparison__prompt")
        .annotate(n=Count("*"))
    )
    return sorted(candidates, key=lambda decision: seen.get(decision.comparison.prompt_id, 0))


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
        lease_until=timezone.now() + LEASE,
    )


def _hand_out_screen(participant: Participant, decisions: Sequence[Decision]) -> list[Assignment]:
    """Show the outputs of these decisions together, in a drawn order."""
    screen = uuid4().hex
    outputs = {output for decision in decisions for output in _pair_of(decision)}
    place = {output: shown for shown, output in enumerate(shown_order(screen, outputs))}
    until = timezone.now() + LEASE
    return Assignment.objects.bulk_create(
        Assignment(
            campaign=participant.campaign,
            decision=decision,
            rater_id=participant.user_id,
            order=_order(decision.comparison, place),
            screen=screen,
            lease_until=until,
        )
        for decision in decisions
    )


def _order(compared: Comparison, place: Mapping[int, int]) -> Order:
    return Order.AB if place[compared.output_a_id] < place[compared.output_b_id] else Order.BA
