"""Rows as the public contract shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, Field

from judges.models import Judge, Judgment


class JudgeShape(BaseModel):
    """A judge; `is_current` is false for a version that was superseded."""

    id: int
    name: str
    version: int
    kind: str
    params: dict[str, Any]
    is_current: bool
    members: list[str]
    created_at: datetime

    @classmethod
    def of(cls, row: Judge) -> Self:
        return cls(
            id=row.pk,
            name=row.name,
            version=row.version,
            kind=row.kind,
            params=row.params,
            is_current=row.is_current,
            members=[f"{seat.member.name} v{seat.member.version}" for seat in row.seats.all()],
            created_at=row.created_at,
        )


class JudgmentUsage(BaseModel):
    """What one judgment cost."""

    calls: int
    tokens_in: int
    tokens_out: int
    usd: float | None
    latency_ms: int


class JudgmentShape(BaseModel):
    """A judgment in terms of its competitors a and b.

    `order` says which was shown first. Of `winner` and `silence` exactly one is set. What people
    say beside a verdict: `strength` (how clearly the winner is better), `criteria` ({key: a, b or
    tie}) and `reasons`, as far as their campaign asks.
    """

    id: int
    external_id: str | None
    prompt: str
    competitor_a: str
    competitor_b: str
    judge: str
    judge_version: int
    judge_kind: str
    order: str
    sample: int
    winner: str | None
    silence: str | None
    probability: float | None
    score_a: float | None
    score_b: float | None
    strength: int | None = Field(description="1 slightly, 2 much; null where nobody was asked")
    criteria: dict[str, str] = Field(description="{key of the criterion: a, b or tie}; of people")
    reasons: list[str] = Field(description="those chosen from the campaign's list; of people")
    rationale: str
    details: dict[str, Any]
    usage: JudgmentUsage
    created_at: datetime

    @classmethod
    def of(cls, row: Judgment) -> Self:
        usage = JudgmentUsage(
            calls=row.calls,
            tokens_in=row.tokens_in,
            tokens_out=row.tokens_out,
            usd=row.usd,
            latency_ms=row.latency_ms,
        )
        by_person = row.details if row.rater_id else {}  # others have details of their own
        return cls(
            id=row.pk,
            external_id=row.external_key,
            prompt=row.comparison.prompt.key,
            competitor_a=row.comparison.output_a.competitor.name,
            competitor_b=row.comparison.output_b.competitor.name,
            judge=row.judge.name,
            judge_version=row.judge.version,
            judge_kind=row.details.get("judge_kind", row.judge.kind),
            order=row.order,
            sample=row.sample,
            winner=row.winner,
            silence=row.silence,
            probability=row.probability,
            score_a=row.score_a,
            score_b=row.score_b,
            strength=row.strength,
            criteria=by_person.get("criteria", {}),
            reasons=by_person.get("reasons", []),
            rationale=row.reason,
            details=row.details,
            usage=usage,
            created_at=row.created_at,
        )
