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
    """Which output of a comparison is shown first.

    Unknown: an outside source did not tell, or nothing is shown before anything else.
    """

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


@dataclass(frozen=True, kw_only=True)
class Task:
    """What was asked, and all that a judge is shown of it beside the answers.

    Images are addresses or data URIs. `sample` is the number of the repetition, so that a second
    one is another question.
    """

    prompt: tuple[Turn, ...]
    system: str = ""
    reference: str = ""
    rubric: str = ""
    contexts: tuple[Context, ...] = ()
    images: tuple[str, ...] = ()
    language: str = ""
    seed: int = 0
    sample: int = 0


@dataclass(frozen=True, kw_only=True)
class Case(Task):
    """A task and two anonymous answers, in the order of one presentation.

    An answer is a tuple of assistant turns: one for each user turn of the prompt that it answers.
    """

    first: tuple[str, ...]
    second: tuple[str, ...]


@dataclass(frozen=True)
class Presentation:
    """One way to ask: the order shown, and the number of the repetition."""

    order: Order
    sample: int = 0


@dataclass(frozen=True)
class Usage:
    """What one judgment cost. `usd` is None where no price is known.

    `cache_hits` counts replies that had been paid for before; they are not among `calls`.
    """

    calls: int = 0
    cache_hits: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float | None = None
    latency_ms: int = 0


@dataclass(frozen=True)
class Answer:
    """A preference with all that is needed to look at it again.

    `probability` is P(first is better) where the judge gives one; `strength` how clearly the
    preferred one is better (1 slightly, 2 much); `scores` what first and second got, on the judge's
    own scale. `details` holds what reproduces the call (model, prompt hash, response format, seed);
    `raw` is the reply, untouched.
    """

    preference: Preference
    reason: str = ""
    probability: float | None = None
    strength: int | None = None
    scores: tuple[float, float] | None = None
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


@dataclass(frozen=True, kw_only=True)
class GroupCase(Task):
    """A task and several anonymous answers, in the order in which they are shown.

    The order is drawn by the runner, so a kind must not shuffle again.
    """

    answers: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class GroupAnswer:
    """An order of several answers: `ranks`, best first, each of the answers that share it.

    Answers are named by their index in `GroupCase.answers`; each appears exactly once. The rest is
    as in an `Answer`, for the group as a whole.
    """

    ranks: tuple[tuple[int, ...], ...]
    reason: str = ""
    raw: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    usage: Usage = Usage()


class JudgeError(Exception):
    """No reply could be had. `permanent`: asking again will not help."""

    def __init__(self, message: str, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


@dataclass(frozen=True)
class Kept:
    """A stored reply, as JSON.

    `mine`: it came for this same judgment, in an attempt that did not reach its end, so its price
    belongs to this one. Otherwise another judgment has paid for it.
    """

    reply: Mapping[str, Any]
    mine: bool = False


class ReplyStore(Protocol):
    """Replies that are paid for, by the hash of all that they depend on."""

    async def get(self, key: str) -> Kept | None:
        """The reply stored under `key`."""
        ...

    def put(self, key: str, reply: Mapping[str, Any]) -> None:
        """Store a reply; it is written at the next opportunity, before any judgment made of it."""
        ...


@dataclass(frozen=True)
class EndpointRow:
    """A stored endpoint, its key already in clear (and kept out of every repr).

    Prices are USD per million tokens; limits are per minute, shared by all workers.
    """

    name: str
    base_url: str
    model: str = ""
    api_key_env: str = ""
    api_key: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    price_in: float | None = None
    price_out: float | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    max_in_flight: int | None = None
    unusable: str = ""
    """Why no call can be made, in words (the key cannot be read any more)."""


class Gate(Protocol):
    """What every call passes on its way to an endpoint, for all workers together: rate limits,
    pauses that the endpoint asked for, and a breaker that spares calls to a dead one.

    `address` names the endpoint; limits are those of its row, if it has one.
    """

    async def enter(self, address: str, row: EndpointRow | None, tokens: int) -> None:
        """Wait until a call of some `tokens` may be sent.

        Raises Postponed when that takes long, JudgeError when the endpoint is given up.
        """
        ...

    async def left(
        self,
        address: str,
        *,
        tokens: int,
        ok: bool,
        pause: float = 0.0,
        alive: bool = True,
        words: str = "",
    ) -> None:
        """Tell how the call of the running task went; `tokens` is what it took.

        `pause` is how long the endpoint asked to be left alone (s). Not `ok`, yet `alive`: it works
        and declined, with a pause because it is asked too much. Not `alive`: it seems out of order.
        `words` say what it answered. Raises JudgeError when the endpoint is given up.
        """
        ...

    async def close(self) -> None:
        """Close connections of the running event loop; they are opened again when needed."""
        ...


@dataclass(frozen=True)
class Backend:
    """What kinds that call need from outside. They know neither database nor Redis.

    `namespace` keeps the stored replies of projects apart.
    """

    endpoints: Mapping[str, EndpointRow] = field(default_factory=dict)
    replies: ReplyStore | None = None
    gate: Gate | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    namespace: str = ""


class Postponed(Exception):
    """The call may not be made yet (a rate limit, a pause that the endpoint asked for).

    Not a failure: the comparison goes back to the queue for `seconds`.
    """

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


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
    """A kind that the runner asks.

    One whose calls have a fixed price, and not one of tokens, has a property `usd_per_call`; None
    when it is not known.
    """

    def presentations(self, seed: int) -> tuple[Presentation, ...]:
        """Which judgments make a verdict; `seed` belongs to the comparison."""
        ...

    def planned_calls(self) -> int:
        """Paid calls that one comparison takes when nothing has to be repeated."""
        ...

    def most_calls(self) -> int:
        """Paid calls that one comparison can take at most, follow-ups included."""
        ...

    def connect(self, backend: Backend) -> None:
        """Take what calls need; called once, before the first judgment."""
        ...

    async def judge(self, case: Case) -> Answer | Abstention:
        """Judge one presentation. Raises JudgeError when no reply could be had, Postponed when
        the call has to wait."""
        ...

    async def close(self) -> None:
        """Give back connections; called once when the runner ends."""
        ...


@runtime_checkable
class GroupKind(CallingKind, Protocol):
    """A kind that judges several answers to one prompt in one call.

    The runner gathers open comparisons of one judge and prompt into groups and records one judgment
    for each of them; what makes no group is asked by `judge`, as a pair, and so are the pairs of a
    group that is refused or gets no readable reply (`most_calls` allows for that). For a group,
    presentation AB is an order drawn for the prompt and sample, and BA the same order reversed.
    """

    @property
    def group_size(self) -> range:
        """How many answers may be judged at once, like range(3, 9)."""
        ...

    async def judge_group(self, case: GroupCase) -> GroupAnswer | Abstention:
        """Put the answers in order. Raises JudgeError and Postponed as `judge` does."""
        ...
