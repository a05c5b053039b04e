"""What a service may raise. The edges (API, pages, commands) translate these, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


class ArenaError(Exception):
    """A request that cannot be met, with a sentence for the person who made it."""

    code = "error"

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fields = dict(fields or {})

    @property
    def sentence(self) -> str:
        """The message as pages show it; names in it keep their capitals."""
        return f"{self.message[:1].upper()}{self.message[1:]}."


class InvalidInput(ArenaError):
    """The input is wrong; `fields` says where."""

    code = "invalid"


class NotFound(ArenaError):
    """What the request names does not exist, or its sender may not know that it does."""

    code = "not_found"


class Forbidden(ArenaError):
    """The sender is known, and may not do this."""

    code = "forbidden"


class Conflict(ArenaError):
    """The request is well-formed but not possible in the present state."""

    code = "conflict"


@dataclass(frozen=True)
class LineError:
    """One fault in a bulk upload: the 1-based line (or item), the field, and what is wrong."""

    line: int
    field: str
    message: str


class BulkInvalid(InvalidInput):
    """A bulk upload has faults; nothing of it was written."""

    code = "invalid_lines"

    def __init__(self, errors: Sequence[LineError], truncated: bool = False) -> None:
        count = f"{len(errors)}{' or more' if truncated else ''}"
        lines = "faulty line" if len(errors) == 1 else "faulty lines"
        super().__init__(f"{count} {lines}; nothing was written")
        self.errors = list(errors)
        self.truncated = truncated
