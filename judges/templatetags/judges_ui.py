"""Template tags: how judges and their verdicts are written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django import template

from arena.common.errors import InvalidInput
from arena.templatetags.arena_ui import THIN
from judges.kinds import registry
from judges.models import Judge
from judges.stats.bootstrap import Estimate
from judges.stats.raters.review import Share
from judges.surrogates import model_card
from judges.surrogates.model_card import POOLED, UNSEEN, Coefficient, HeldOut, ModelCard, Split

register = template.Library()

SHOWN = 60


@dataclass(frozen=True)
class Accuracy:
    """A line of the table of held-out accuracies, in per cent."""

    unseen: str
    scope: str
    comparisons: int
    surrogate: float
    low: float
    high: float
    longer: float
    lead: float


@dataclass(frozen=True)
class SurrogateCard:
    """What a page says of a surrogate."""

    card: ModelCard
    pooled: list[Accuracy]
    single: list[Accuracy]
    coefficients: list[Coefficient]


@register.filter
def kind_label(judge: Judge) -> str:
    """The kind of a judge in words: "Language model"."""
    return registry.get(judge.kind).label


@register.filter
def kind_description(judge: Judge) -> str:
    """What judges of this kind do, in a sentence or two."""
    return registry.get(judge.kind).description


@register.filter
def plain(value: Any) -> str:
    """A param as a person would write it: texts bare, lists with commas, the rest as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False)


@register.filter
def summary(judge: Judge) -> str:
    """The params that differ from their defaults, in one line."""
    defaults = registry.get(judge.kind).Params.model_json_schema().get("properties", {})
    parts = [
        f"{name.replace('_', ' ')} {plain(value)}"
        for name, value in judge.params.items()
        if value != defaults.get(name, {}).get("default")
    ]
    return " · ".join(part if len(part) <= SHOWN else part[:SHOWN] + "…" for part in parts)


@register.simple_tag
def surrogate_card(judge: Judge) -> SurrogateCard | None:
    """The card of the model behind a judge of kind `surrogate`; None where it is gone."""
    try:
        card = model_card.load(judge.params.get("name", "general"))
    except InvalidInput:
        return None
    pooled = [card.accuracy(split) for split in Split]
    single = [row for row in card.held_out if row.scope != POOLED]
    return SurrogateCard(
        card=card,
        pooled=[_accuracy(row) for row in pooled],
        single=[_accuracy(row) for row in single],
        coefficients=model_card.coefficients(card),
    )


def _accuracy(row: HeldOut) -> Accuracy:
    return Accuracy(
        unseen=UNSEEN[row.split],
        scope=row.scope,
        comparisons=row.comparisons,
        surrogate=100 * row.surrogate.value,
        low=100 * row.surrogate.low,
        high=100 * row.surrogate.high,
        longer=100 * row.longer.value,
        lead=100 * row.lead.value,
    )


@register.filter
def share_percent(value: float) -> str:
    """A share as whole per cent: "62 %"."""
    return f"{100 * value:.0f}{THIN}%"


@register.filter
def share_interval(share: Share) -> str:
    """The 95 % interval of a share, in per cent: "55 to 69"."""
    return f"{100 * share.low:.0f} to {100 * share.high:.0f}"


@register.filter
def quality_interval(estimate: Estimate) -> str:
    """The 95 % interval of a figure, or that there is none: "0.41 to 0.56"."""
    if estimate.low is None or estimate.high is None:
        return "no interval"
    return f"{estimate.low:.2f} to {estimate.high:.2f}"


@register.filter
def p_value(value: float) -> str:
    """A p-value as it is written: "0.013", "< 0.001"; an expected number above 1 is cut there."""
    return "< 0.001" if value < 0.001 else f"{min(value, 1.0):.3f}"
