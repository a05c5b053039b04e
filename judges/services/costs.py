"""What a judge takes for one comparison: calls, tokens, money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Avg, Count, FloatField, Sum, TextField
from django.db.models.functions import Cast, Length

from arena.models import Output, Project, Prompt
from judges.contracts import CallingKind
from judges.kinds import registry
from judges.kinds.jury import Jury
from judges.models import Endpoint, Judge, Judgment

ENOUGH = 20
"""Judgments from which on the mean of what was paid replaces the estimate."""

CHARS_PER_TOKEN = 4.0
TEMPLATE_TOKENS = 500
REPLY_TOKENS = 300
"""A reason and a verdict; what a reply is taken to be long before any came."""

MARGIN = 1.5
"""Of a comparison's expected price that is kept back while it is being judged: they differ."""

LOOKED_AT = 500
"""Texts whose mean length stands for all."""

PER_TOKEN = 1e-6


@dataclass(frozen=True)
class Cost:
    """What one comparison takes as planned, about; `most_*` is what has to be kept back for it.

    `usd` is None when a price is not known. `observed`: from this judge's own record. `spare_usd`
    is for those who are asked only when others fail or are split, and are not planned for.
    """

    calls: float = 0
    most_calls: int = 0
    tokens_in: float = 0
    tokens_out: float = 0
    usd: float | None = 0.0
    observed: bool = False
    spare_usd: float | None = 0.0

    @property
    def most_usd(self) -> float | None:
        most = _total(self.usd, self.spare_usd)
        return None if most is None else most * MARGIN

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.calls + other.calls,
            self.most_calls + other.most_calls,
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            _total(self.usd, other.usd),
            self.observed and other.observed,
            _total(self.spare_usd, other.spare_usd),
        )

    def or_else(self, spare: Cost) -> Cost:
        """The same plan, with `spare` to be kept back on top of it."""
        return replace(
            self,
            most_calls=self.most_calls + spare.most_calls,
            spare_usd=_total(self.spare_usd, _total(spare.usd, spare.spare_usd)),
        )


def _total(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def cost_of(judge: Judge) -> Cost:
    """What `judge` takes for one comparison.

    Of a jury: all that its members take; stand-ins and those it escalates to are kept back for.
    """
    kind = registry.build(judge.kind, judge.params)
    if isinstance(kind, Jury):
        return _of_jury(judge, kind)
    if not isinstance(kind, CallingKind) or not kind.most_calls():
        return Cost(observed=True)
    calls = kind.planned_calls()
    tokens_in, tokens_out, observed = _tokens(judge)
    usd = _usd_of_a_call(judge, kind, tokens_in, tokens_out)
    return Cost(
        calls=calls,
        most_calls=kind.most_calls(),
        tokens_in=tokens_in * calls,
        tokens_out=tokens_out * calls,
        usd=None if usd is None else usd * calls,
        observed=observed,
    )


def _of_jury(judge: Judge, jury: Jury) -> Cost:
    seats = judge.seats.select_related("member__project")
    costs = {seat.member.name: cost_of(seat.member) for seat in seats}
    members = {name: cost for name, cost in costs.items() if name in jury.params.members}
    spare = [cost for name, cost in costs.items() if name not in members]
    plan = sum(members.values(), Cost(observed=bool(members)))
    return plan.or_else(sum(spare, Cost()))


def _tokens(judge: Judge) -> tuple[float, float, bool]:
    """(in, out) of one call, and whether that was seen or is an estimate."""
    paid = Judgment.objects.filter(judge=judge, calls__gt=0, tokens_in__gt=0)
    seen = paid.aggregate(
        n=Count("pk"), calls=Sum("calls"), tokens_in=Sum("tokens_in"), tokens_out=Sum("tokens_out")
    )
    if seen["n"] >= ENOUGH:
        return seen["tokens_in"] / seen["calls"], seen["tokens_out"] / seen["calls"], True
    limit = judge.params.get("max_tokens") or REPLY_TOKENS
    return _prompt_tokens(judge.project), min(limit, REPLY_TOKENS), False


def _prompt_tokens(project: Project) -> float:
    """A template, the mean prompt and two mean outputs."""
    outputs = Output.objects.filter(prompt__project=project)[:LOOKED_AT]
    answer = outputs.aggregate(mean=_mean_length("turns"))["mean"] or 0.0
    prompts = Prompt.objects.filter(project=project)[:LOOKED_AT]
    asked = prompts.aggregate(mean=_mean_length("messages"))["mean"] or 0.0
    return float(TEMPLATE_TOKENS + (asked + 2 * answer) / CHARS_PER_TOKEN)


def _mean_length(column: str) -> Avg:
    """The mean length of a JSON column, in characters."""
    return Avg(Cast(Length(Cast(column, TextField())), FloatField()))


def _usd_of_a_call(
    judge: Judge, kind: CallingKind, tokens_in: float, tokens_out: float
) -> float | None:
    """By the known prices, else as endpoints that tell have charged so far."""
    fixed: float | None = getattr(kind, "usd_per_call", None)
    if fixed is not None:
        return fixed
    prices = _prices(judge.project, judge.params)
    if prices is not None:
        return (tokens_in * prices[0] + tokens_out * prices[1]) * PER_TOKEN
    told = Judgment.objects.filter(judge=judge, calls__gt=0, usd__isnull=False)
    seen = told.aggregate(calls=Sum("calls"), usd=Sum("usd"))
    return seen["usd"] / seen["calls"] if seen["calls"] else None


def usd_of_reply(judge: Judge, reply: Mapping[str, Any]) -> float | None:
    """The price of a stored reply, by the judge's prices, else as the endpoint told; or None."""
    kind = registry.build(judge.kind, judge.params)
    fixed: float | None = getattr(kind, "usd_per_call", None)
    if fixed is not None:
        return fixed
    prices = _prices(judge.project, judge.params)
    if prices is None:
        told: float | None = reply.get("usd")
        return told
    tokens = reply.get("tokens_in"), reply.get("tokens_out")
    if tokens[0] is None or tokens[1] is None:
        return None
    return float(tokens[0] * prices[0] + tokens[1] * prices[1]) * PER_TOKEN


def _prices(project: Project, params: Mapping[str, Any]) -> tuple[float, float] | None:
    """USD per million tokens (in, out): the judge's own, else its endpoint's."""
    if params.get("price_in") is not None:
        return params["price_in"], params["price_out"]
    row = Endpoint.objects.filter(project=project, name=params.get("endpoint")).first()
    if row is None or row.price_in is None or row.price_out is None:
        return None
    return row.price_in, row.price_out
