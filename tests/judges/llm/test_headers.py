"""Headers are shown, so none may carry a secret; and none may smuggle another."""

from __future__ import annotations

import pytest

from arena.common.errors import InvalidInput
from judges.kinds import registry
from judges.llm.headers import check_headers


def test_plain_headers_pass() -> None:
    headers = {"X-Title": "arena", "HTTP-Referer": "https://arena.example.org"}
    assert check_headers(headers) == headers


@pytest.mark.parametrize("name", ["Authorization", "X-Api-Key", "cookie", "X-Custom-Secret"])
def test_a_secret_is_refused_and_not_repeated(name: str) -> None:
    with pytest.raises(ValueError, match="looks like a secret") as raised:
        check_headers({name: "sk-leak"})
    assert "sk-leak" not in str(raised.value)


@pytest.mark.parametrize(("name", "value"), [("X A", "b"), ("X", "a\r\nHost: evil"), ("X", "é")])
def test_what_is_no_header_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="plain names"):
        check_headers({name: value})


def test_a_judge_takes_no_secret_header() -> None:
    with pytest.raises(InvalidInput) as raised:
        registry.build("llm", {"model": "m", "headers": {"Authorization": "Bearer sk-leak"}})
    assert "looks like a secret" in raised.value.fields["params.headers"]
