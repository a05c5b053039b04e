"""Texts that model servers turn into control tokens, wherever in a message they stand.

Servers that apply a chat template and then tokenize take `<|im_end|>` in an answer for the end of
the message, and what follows for a new one. No fence can hold that back. So such a text is broken
by an invisible character before it is sent: it reads the same and is no token any more.
"""

from __future__ import annotations

import re

CONTROL = re.compile(
    r"<\|[\w.-]{1,60}\|>"  # ChatML, Llama 3, Harmony, Phi, Qwen
    r"|<\uff5c[^\uff5c\n]{1,60}\uff5c>"  # DeepSeek
    r"|<(?:start|end)_of_turn>|</?(?:s|bos|eos)>"  # Gemma, Llama 2, Mistral
    r"|\[/?(?:INST|SYSTEM_PROMPT|TOOL_RESULTS|TOOL_CALLS|AVAILABLE_TOOLS|IMG)\]|<</?SYS>>",
    re.IGNORECASE,
)

WORD_JOINER = "\u2060"


def defused(text: str) -> str:
    """`text` with every control token broken after its first character."""
    return CONTROL.sub(lambda found: f"{found[0][0]}{WORD_JOINER}{found[0][1:]}", text)
