"""Asking a judge to decide comparisons, and taking the question back."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from django.db import transaction
from django.db.models import QuerySet

from judges.contracts import Silence, Source
from judges.models import Decision, DecisionStatus, Judge, JuryMember
from judges.services.judges import source_of
from judges.services.settling import settle
from judges.tasks import judge as judge_task

FIRST_STATUS = {
    Source.CALLS: DecisionStatus.OPEN,
    Source.RECORD: DecisionStatus.WAITING,
    Source.PEOPLE: DecisionStatus.WAITING,
    Source.MEMBERS: DecisionStatus.WAITING,
}
RETRYABLE = (Silence.FAILED, Silence.MISSING)


@transaction.atomic
def ask(judge: Judge, comparison_ids: Collection[int]) -> dict[int, int]:
    """Have `judge` decide the comparisons; return {comparison id: decision id}.

    What is decided already, for whomever, is shared and not asked again. What nobody wanted any
    more (held) is taken up again. Records and members are read at once.
    """
    source = source_of(judge)
    if source is Source.MEMBERS:
        for seat in judge.seats.select_related("member"):
            ask(seat.member, comparison_ids)
    Decision.objects.bulk_create(
        (
            Decision(judge=judge, comparison_id=pk, status=FIRST_STATUS[source])
            for pk in sorted(comparison_ids)
        ),
        ignore_conflicts=True,
        batch_size=2000,
    )
    mine = Decision.objects.filter(judge=judge, comparison_id__in=comparison_ids)
    mine.filter(status=DecisionStatus.HELD).update(status=FIRST_STATUS[source])
    found = dict(mine.values_list("comparison_id", "pk"))
    if source in (Source.RECORD, Source.MEMBERS):
        settle(found.values())
    if source is Source.CALLS:
        wake()
    return found


@transaction.atomic
def retry(decisions: QuerySet[Decision]) -> int:
    """Ask again where no verdict was had because a call failed or nothing was on record."""
    count = 0
    again = decisions.filter(status=DecisionStatus.UNDECIDED, silence__in=RETRYABLE)
    for judge in Judge.objects.filter(decisions__in=again).distinct():
        source = source_of(judge)
        rows = list(again.filter(judge=judge).values_list("pk", "comparison_id"))
        if source is Source.MEMBERS:
            members = Decision.objects.filter(
                judge__in=judge.members.all(), comparison__in=[pk for _, pk in rows]
            )
            count += retry(members)
        ids = [pk for pk, _ in rows]
        count += Decision.objects.filter(pk__in=ids, status=DecisionStatus.UNDECIDED).update(
            status=FIRST_STATUS[source],
            silence=None,
            note="",
            attempts=0,
            not_before=None,
            settled_at=None,
        )
        if source is not Source.CALLS:
            settle(ids)
    wake()
    return count


@transaction.atomic
def hold(decisions: QuerySet[Decision]) -> int:
    """Take back what nobody has begun to decide; `ask` takes it up again.

    A worker that is at it may finish: its reply is paid for and is kept. Members of a jury are
    held with it; whoever else wants them has to ask for them again.
    """
    waiting = decisions.filter(status__in=(DecisionStatus.OPEN, DecisionStatus.WAITING))
    rows = list(waiting.values_list("pk", "judge_id", "comparison_id"))
    members = Decision.objects.filter(
        judge__in=JuryMember.objects.filter(jury__in={row[1] for row in rows}).values("member"),
        comparison__in=[row[2] for row in rows],
    )
    if rows and members.exists():
        hold(members)
    # A verdict or a claim may have come meanwhile; both stand.
    still = Decision.objects.filter(
        pk__in=[row[0] for row in rows], status__in=(DecisionStatus.OPEN, DecisionStatus.WAITING)
    )
    return still.update(status=DecisionStatus.HELD)


def wake() -> None:
    """Tell a worker, once this transaction is in, that there is work. May be lost: see sweep."""
    transaction.on_commit(partial(judge_task.delay))
