"""Putting questions to judges: rows of the queue, and the wake-up of a worker."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection
from functools import partial
from random import Random

from celery import Task
from django.db import transaction
from django.db.models import Count, F, QuerySet
from kombu.exceptions import OperationalError

from arena.models import Comparison
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
    drawn = _priorities(judge, comparison_ids) if source is Source.PEOPLE else {}
    Decision.objects.bulk_create(
        (
            Decision(
                judge=judge,
                comparison_id=pk,
                status=FIRST_STATUS[source],
                priority=drawn.get(pk, 0.0),
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
    if source is Source.PEOPLE:  # a tournament waits now for what was only selected before
        mine.filter(priority__lte=1.0).update(priority=F("priority") + 1.0)
    if source is Source.MEMBERS:
        lock(Decision.objects.filter(judge__seats_taken__jury=judge, comparison__in=comparison_ids))
    if source is Source.CALLS:
        wake()
    return dict(mine.values_list("comparison_id", "pk"))


def _priorities(judge: Judge, comparison_ids: Collection[int]) -> dict[int, float]:
    """Above 1: a tournament waits for it. Each prompt's first comparison comes before any prompt's
    second, and so on, so that prompts are served alike; within that it is drawn."""
    draw = Random(f"{judge.pk}")
    rows = list(Comparison.objects.filter(pk__in=comparison_ids).values_list("pk", "prompt_id"))
    before = Decision.objects.filter(judge=judge, comparison__prompt__in={row[1] for row in rows})
    asked = before.values_list("comparison__prompt").annotate(n=Count("pk")).order_by()
    ranks = Counter(dict(asked))
    found = {}
    for pk, prompt in sorted(rows, key=lambda row: (draw.random(), row)):
        found[pk] = 1.0 + 1.0 / (1.0 + ranks[prompt] + draw.random())
        ranks[prompt] += 1
    return found


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
