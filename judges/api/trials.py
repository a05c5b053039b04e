"""Trying a judge without recording anything."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from arena.api.docs import responses
from arena.api.projects import ProjectView
from arena.api.replies import reply
from arena.api.serializers.common import Strict, checked
from arena.common.errors import InvalidInput
from judges.contracts import Order
from judges.services import trials
from judges.services.judges import named
from judges.services.shapes import JudgmentUsage
from judges.services.trials import MAX_SECONDS, Material


class TrialRequest(Strict):
    """What to judge: a comparison of the project, drawn where not named; or texts of your own."""

    prompt: str = Field("", description="key of a prompt; one is drawn without it")
    a: str = Field("", description="a competitor; one is drawn without it")
    b: str = Field("", description="another competitor")
    order: Order = Field(Order.AB, description="ab shows a first, ba shows b first")
    text: str = Field("", max_length=100_000, description="a prompt of your own, instead")
    first: str = Field("", max_length=1_000_000, description="the answer shown first")
    second: str = Field("", max_length=1_000_000, description="the answer shown second")
    timeout: float = Field(MAX_SECONDS, gt=0, le=MAX_SECONDS, description="seconds, all calls")


class TrialCall(BaseModel):
    """One call: what was sent, what came back, what it cost."""

    label: str
    messages: list[dict[str, str]]
    came_back: bool
    reply: str
    thinking: str
    refusal: str
    finish_reason: str
    response_format: str
    model: str
    tokens_in: int | None
    tokens_out: int | None
    usd: float | None
    latency_ms: int
    cached: bool
    aside: bool


class TrialShape(BaseModel):
    """What came of a trial. Of `preference`, `silence` and `error` exactly one is set."""

    kind: str
    prompt: str
    first: str
    second: str
    order: str
    preference: str | None
    winner: str | None
    silence: str | None
    error: str | None
    advice: str
    reason: str
    strength: int | None
    probability: float | None
    scores: list[float] | None
    raw: str
    details: dict[str, Any]
    usage: JudgmentUsage
    calls: list[TrialCall]


@extend_schema(tags=["judges"])
class Trials(ProjectView):
    @extend_schema(
        summary="Try a judge: one presentation of one comparison",
        description=(
            "Answers with every prompt and reply, how it was read, and what it cost. Nothing is "
            "stored as a judgment and no budget counts it, but the calls are paid for. A fault of "
            f"the endpoint is an answer too, under `error`. Ends after {MAX_SECONDS:g} s."
        ),
        request=TrialRequest,
        responses=responses(TrialShape, 404, 409),
    )
    def post(self, request: Request, slug: str, name: str) -> Response:
        asked = checked(TrialRequest, request.data)
        judge = named(self.project, name)
        trial = trials.conduct(
            self.project,
            kind=judge.kind,
            params=judge.params,
            material=self._material(asked),
            timeout=asked.timeout,
        )
        return reply(TrialShape.model_validate(asdict(trial)))

    def _material(self, asked: TrialRequest) -> Material:
        if asked.order is Order.UNKNOWN:
            raise InvalidInput("the request is not valid", {"order": "must be ab or ba"})
        if asked.text or asked.first or asked.second:
            return trials.typed(asked.text, asked.first, asked.second)
        return trials.chosen(
            self.project, prompt=asked.prompt, a=asked.a, b=asked.b, order=asked.order
        )
