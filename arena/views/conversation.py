"""Laying out a prompt and its answers in the order in which they were said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest


@dataclass(frozen=True)
class Said:
    """One message of a prompt; `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True)
class Exchange:
    """Messages of the prompt, and what each answer replied to the last of them.

    A reply is None where that answer has none; `replies` is empty after the last open question.
    """

    messages: tuple[Said, ...]
    replies: tuple[str | None, ...] = ()


def exchanges(messages: Sequence[Said], answers: Sequence[Sequence[str]]) -> list[Exchange]:
    """Interleave the prompt with the turns of its answers.

    An answer replies to the last questions that the prompt leaves open, as judges are told. One
    that has more turns than there are open questions follows after the whole prompt.
    """
    turns = max(map(len, answers), default=0)
    asked = [at for at in range(len(messages)) if _is_open(messages, at)]
    cuts = [at + 1 for at in asked[-turns:]] if 0 < turns <= len(asked) else []
    cuts = cuts or [len(messages)]
    parts = [tuple(messages[start:end]) for start, end in zip([0, *cuts[:-1]], cuts, strict=True)]
    rounds = list(zip(*(_late(answer, turns) for answer in answers), strict=True))
    laid = [Exchange(part or (), said or ()) for part, said in zip_longest(parts, rounds)]
    rest = tuple(messages[cuts[-1] :])
    return [*laid, Exchange(rest)] if rest else laid


def _is_open(messages: Sequence[Said], at: int) -> bool:
    """Whether the prompt itself leaves this message of the user without a reply."""
    after = messages[at + 1].role if at + 1 < len(messages) else ""
    return messages[at].role == "user" and after != "assistant"


def _late(answer: Sequence[str], turns: int) -> list[str | None]:
    return [None] * (turns - len(answer)) + list(answer)
