"""Taking raters' answers, taking them back, and making judgments of them.

An answer is provisional until the rater has given the next one, or until `UNDO_SECONDS` have
passed; judgments themselves are never changed.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from arena.common.errors import Conflict
from judges.contracts import Order, Preference
from judges.models import Assignment, Decision, Participant
from judges.services.people import gold
from judges.services.people.assigning import LEASE, screen_of
from judges.services.people.places import waiting_in
from judges.services.people.said import Said, write
from judges.services.settling import settle

logger = logging.getLogger(__name__)


def answer(assignment: Assignment, said: Said) -> None:
    """Take the answer, and record what the rater answered before it.

    The same answer once more changes nothing: it was sent again because its reply was lost. Raises
    Conflict when the assignment was skipped, or answered otherwise.
    """
    open_ones = Assignment.objects.filter(pk=assignment.pk, answered_at=None, skipped_at=None)
    if not open_ones.update(answered_at=timezone.now(), answer=_kept(said)):
        assignment.refresh_from_db()
        if assignment.answer != _kept(said):
            raise Conflict("this comparison was answered already")
        return
    _record_before(assignment, [assignment.pk])
    if settings.UNDO_SECONDS == 0 or (assignment.gold and assignment.gold.is_warm_up):
        record([assignment.pk])


def answer_screen(assignments: Sequence[Assignment], said: Sequence[Said]) -> None:
    """Take what one order says of all pairs of a screen, together or not at all.

    `said` belongs to `assignments` one by one. Otherwise as `answer`.
    """
    if len(assignments) == 1:
        answer(assignments[0], said[0])
        return
    answers = {row.pk: _kept(one) for row, one in zip(assignments, said, strict=True)}
    with transaction.atomic():
        rows = _locked(Assignment.objects.filter(pk__in=answers))
        if any(row.answered_at or row.skipped_at for row in rows):
            if any(row.answer != answers[row.pk] for row in rows):
                raise Conflict("these comparisons were answered already")
            return
        now = timezone.now()
        for row in rows:
            row.answer, row.answered_at = answers[row.pk], now
        Assignment.objects.bulk_update(rows, ["answer", "answered_at"])
    _record_before(assignments[0], list(answers))
    if settings.UNDO_SECONDS == 0:
        record(list(answers))


def skip(assignment: Assignment) -> None:
    """Leave the comparison, with all of its screen, to somebody else.

    A gold question that is skipped counts as answered otherwise than expected, as soon as an answer
    would count. Raises Conflict when it was answered already.
    """
    open_ones = screen_of(assignment).filter(answered_at=None, skipped_at=None)
    if open_ones.update(skipped_at=timezone.now()):
        if settings.UNDO_SECONDS == 0 and assignment.gold_id:
            record([assignment.pk])
        return
    assignment.refresh_from_db()
    if assignment.answered_at is not None:
        raise Conflict("this comparison was answered already")


def undoable(participant: Participant) -> Assignment | None:
    """What `undo` would take back: the last that the rater answered or skipped, if it still can."""
    mine = Assignment.objects.filter(rater=participant.user_id, campaign=participant.campaign_id)
    answered = mine.filter(answered_at__isnull=False, recorded_at=None).order_by("-answered_at")
    since = timezone.now() - timedelta(seconds=settings.UNDO_SECONDS)
    skipped = skipped_by(participant).filter(skipped_at__gt=since)
    found = [answered.first(), skipped.order_by("-skipped_at").first()]
    return max(filter(None, found), key=_last_touched, default=None)


def undo(participant: Participant) -> Assignment:
    """Take back what the rater answered or skipped last; the assignment is theirs again, and so is
    all of its screen.

    Raises Conflict when there is nothing, or when it is recorded already.
    """
    last = undoable(participant)
    # Of what was skipped, somebody may have taken the place since.
    lease = timedelta() if last and last.skipped_at else LEASE
    back = {
        "answered_at": None, "answer": None, "skipped_at": None, "recorded_at": None,
        "lease_until": timezone.now() + lease,
    }  # fmt: skip
    if last is None or not _take_back_all(_touched_with(last), **back):
        raise Conflict("there is no answer that could still be taken back")
    last.refresh_from_db()
    return last


def _touched_with(last: Assignment) -> QuerySet[Assignment]:
    return screen_of(last).filter(answered_at=last.answered_at, skipped_at=last.skipped_at)


def _last_touched(assignment: Assignment) -> datetime:
    moment = assignment.answered_at or assignment.skipped_at
    assert moment is not None  # only such are looked at
    return moment


def skipped_by(participant: Participant) -> QuerySet[Assignment]:
    """What the rater skipped and nobody has decided since."""
    mine = Assignment.objects.filter(rater=participant.user_id, campaign=participant.campaign_id)
    skipped = mine.filter(answered_at=None, skipped_at__isnull=False)
    return skipped.filter(Q(decision__in=waiting_in(participant.campaign)) | Q(decision=None))


def take_back(participant: Participant) -> int:
    """Give the rater what they skipped and nobody has decided since; return how many.

    Their lease has ended: they get it where no one else has taken their place.
    """
    return skipped_by(participant).update(
        skipped_at=None, recorded_at=None, lease_until=timezone.now()
    )


def finish(participant: Participant) -> None:
    """Record all that the rater has answered: they are done for now."""
    mine = _unrecorded().filter(rater=participant.user_id, campaign=participant.campaign_id)
    record(list(mine.values_list("pk", flat=True)))


def record_due() -> None:
    """Record the answers that nobody can take back any more; one that fails stops no other."""
    before = timezone.now() - timedelta(seconds=settings.UNDO_SECONDS)
    due = _unrecorded().filter(Q(answered_at__lte=before) | Q(skipped_at__lte=before))
    for pk in due.order_by("pk").values_list("pk", flat=True)[:1000]:
        try:
            record([pk])
        except Exception:
            logger.exception("the answer of assignment %s could not be recorded", pk)


def record(assignment_ids: list[int]) -> None:
    """Make judgments of these answers, and of all that was answered on the same screens; those
    recorded already are left alone.

    Order of locks, as where a rater is handed something: participant, assignments, decisions.
    """
    for pk in sorted(assignment_ids):
        with transaction.atomic():
            _lock_rater_of(pk)
            if _unrecorded().filter(pk=pk).update(recorded_at=timezone.now()):
                _record(Assignment.objects.select_related("gold", "campaign").get(pk=pk))


def said_in(assignment: Assignment) -> Said:
    """The answer of an assignment that has one."""
    kept = dict(assignment.answer or {})
    scores = kept.get("scores")
    return Said(
        preference=Preference(kept["preference"]),
        strength=kept["strength"],
        reasons=tuple(kept["reasons"]),
        comment=kept["comment"],
        criteria={key: Preference(value) for key, value in kept["criteria"].items()},
        scores=(scores[0], scores[1]) if scores else None,
        ranks=tuple(map(tuple, kept.get("ranks", ()))),
        places=tuple(kept["places"]) if kept.get("places") else None,
    )


def _kept(said: Said) -> dict[str, Any]:
    """The answer as its column keeps it."""
    kept: dict[str, Any] = json.loads(json.dumps(asdict(said)))
    return kept


def _unrecorded() -> QuerySet[Assignment]:
    """Answers, and gold questions that were skipped: these are weighed like answers."""
    is_said = Q(answered_at__isnull=False) | Q(skipped_at__isnull=False, gold__isnull=False)
    return Assignment.objects.filter(is_said, recorded_at=None)


def _lock_rater_of(pk: int) -> None:
    for campaign, rater in Assignment.objects.filter(pk=pk).values_list("campaign", "rater"):
        mine = Participant.objects.filter(campaign=campaign, user=rater)
        list(mine.select_for_update(no_key=True))


def _record_before(assignment: Assignment, same: list[int]) -> None:
    """Record what the rater answered before; nobody can take it back now."""
    before = _unrecorded().filter(rater=assignment.rater_id, campaign=assignment.campaign_id)
    record(list(before.exclude(pk__in=same).order_by("pk").values_list("pk", flat=True)))


def _take_back_all(rows: QuerySet[Assignment], **back: datetime | None) -> bool:
    """Open these again, unless an answer among them is recorded."""
    with transaction.atomic():
        found = _locked(rows)
        if any(row.recorded_at and row.answered_at for row in found):
            return False
        return bool(Assignment.objects.filter(pk__in=[row.pk for row in found]).update(**back))


def _locked(rows: QuerySet[Assignment]) -> list[Assignment]:
    """Always in the same order, as does whoever records them."""
    return list(rows.order_by("pk").select_for_update())


def _record(assignment: Assignment) -> None:
    """Write the judgments of an answer and its screen, or weigh the rater by the gold question."""
    if assignment.gold is not None:
        gold.weigh(assignment)
        return
    rows = [assignment]
    if assignment.screen:
        rest = _locked(screen_of(assignment).filter(answered_at__isnull=False, recorded_at=None))
        Assignment.objects.filter(pk__in=[row.pk for row in rest]).update(
            recorded_at=assignment.recorded_at
        )
        rows += rest
    judged = {row.decision_id: row for row in rows if row.decision_id}
    decisions = list(Decision.objects.filter(pk__in=judged).order_by("pk").select_for_update())
    for decision in decisions:
        _write(decision, judged[decision.pk], shared_by=len(rows))
    settle([decision.pk for decision in decisions])


def _write(decision: Decision, assignment: Assignment, shared_by: int) -> None:
    """Write the judgment, unless the rater has judged it otherwise: an owner may have ruled."""
    if decision.judgments().filter(rater=assignment.rater_id).exists():
        return
    said = said_in(assignment)
    details = _details(assignment, said, shared_by)
    write(decision, assignment.rater_id, Order(assignment.order), said, details)


def _details(assignment: Assignment, said: Said, shared_by: int) -> dict[str, Any]:
    """How long it took, and where the two stood on a page for ranking.

    `seconds` are this comparison's share of those of its screen.
    """
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
