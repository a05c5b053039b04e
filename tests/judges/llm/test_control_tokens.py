from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judges.llm.control_tokens import CONTROL, WORD_JOINER, defused


@pytest.mark.parametrize(
    "token",
    ["<|im_end|>", "<|eot_id|>", "<|start_header_id|>", "<|channel|>", "<|endoftext|>",
     "<\uff5cUser\uff5c>", "<end_of_turn>", "</s>", "<s>", "[INST]", "[/INST]", "<<SYS>>",
     "[TOOL_RESULTS]", "<|reserved_special_token_0|>"],
)  # fmt: skip
def test_control_tokens_are_broken_and_read_the_same(token: str) -> None:
    broken = defused(f"a{token}b")
    assert token not in broken
    assert broken.replace(WORD_JOINER, "") == f"a{token}b"


@pytest.mark.parametrize(
    "text", ["f <| x |> g", "a < b > c", "[x](y)", "<b>bold</b>", "<section>", "if (a<|b|c) {}"]
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert defused(text) == text


@given(st.text(alphabet="<|>[/]INSTs_im\uff5c", max_size=80))
def test_nothing_is_left_and_nothing_is_lost(text: str) -> None:
    assert CONTROL.search(defused(text)) is None
    assert defused(text).replace(WORD_JOINER, "") == text
