"""Matches as the public contract shows them."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel

from tournaments.models import Match


class MatchJudgment(BaseModel):
    """A judgment behind a match."""

    judge: str
    order: str
    sample: int
    winner: str | None
    silence: str | None
    probability: float | None
    reason: str


class MatchShape(BaseModel):
    """A match; `verdict` is in terms of its competitors a and b, null until it is decided."""

    id: int
    prompt: str
    round: int
    position: int
    competitor_a: str
    competitor_b: str
    status: str
    verdict: str | None
    silence: str | None
    note: str
    judgments: list[MatchJudgment]

    @classmethod
    def of(cls, row: Match) -> Self:
        """From a match of `queries.matches_with_evidence`."""
        decision = row.decision
        comparison = decision.comparison
        return cls(
            id=row.pk,
            prompt=comparison.prompt.key,
            round=row.round,
            position=row.position,
            competitor_a=comparison.output_a.competitor.name,
            competitor_b=comparison.output_b.competitor.name,
            status=decision.status,
            verdict=decision.winner,
            silence=decision.silence,
            note=decision.note,
            judgments=[
                MatchJudgment(
                    judge=said.judge.name,
                    order=said.order,
                    sample=said.sample,
                    winner=said.winner,
                    silence=said.silence,
                    probability=said.probability,
                    reason=said.reason,
                )
                for said in row.evidence
            ],
        )
