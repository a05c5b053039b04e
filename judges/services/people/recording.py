"""Making judgments of raters' answers, once nobody can take them back.

An answer is final when the rater has given the next one, when `UNDO_SECONDS` have passed, or when
they are done; who takes the next one back can take this one back too, if no sweep came between. The
sweep records what is final, many answers in a transaction: a vote itself waits
for none of it. Judgments are never changed.

Order of locks: participant (for gold), answers, decisions. Who is handed something holds decisions,
and waits for no answer.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from judges.contracts import Order
from judges.models import Assignment, Decision, Judgment, Participant
from judges.services.people import gold
from judges.services.people.assigning import screen_of
from judges.services.people.gold_pages import pairs_of
from judges.services.people.said import judgment_of, said_in
from judges.services.settling import settle

logger = logging.getLogger(__name__)

BATCH = 10
"""Answers in one transaction; few, since nobody is handed their comparisons meanwhile."""

Work = Callable[[Sequence[int]], None]

AT_ONCE = 1000
"""Answers that one sweep looks at; the next comes in seconds."""


def finish(participant: Participant) -> None:
    """Record all that the rater has answered: they are done for now."""
    mine = _unrecorded().filter(rater=participant.user_id, campaign=participant.campaign_id)
    record(list(mine.values_list("pk", flat=True)))


def record_due() -> None:
    """Record the answers that nobody can take back any more; one that fails stops no other."""
    due = _final().order_by("pk").values_list("pk", flat=True)[:AT_ONCE]
    for work, pks in _batches(due):
        _try(work, pks)


def record(assignment_ids: Iterable[int]) -> None:
    """Make judgments of these answers, and of all that was answered on the same screens; those
    recorded already are left alone."""
    for work, pks in _batches(assignment_ids):
        work(pks)


def _batches(assignment_ids: Iterable[int]) -> Iterator[tuple[Work, list[int]]]:
    """What is recorded in a transaction of its own, and how.

    Gold comes first: what a rater who fails it has said otherwise may not count any more.
    """
    rows = Assignment.objects.filter(pk__in=list(assignment_ids)).order_by("pk")
    for pk in rows.filter(gold__isnull=False).values_list("pk", flat=True):
        yield _weigh, [pk]
    for pk in rows.filter(gold=None).exclude(screen="").values_list("pk", flat=True):
        yield _record_screen, [pk]
    alone = iter(rows.filter(gold=None, screen="").values_list("pk", flat=True))
    while batch := list(islice(alone, BATCH)):
        yield _record_pairs, batch


def _try(work: Work, pks: list[int]) -> None:
    try:
        work(pks)
    except Exception:
        if len(pks) == 1:
            logger.exception("the answer of assignment %s could not be recorded", pks[0])
            return
        for pk in pks:
            _try(work, [pk])


def _unrecorded() -> QuerySet[Assignment]:
    """Answers, and gold questions that were skipped: these are weighed like answers."""
    is_said = Q(answered_at__isnull=False) | Q(skipped_at__isnull=False, gold__isnull=False)
    return Assignment.objects.filter(is_said, recorded_at=None)


def _final() -> QuerySet[Assignment]:
    """What has grown old, and what the rater has answered something after."""
    before = timezone.now() - timedelta(seconds=settings.UNDO_SECONDS)
    later = Assignment.objects.filter(
        rater=OuterRef("rater"), campaign=OuterRef("campaign"), answered_at__gt=OuterRef("said_at")
    )
    said = _unrecorded().annotate(said_at=Coalesce("answered_at", "skipped_at"))
    return said.filter(Q(said_at__lte=before) | Exists(later))


@transaction.atomic
def _record_pairs(pks: Sequence[int]) -> None:
    """Of many raters, each alone on its page."""
    rows = list(_unrecorded().filter(pk__in=pks).order_by("pk").select_for_update(of=("self",)))
    Assignment.objects.filter(pk__in=[row.pk for row in rows]).update(recorded_at=timezone.now())
    _judge(rows)


@transaction.atomic
def _weigh(pks: Sequence[int]) -> None:
    """The rater by a gold question."""
    _lock_rater_of(pks[0])
    if _unrecorded().filter(pk__in=pks).update(recorded_at=timezone.now()):
        gold.weigh(Assignment.objects.select_related("gold", "campaign").get(pk__in=pks))


@transaction.atomic
def _record_screen(pks: Sequence[int]) -> None:
    """All that was said on one page, by any of its answers."""
    for one in Assignment.objects.filter(pk__in=pks):
        said = screen_of(one).filter(gold=None, answered_at__isnull=False, recorded_at=None)
        rows = list(said.order_by("pk").select_for_update())
        said.filter(pk__in=[row.pk for row in rows]).update(recorded_at=timezone.now())
        page = screen_of(one).filter(answered_at__isnull=False)
        _judge(rows, shared_by=pairs_of(page))


def _lock_rater_of(pk: int) -> None:
    for campaign, rater in Assignment.objects.filter(pk=pk).values_list("campaign", "rater"):
        mine = Participant.objects.filter(campaign=campaign, user=rater)
        list(mine.select_for_update(no_key=True))


def _judge(rows: Sequence[Assignment], *, shared_by: int = 1) -> None:
    """Write the judgments of these answers, and rule on what they decide.

    Who has judged a comparison otherwise is passed over: an owner may have ruled.
    """
    asked = {row.decision_id for row in rows if row.decision_id}
    decisions = Decision.objects.filter(pk__in=asked).order_by("pk").select_for_update()
    found = {decision.pk: decision for decision in decisions}
    heard = _heard_on(found.values())
    new = []
    for row in rows:
        if row.decision_id is None:
            continue
        decision = found[row.decision_id]
        raters = heard[decision.judge_id, decision.comparison_id]
        if row.rater_id not in raters:
            said, details = said_in(row), _details(row, shared_by)
            shown = Order(row.order)
            new.append(judgment_of(decision, row.rater_id, shown, said, details, len(raters)))
            raters.append(row.rater_id)
    Judgment.objects.bulk_create(new)
    settle(found)


def _heard_on(decisions: Iterable[Decision]) -> defaultdict[tuple[int, int], list[int | None]]:
    """{(judge, comparison): whose judgments are on record}."""
    pairs = [(row.judge_id, row.comparison_id) for row in decisions]
    heard: defaultdict[tuple[int, int], list[int | None]] = defaultdict(list)
    rows = Judgment.objects.filter(
        judge__in={judge for judge, _ in pairs}, comparison__in=[compared for _, compared in pairs]
    )
    for judge, compared, rater in rows.values_list("judge_id", "comparison_id", "rater_id"):
        heard[judge, compared].append(rater)
    return heard


def _details(assignment: Assignment, shared_by: int) -> dict[str, Any]:
    """How long it took, and where the two stood on a page for ranking.

    `seconds` are this comparison's share of those of its screen.
    """
    said = said_in(assignment)
    details: dict[str, Any] = {"seconds": round(_seconds(assignment) / shared_by, 1)}
    if said.places:
        details |= {
            "screen": assignment.screen,
            "ranks": [list(tied) for tied in said.ranks],
            "places": list(said.places),
        }
    return details


def _seconds(assignment: Assignment) -> float:
    """How long the rater had it before them."""
    assert assignment.answered_at is not None  # only answers are recorded
    since: datetime = assignment.shown_at or assignment.created_at
    return (assignment.answered_at - since).total_seconds()
