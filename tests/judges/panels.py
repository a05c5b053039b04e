"""Judgments as several judges would have left them, for the tests of reports."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import User

from arena.models import Comparison
from judges.models import Judge, Judgment
from judges.services import decisions
from judges.services.settling import settle

Said = tuple[Comparison, str, str | None]


def record(judge: Judge, said: Iterable[Said], **more: object) -> None:
    """Write judgments (comparison, order, winner or silence) of a judge and settle them."""
    silences = {"unparsable", "refused", "abstained"}
    rows, asked = [], set()
    for comparison, order, what in said:
        silent = what in silences
        rows.append(
            Judgment(
                judge=judge,
                comparison=comparison,
                order=order,
                winner=None if silent else what,
                silence=what if silent else None,
                **{"sample": 0, **more},
            )
        )
        asked.add(comparison.pk)
    Judgment.objects.bulk_create(rows)
    settle(decisions.ask(judge, asked).values())


def both_orders(
    judge: Judge, compared: Iterable[Comparison], *winners: str, **more: object
) -> None:
    """The winners in order ab and, where there are two, in order ba."""
    pair = winners if len(winners) == 2 else winners * 2
    record(
        judge,
        [(c, order, w) for c in compared for order, w in zip(("ab", "ba"), pair, strict=True)],
        **more,
    )


def vote(judge: Judge, rater: User, compared: Iterable[Comparison], winner: str) -> None:
    """One person's verdict on each comparison."""
    record(judge, [(c, "ab", winner) for c in compared], rater=rater)
