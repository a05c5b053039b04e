"""Shapes as answers."""

from __future__ import annotations

from pydantic import BaseModel
from rest_framework.response import Response


def reply(shape: BaseModel, status: int = 200) -> Response:
    """The shape as JSON."""
    return Response(shape.model_dump(mode="json"), status=status)


def secret_reply(shape: BaseModel, status: int = 200) -> Response:
    """The shape, which holds a secret: browsers do not keep it, and `idempotency` encrypts it."""
    answer = reply(shape, status)
    answer["Cache-Control"] = "no-store"
    return answer
