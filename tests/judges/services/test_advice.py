from __future__ import annotations

import pytest

from judges.contracts import Silence
from judges.services.advice import advice_on


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("host answered 401: no", "key"),
        ("host answered 404: no", "/v1"),
        ("host answered 429: slow down", "too often"),
        ("host answered 422: bad", "max_tokens"),
        ("host answered 503: away", "by itself"),
        ("host gave no reply within 60 s", "slow"),
        ("host gave no usable reply (ConnectionRefusedError: x)", "Nothing answers"),
    ],
)
def test_faults_have_an_advice(words: str, advice: str) -> None:
    assert advice in advice_on(words)


def test_words_that_say_it_all_need_none() -> None:
    assert advice_on("no key for OpenAI: set OPENAI_API_KEY") == ""
    assert advice_on("cut off; raise max_tokens", Silence.UNPARSABLE) == ""
    assert "required form" in advice_on("no verdict", Silence.UNPARSABLE)
