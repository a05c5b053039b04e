from __future__ import annotations

import pytest

from arena.common.strictjson import JsonError, loads


def test_parses_what_json_allows() -> None:
    value = loads('{"a": [1, 2.5, true, null, "ü"], "b": {"c": "\\ud83d\\ude00"}}'.encode())

    assert value == {"a": [1, 2.5, True, None, "ü"], "b": {"c": "😀"}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'{"a": NaN}', "not valid JSON"),
        (b'{"a": -Infinity}', "not valid JSON"),
        (b'{"a": 1,}', "trailing comma"),
        (b'{"a": 1} x', "trailing characters"),
        (b"", "EOF"),
        (b'{"a": "\xff"}', "not UTF-8 (byte 8)"),
        (b'{"a": "\xed\xa0\x80"}', "not UTF-8"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"a": "\\udc00"}', "surrogate"),
        (b"[" * 100_000, "recursion"),
        (b"1" * 5000, "out of range"),
    ],
)
def test_says_what_is_not_json(text: bytes, message: str) -> None:
    with pytest.raises(JsonError) as caught:
        loads(text)

    assert message in caught.value.message


@pytest.mark.parametrize(
    ("text", "field", "message"),
    [
        (b'{"a": {"b": ["x", "\\u0000"]}}', "a.b.1", "NUL"),
        (b'{"a": {"k\\u0000": 1}}', "a", "NUL"),
        (b'["\\u0000"]', "0", "NUL"),
        (b'{"a": 1e999}', "a", "too large"),
        (b'{"a": [-1e999]}', "a.0", "too large"),
    ],
)
def test_refuses_what_cannot_be_stored(text: bytes, field: str, message: str) -> None:
    with pytest.raises(JsonError, match=message) as caught:
        loads(text)

    assert caught.value.field == field


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert loads(b'"\\\\u0000"') == "\\u0000"
