"""How likely a model was to name the first answer, from the probabilities of its tokens."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from judges.llm.reply import Token

TOP = 20
"""Likeliest tokens asked for at each place; what endpoints give at most."""

NAMED = re.compile(r"\W*([AB])(?![A-Za-z])")
"""The name of an answer as a token says it, with a quotation mark before or what follows it.

In capitals, as it is asked for: a small b may be the beginning of "both_bad"."""

NOTHING_TOLD = "the endpoint gave no token probabilities"
NOT_FOUND = "the verdict was not found among the tokens"
NEITHER_NAMED = "neither answer was named among the likeliest tokens"


def share(text: str, at: int | None, tokens: Sequence[Token] | None) -> float | str:
    """P(A) / (P(A) + P(B)) over the token in which the verdict of a reply begins, or why not.

    `text` is the reply, `at` the index of the verdict in it (in plain text or inside JSON), and
    `tokens` what it was made of. What the endpoint does not list as likely counts as impossible.
    """
    if not tokens:
        return NOTHING_TOLD
    found = None if at is None else _token_at(text, at, tokens)
    if found is None:
        return NOT_FOUND
    word, logprob, listed = found
    rivals = dict(listed) if word in dict(listed) else {**dict(listed), word: logprob}
    likely = {"A": 0.0, "B": 0.0}
    for rival, value in rivals.items():
        named = NAMED.match(rival)
        if named is not None:
            likely[named[1]] += math.exp(min(0.0, value))
    total = sum(likely.values())
    return likely["A"] / total if total > 0 else NEITHER_NAMED


def _token_at(text: str, at: int, tokens: Sequence[Token]) -> Token | None:
    """The token that holds character `at` of the text; None when they do not make up the text."""
    words = [word for word, _, _ in tokens]
    begun = "".join(words).find(text)  # thinking may come before it, an end mark behind it
    if begun < 0:
        return None
    ends = accumulate(len(word) for word in words)
    return next((token for token, end in zip(tokens, ends, strict=True) if end > begun + at), None)
