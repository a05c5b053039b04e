"""Shapes that every endpoint shares."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from arena.common.errors import InvalidInput
from arena.datasets.records import field_faults

T = TypeVar("T")
B = TypeVar("B", bound=BaseModel)


class Strict(BaseModel):
    """A body or query in which an unknown name is an error."""

    model_config = ConfigDict(extra="forbid")


class Page(BaseModel, Generic[T]):
    """One page of a list; `next` and `previous` are addresses."""

    results: list[T]
    next: str | None
    previous: str | None


class UpsertCounts(BaseModel):
    """What a bulk upload did."""

    created: int
    updated: int
    unchanged: int


class Error(BaseModel):
    """What is wrong. `fields` says where, if it is in the request."""

    code: str
    message: str
    fields: dict[str, str]


class LineFault(BaseModel):
    """A fault in a bulk upload; `line` counts lines, or items of an array, from 1."""

    line: int
    field: str
    message: str


class BulkError(Error):
    """What is wrong with a bulk upload; nothing of it was written."""

    errors: list[LineFault] = Field(default_factory=list)


def checked(model: type[B], data: object) -> B:
    """The body as `model`; InvalidInput names the faulty fields."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InvalidInput("the request is not valid", dict(field_faults(error))) from None
