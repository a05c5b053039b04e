"""JSON that can be stored: strict RFC 8259, and nothing in it that a database would refuse."""

from __future__ import annotations

import math

from pydantic_core import from_json


class JsonError(ValueError):
    """The text is not JSON, or holds a value that cannot be stored; `field` is a dotted path."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field


def loads(text: bytes) -> object:
    """Parse UTF-8 JSON. Refuses NaN, infinities, lone surrogates, NUL characters, deep nesting.

    PostgreSQL stores neither NUL characters nor infinite numbers; they would fail much later.
    """
    try:
        value: object = from_json(text, allow_inf_nan=False, cache_strings="keys")
    except ValueError as error:
        raise JsonError(_explain(text, str(error))) from None
    check_storable(value)
    return value


def check_storable(value: object, path: str = "") -> None:
    """Raise JsonError when a NUL character or an infinite number is anywhere in `value`."""
    if isinstance(value, str):
        if "\x00" in value:
            raise JsonError("holds a NUL character, which cannot be stored", path)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise JsonError("is a number too large to be stored", path)
    elif isinstance(value, dict):
        for key, item in value.items():
            check_storable(key, path)
            check_storable(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            check_storable(item, f"{path}.{index}" if path else str(index))


def _explain(text: bytes, message: str) -> str:
    """Say what people usually did when the parser's own words do not."""
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"is not UTF-8 (byte {error.start + 1})"
    if "hex escape" in message:
        return f"holds half of a surrogate pair or a broken \\u escape ({message})"
    return f"is not valid JSON: {message}"
