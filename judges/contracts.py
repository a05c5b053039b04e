"""What a judge is given and what it answers. Knows no Django: kinds are tested without a database.

A judge sees a *case*: the prompt and two answers, called first and second in the order in which
they are shown. Which competitor wrote which is not in the case, so no judge can know it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Protocol, runtime_checkable

from arena.common.plugins import Params


class Order(StrEnum):
    """Which output of a comparison is shown first. Unknown: an outside source did not tell."""

    AB = "ab"
    BA = "ba"
    UNKNOWN = "unknown"


class Winner(StrEnum):
    """The result of a comparison, in terms of its outputs a and b."""

    A = "a"
    B = "b"
    TIE = "tie"
    BOTH_BAD = "both_bad"


class Preference(StrEnum):
    """The same, in terms of what was shown first and second."""

    FIRST = "first"
    SECOND = "second"
    TIE = "tie"
    BOTH_BAD = "both_bad"

    def winner(self, order: Order) -> Winner:
        """Translate to outputs: in order BA the first shown is b."""
        if self is Preference.TIE or self is Preference.BOTH_BAD:
            return Winner(self.value)
        return Winner.A if (self is Preference.FIRST) == (order is not Order.BA) else Winner.B


class Silence(StrEnum):
    """Why there is no preference. Four different things, counted and shown apart."""

    UNPARSABLE = "unparsable"  # it replied, and the reply holds no verdict
    REFUSED = "refused"  # it declined to judge this content
    ABSTAINED = "abstained"  # it judged, and says that it cannot tell
    FAILED = "failed"  # no reply could be had
    MISSING = "missing"  # nobody was asked: no record exists, or too few members spoke


class Source(StrEnum):
    """Where a kind's judgments come from."""

    CALLS = "calls"  # the runner awaits `judge`
    RECORD = "record"  # judgments imported from outside
    PEOPLE = "people"  # a rater answers on the judging page
    MEMBERS = "members"  # other judges, combined


@dataclass(frozen=True)
class Turn:
    """One message of a conversation; `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True)
class Context:
    """A retrieved passage that the competitors were given."""

    id: str
    text: str


@dataclass(frozen=True)
class Case:
    """One prompt and two anonymous answers, in the order of one presentation.

    An answer is a tuple of assistant turns: one for each user turn of the prompt that it answers.
    """

    prompt: tuple[Turn, ...]
    first: tuple[str, ...]
    second: tuple[str, ...]
    system: str = ""
    reference: str = ""
    rubric: str = ""
    contexts: tuple[Context, ...] = ()
    language: str = ""
    seed: int = 0


@dataclass(frozen=True)
class Presentation:
    """One way to ask: the order shown, and the number of the repetition."""

    order: Order
    sample: int = 0


@dataclass(frozen=True)
class Usage:
    """What one judgment cost. `usd` is None where no price is known."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float | None = None
    latency_ms: int = 0


@dataclass(frozen=True)
class Answer:
    """A preference with all that is needed to look at it again.

    `probability` is P(first is better) where the judge gives one. `details` holds what reproduces
    the call (model, prompt hash, response format, seed); `raw` is the reply, untouched.
    """

    preference: Preference
    reason: str = ""
    probability: float | None = None
    raw: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    usage: Usage = Usage()


@dataclass(frozen=True)
class Abstention:
    """A reply without a preference. It was paid for, so it is stored like an answer."""

    why: Silence
    reason: str = ""
    raw: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    usage: Usage = Usage()


class JudgeError(Exception):
    """No reply could be had. `permanent`: asking again will not help."""

    def __init__(self, message: str, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


@runtime_checkable
class JudgeKind(Protocol):
    """A kind of judge: code that is configured by params and stored as name + params.

    A kind whose verdicts need a word of warning beside every ranking has a property `caution`.
    """

    label: ClassVar[str]
    description: ClassVar[str]
    source: ClassVar[Source]
    Params: ClassVar[type[Params]]

    def __init__(self, params: Any) -> None: ...


@runtime_checkable
class CallingKind(JudgeKind, Protocol):
    """A kind that the runner asks."""

    def presentations(self, seed: int) -> tuple[Presentation, ...]:
        """Which judgments make a verdict; `seed` belongs to the comparison."""
        ...

    def planned_calls(self) -> int:
        """Paid calls that one comparison takes when nothing has to be repeated."""
        ...

    async def judge(self, case: Case) -> Answer | Abstention:
        """Judge one presentation. Raises JudgeError when no reply could be had."""
        ...

    async def close(self) -> None:
        """Give back connections; called once when the runner ends."""
        ...
