"""Which comparisons have a place for a rater, and locking those that they are given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from time import sleep

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

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
from judges.services.people.ranking import group_around

PAUSES = (0.05, 0.1)
"""Seconds."""

CANDIDATES = 12
"""Comparisons among which one is chosen by its prompt, so that prompts differ."""


def waiting_for(participant: Participant) -> QuerySet[Decision]:
    """Decisions that still want people and were not handed to this one yet."""
    mine = Assignment.objects.filter(decision=OuterRef("pk"), rater=participant.user_id)
    as_gold = given(participant).filter(gold__comparison=OuterRef("comparison"))
    waiting = waiting_in(participant.campaign).filter(~Exists(mine), ~Exists(as_gold))
    return waiting.filter(readable(participant))


def given(participant: Participant) -> QuerySet[Assignment]:
    return Assignment.objects.filter(rater=participant.user_id, campaign=participant.campaign_id)


def readable(participant: Participant) -> Q:
    """On prompts in a language that the rater reads."""
    if not participant.languages:
        return Q()
    return Q(comparison__prompt__language__in=["", *participant.languages])


def waiting_in(campaign: Campaign) -> QuerySet[Decision]:
    """Decisions that still want people."""
    return Decision.objects.filter(judge=campaign.judge_id, status=DecisionStatus.WAITING)


def handed_out(participant: Participant) -> QuerySet[Assignment]:
    """What the rater was given of the campaign, without the warm-up."""
    return given(participant).exclude(gold__is_warm_up=True)


def taken(decision: OuterRef | int) -> QuerySet[Assignment]:
    """Assignments that hold a place: answered ones that count, and those whose lease runs."""
    live = Q(answered_at__isnull=False) | Q(skipped_at=None, lease_until__gt=timezone.now())
    banned = Quarantine.objects.filter(
        judge=OuterRef("decision__judge"), rater=OuterRef("rater"), lifted_at=None
    )
    return Assignment.objects.filter(live, ~Exists(banned), decision=decision)


def lock_one(participant: Participant) -> list[Decision]:
    """Lock the waiting decision that stands highest and has a place left; empty when none has."""
    return _once_free(partial(_lock_one, participant), participant)


def _lock_one(participant: Participant) -> list[Decision]:
    raters = raters_of(participant.campaign.judge)
    for decision in _candidates(participant):
        if lock(decision) and taken(decision.pk).count() < raters:
            return [decision]
    return []


def lock_group(participant: Participant, room: float) -> list[Decision]:
    """Lock the waiting decisions on one prompt that one order of its answers decides.

    The prompt is that of the decision that stands highest. What somebody else is at is never waited
    for: another prompt is taken, or in the end what is left of one.
    """
    return _once_free(partial(_lock_group, participant, room), participant)


def _once_free(attempt: Callable[[], list[Decision]], participant: Participant) -> list[Decision]:
    """What an attempt locks. It is repeated where others hold all that is left: a sweep does so for
    some milliseconds, and nobody should be told meanwhile that nothing is left."""
    for pause in PAUSES:
        if (found := attempt()) or next(_candidates(participant), None) is None:
            return found
        sleep(pause)
    return attempt()


def _lock_group(participant: Participant, room: float) -> list[Decision]:
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
    pairs = {pair_of(decision): decision for decision in [*free, anchor]}
    return [pairs[pair] for pair in group_around(pair_of(anchor), pairs, room)]


def pair_of(asked: Decision | GoldQuestion) -> tuple[int, int]:
    """The two outputs, in ascending order."""
    compared = asked.comparison
    a, b = sorted((compared.output_a_id, compared.output_b_id))
    return a, b


def _free_on(prompt: int, participant: Participant) -> list[Decision]:
    """The decisions on a prompt that the rater could be given."""
    raters = raters_of(participant.campaign.judge)
    waiting = waiting_for(participant).filter(comparison__prompt=prompt)
    return list(_with_a_place(waiting, raters).select_related("comparison").order_by("pk"))


def _lock_all(wanted: Sequence[Decision], participant: Participant) -> list[Decision]:
    """Lock those that still wait and have a place left, in ascending order."""
    rows = Decision.objects.filter(pk__in=[row.pk for row in wanted], status=DecisionStatus.WAITING)
    in_order = rows.select_related("comparison").order_by("pk")
    locked = list(in_order.select_for_update(skip_locked=True, of=("self",)))
    # Seen only now that nobody else can take a place.
    raters = raters_of(participant.campaign.judge)
    mine = Decision.objects.filter(pk__in=[row.pk for row in locked])
    free = set(_with_a_place(mine, raters).values_list("pk", flat=True))
    return [row for row in locked if row.pk in free]


def _candidates(participant: Participant) -> Iterator[Decision]:
    """Waiting decisions with a place left, those that stand highest first.

    Read are a few at a time, because somebody else may be at those at the top. Of the first, one on
    a prompt that the rater has seen least is preferred.
    """
    raters = raters_of(participant.campaign.judge)
    free = _with_a_place(waiting_for(participant), raters)
    in_order = free.order_by("-priority", "pk").select_related("comparison")
    start, size = 0, CANDIDATES
    while found := list(in_order[start : start + size]):
        for first in range(0, len(found), CANDIDATES):
            yield from _fresh_prompts_first(found[first : first + CANDIDATES], participant)
        start, size = start + size, size * 4


def _with_a_place(decisions: QuerySet[Decision], raters: int) -> QuerySet[Decision]:
    """Those of which fewer places are taken than there are."""
    rows = taken(OuterRef("pk")).order_by().values("decision").annotate(n=Count("*")).values("n")
    return decisions.alias(n_taken=Coalesce(Subquery(rows), 0)).filter(n_taken__lt=raters)


def lock(decision: Decision) -> bool:
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
