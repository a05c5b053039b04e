"""Putting questions to judges: rows of the queue, and the wake-up of a worker."""

from __future__ import annotations

import logging
from collections.abc import Collection
from functools import partial
from random import Random

from celery import Task
from django.db import transaction
from django.db.models import QuerySet
from kombu.exceptions import OperationalError

from judges.contracts import Source
from judges.kinds import registry
from judges.models import SETTLED, Decision, DecisionStatus, Judge
from judges.tasks import judge as judge_task

logger = logging.getLogger(__name__)

FIRST_STATUS = {
    Source.CALLS: DecisionStatus.OPEN,
    Source.RECORD: DecisionStatus.WAITING,
    Source.PEOPLE: DecisionStatus.WAITING,
    Source.MEMBERS: DecisionStatus.WAITING,
}


def enter(judge: Judge, comparison_ids: Collection[int]) -> dict[int, int]:
    """Write down what `judge` is asked, once; take up what was held. {comparison: decision}.

    Whoever settles a member's verdict at this moment cannot see a jury that is not committed yet.
    So the jury waits for them here, and sees their verdict. They never wait for a jury while they
    hold a member: the order of locks is juries first, then members.
    """
    source = registry.get(judge.kind).source
    Decision.objects.bulk_create(
        (
            Decision(
                judge=judge,
                comparison_id=pk,
                status=FIRST_STATUS[source],
                priority=_priority(judge, pk) if source is Source.PEOPLE else 0.0,
            )
            for pk in sorted(comparison_ids)
        ),
        ignore_conflicts=True,
        batch_size=2000,
    )
    mine = Decision.objects.filter(judge=judge, comparison_id__in=comparison_ids)
    if source is Source.MEMBERS:
        lock(mine)
    mine.filter(status=DecisionStatus.HELD).update(status=FIRST_STATUS[source])
    if source is Source.MEMBERS:
        lock(Decision.objects.filter(judge__seats_taken__jury=judge, comparison__in=comparison_ids))
    if source is Source.CALLS:
        wake()
    return dict(mine.values_list("comparison_id", "pk"))


def _priority(judge: Judge, comparison_id: int) -> float:
    """Above 1: a tournament waits for it. Drawn, so that no prompt comes before another."""
    return 1.0 + Random(f"{judge.pk}:{comparison_id}").random()


def lock(decisions: QuerySet[Decision]) -> None:
    """Lock those that are not settled, in one order for everybody; waits for who has them."""
    rows = decisions.exclude(status__in=SETTLED).order_by("pk").select_for_update(of=("self",))
    list(rows.values_list("pk", flat=True))


def wake() -> None:
    """Tell a worker, once this transaction is in, that there is work. May be lost: see sweep."""
    send(judge_task)


def send(task: Task[..., None], **kwargs: int) -> None:
    """Send a message once this transaction is in.

    It may be lost when there is no broker: what is committed stands, and what else was to be done
    after the commit is done all the same.
    """
    transaction.on_commit(partial(_send, task, kwargs), robust=True)


def _send(task: Task[..., None], kwargs: dict[str, int]) -> None:
    try:
        task.delay(**kwargs)
    except OperationalError as error:
        logger.warning("No broker: the message %s is lost (%s)", task.name, error)
