"""Asking a judge to decide comparisons, and taking the question back."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet

from judges.contracts import Silence, Source
from judges.models import SETTLED, Decision, DecisionStatus, Judge, JuryMember
from judges.services import charges, docket
from judges.services.judges import source_of
from judges.services.settling import juries_of, settle

RETRYABLE = (Silence.FAILED, Silence.MISSING)

_UNSETTLED = {
    "winner": None, "silence": None, "share": None, "note": "", "attempts": 0, "losses": 0,
    "not_before": None, "settled_at": None,
}  # fmt: skip


@transaction.atomic
def ask(judge: Judge, comparison_ids: Collection[int]) -> dict[int, int]:
    """Have `judge` decide the comparisons; return {comparison id: decision id}.

    What is decided already, for whomever, is shared and not asked again. What nobody wanted any
    more (held) is taken up again. Records are read at once, and a jury asks those of its members
    that it wants to hear first.
    """
    found = docket.enter(judge, comparison_ids)
    if source_of(judge) in (Source.RECORD, Source.MEMBERS):
        settle(found.values())
    return found


@transaction.atomic
def retry(decisions: QuerySet[Decision]) -> int:
    """Ask again where no verdict was had because a call failed or nothing was on record."""
    count = 0
    again = decisions.filter(status=DecisionStatus.UNDECIDED, silence__in=RETRYABLE)
    again = Decision.objects.filter(pk__in=_lock(again))
    for judge in Judge.objects.filter(decisions__in=again).distinct():
        source = source_of(judge)
        rows = list(again.filter(judge=judge).values_list("pk", "comparison_id"))
        ids = [pk for pk, _ in rows]
        if source is Source.MEMBERS:
            members = Decision.objects.filter(
                judge__in=judge.members.all(), comparison__in=[pk for _, pk in rows]
            )
            count += retry(members)
        count += Decision.objects.filter(pk__in=ids, status=DecisionStatus.UNDECIDED).update(
            status=docket.FIRST_STATUS[source], **_UNSETTLED
        )
        if source is Source.CALLS:
            charges.take_back(ids)
        else:
            settle(ids)
    docket.wake()
    return count


@transaction.atomic
def reopen(decisions: QuerySet[Decision]) -> int:
    """Have people judge again what is settled; return how many. What was said of it stands.

    Juries in which it counted rule anew on what is left, or wait for it.
    """
    wanted = decisions.filter(status__in=SETTLED)
    juries = _juries_above(list(wanted.values_list("pk", flat=True)))
    settled = Decision.objects.filter(pk__in=juries, status__in=SETTLED)
    above = Decision.objects.filter(pk__in=_lock(settled))
    again = Decision.objects.filter(pk__in=_lock(wanted))
    pks = list(above.values_list("pk", flat=True))
    above.update(status=docket.FIRST_STATUS[Source.MEMBERS], **_UNSETTLED)
    count = again.update(status=docket.FIRST_STATUS[Source.PEOPLE], **_UNSETTLED)
    settle(pks)
    return count


def _juries_above(pks: list[int]) -> set[int]:
    """Settled decisions of juries in which these count, and of juries in which those do."""
    found: set[int] = set()
    while pks := juries_of(pks, SETTLED):
        found.update(pks)
    return found


@transaction.atomic
def hold(decisions: QuerySet[Decision]) -> int:
    """Take back what nobody has begun to decide; `ask` takes it up again.

    A worker that is at it may finish: its reply is paid for and is kept. The members of a jury
    that were asked are held with it, and it asks no others; whoever else wants them has to ask for
    them again.
    """
    waiting = decisions.filter(status__in=(DecisionStatus.OPEN, DecisionStatus.WAITING))
    held = Decision.objects.filter(pk__in=_lock(waiting))
    rows = list(held.values_list("judge_id", "comparison_id"))
    members = Decision.objects.filter(
        judge__in=JuryMember.objects.filter(jury__in={row[0] for row in rows}).values("member"),
        comparison__in=[row[1] for row in rows],
    )
    if rows and members.exists():
        hold(members)
    return held.update(status=DecisionStatus.HELD)


def _lock(decisions: QuerySet[Decision]) -> list[int]:
    """Lock those that are still so once it is our turn, in one order for everybody.

    Juries are locked before their members; nobody then asks another member meanwhile.
    """
    rows = decisions.order_by("pk").select_for_update(of=("self",))
    return list(rows.values_list("pk", flat=True))
