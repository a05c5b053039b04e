"""Taking raters' answers, and taking them back; `recording` makes judgments of them later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from arena.common.errors import Conflict
from judges.models import Assignment, DecisionStatus, Participant
from judges.services.people.assigning import LEASE, screen_of
from judges.services.people.places import given
from judges.services.people.recording import record
from judges.services.people.said import Said, kept

_SKIPPED = Q(answered_at=None, skipped_at__isnull=False) & (
    Q(decision__status=DecisionStatus.WAITING) | Q(decision=None)
)
"""Skipped, and nobody has decided it since."""


def answer(assignment: Assignment, said: Said) -> None:
    """Take the answer.

    The same answer once more changes nothing: it was sent again because its reply was lost. Raises
    Conflict when the assignment was skipped, or answered otherwise.
    """
    open_ones = Assignment.objects.filter(pk=assignment.pk, answered_at=None, skipped_at=None)
    if not open_ones.update(answered_at=timezone.now(), answer=kept(said)):
        assignment.refresh_from_db()
        if assignment.answer != kept(said):
            raise Conflict("this comparison was answered already")
        return
    if settings.UNDO_SECONDS == 0 or (assignment.gold and assignment.gold.is_warm_up):
        record([assignment.pk])


def answer_screen(assignments: Sequence[Assignment], said: Sequence[Said]) -> None:
    """Take what one order says of all pairs of a screen, together or not at all.

    `said` belongs to `assignments` one by one. Otherwise as `answer`.
    """
    if len(assignments) == 1:
        answer(assignments[0], said[0])
        return
    answers = {row.pk: kept(one) for row, one in zip(assignments, said, strict=True)}
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
    since = timezone.now() - timedelta(seconds=settings.UNDO_SECONDS)
    answered = Q(answered_at__isnull=False, recorded_at=None)
    skipped = _SKIPPED & Q(skipped_at__gt=since)
    in_order = given(participant).order_by(Coalesce("answered_at", "skipped_at").desc())
    return in_order.filter(answered | skipped).first()


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


def skipped_by(participant: Participant) -> QuerySet[Assignment]:
    """What the rater skipped and nobody has decided since."""
    return given(participant).filter(_SKIPPED)


def take_back(participant: Participant) -> int:
    """Give the rater what they skipped and nobody has decided since; return how many.

    Their lease has ended: they get it where no one else has taken their place.
    """
    return skipped_by(participant).update(
        skipped_at=None, recorded_at=None, lease_until=timezone.now()
    )


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
