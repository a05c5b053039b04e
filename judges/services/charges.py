"""Replies that were paid for judgments that never came about: charged on the decision."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from judges.models import Charge, Decision, Judge, StoredReply
from judges.services.costs import usd_of_reply

Reply = Mapping[str, Any]


def charge(paid: Mapping[int, Collection[str]]) -> None:
    """Charge decisions {id: keys of stored replies} for what no judgment will bear."""
    keys = {key for found in paid.values() for key in found}
    if not keys:
        return
    rows = StoredReply.objects.filter(pk__in=keys).values_list("key", "reply")
    stored: dict[str, Reply] = dict(rows)
    decisions = Decision.objects.filter(pk__in=paid).select_related("judge__project")
    Charge.objects.bulk_create(
        _charge(decision, found)
        for decision in decisions
        if (found := {key: stored[key] for key in sorted(paid[decision.pk]) if key in stored})
    )


def take_back(decision_ids: Collection[int]) -> None:
    """Take charges back whose judgments are asked again: these find the replies and bear the price.

    Where a reply is forgotten it will be paid for anew, and the charge stands.
    """
    for made in Charge.objects.filter(decision__in=decision_ids):
        if StoredReply.objects.filter(pk__in=made.keys).count() == len(made.keys):
            made.delete()


def _charge(decision: Decision, replies: Mapping[str, Reply]) -> Charge:
    said = list(replies.values())
    return Charge(
        decision=decision,
        keys=list(replies),
        calls=len(said),
        tokens_in=sum(reply.get("tokens_in") or 0 for reply in said),
        tokens_out=sum(reply.get("tokens_out") or 0 for reply in said),
        usd=_usd(decision.judge, said),
    )


def _usd(judge: Judge, replies: Sequence[Reply]) -> float | None:
    prices = [usd_of_reply(judge, reply) for reply in replies]
    known = [price for price in prices if price is not None]
    return sum(known) if len(known) == len(prices) else None
