from __future__ import annotations

from typing import Any

import pytest

from arena.common.secrets import Unreadable, decrypt, encrypt

SECRET = "sk-ключ-🔑"


def test_a_secret_can_be_read_again_and_not_from_the_database() -> None:
    token = encrypt(SECRET)
    assert decrypt(token) == SECRET
    assert token.isascii()
    assert "sk-" not in token
    assert encrypt(SECRET) != token, "equal secrets do not look alike"


def test_after_a_change_of_key_the_former_one_still_reads(settings: Any) -> None:
    settings.SECRET_KEY = "old"
    token = encrypt(SECRET)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", ["older", "old"]
    assert decrypt(token) == SECRET


@pytest.mark.parametrize("damaged", [False, True])
def test_what_cannot_be_read_says_so(settings: Any, damaged: bool) -> None:
    token = encrypt(SECRET)
    if not damaged:
        settings.SECRET_KEY = "another"
    with pytest.raises(Unreadable, match="another SECRET_KEY") as raised:
        decrypt(token[:-4] if damaged else token)
    assert SECRET not in str(raised.value)
