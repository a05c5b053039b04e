"""Asking competitors live: several answers at once, shown at one pace.

The calls run in a thread of their own with an event loop; the request that waits for them reads
what has come so far. Nothing here touches the database once the calls have begun.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from judges.contracts import JudgeError, Postponed
from judges.llm.model import Messages, Model
from judges.llm.params import ModelParams
from judges.llm.parsing import THINKING, without_thinking
from judges.llm.streaming import Broken, stream
from judges.models import Speaker
from judges.services.backends import backend_of

logger = logging.getLogger(__name__)

SECONDS = 150.0
"""That an answer may take. A thread of the web server serves nobody else meanwhile."""

SEATS = 3
"""Conversations at once in a process: of the four threads that it has in the stack, one stays free
for all other pages."""

MOST_CHARACTERS = 40_000
"""Of an answer; what goes beyond is cut off."""

TICK = 0.08
PACE = 600.0
"""Characters a second at which answers appear, at most."""

LEAST_PACE = 20.0

TAIL = 10.0
"""Seconds in which all that is not shown yet appears, once all calls have ended."""

LONGEST_TAG = 12

_seats = threading.BoundedSemaphore(SEATS)


class Trouble(StrEnum):
    """Why there is no answer, as raters may know it: the words of an endpoint would name it."""

    BUSY = "busy"
    LATE = "late"
    FAILED = "failed"


@dataclass(frozen=True)
class Question:
    """What one competitor is asked."""

    model: Model
    messages: Messages


@dataclass
class Voice:
    """What has come of an answer. `cause` is for the owner; it may name the endpoint."""

    text: str = ""
    ended: bool = False
    trouble: Trouble | None = None
    cause: str = ""

    @property
    def visible(self) -> str:
        """The text so far without the thinking that it begins with. It only grows."""
        text = THINKING.sub("", self.text, count=1).lstrip()
        begins = len(text) < LONGEST_TAG and text.startswith("<") and not self.ended
        return "" if begins else text[:MOST_CHARACTERS]

    @property
    def said(self) -> str:
        """The whole answer."""
        return without_thinking(self.text)[:MOST_CHARACTERS]

    def fail(self, trouble: Trouble, cause: str) -> None:
        """There is no answer, or none to its end."""
        self.trouble, self.cause = trouble, cause


@dataclass
class Cadence:
    """Lets answers appear in step, so that speed tells nothing.

    None appears before all have begun, and all have the same number of characters on the page: the
    pace is that of the slowest. When a shorter one is complete, the rest of the longer one comes at
    the mean pace so far, whether it is there already or not. Once all have ended, the pace is at
    least such that the rest is shown within `TAIL` seconds.
    """

    at: float = 0.0
    begun: float | None = None
    last: float = 0.0
    tail: float | None = None
    least: float | None = None

    def step(self, now: float, voices: Sequence[Voice]) -> int:
        """How many characters of each may be on the page at this moment (s)."""
        lengths = [len(voice.visible) for voice in voices]
        if self.begun is None:
            if not all(n or voice.ended for n, voice in zip(lengths, voices, strict=True)):
                return 0
            self.begun = self.last = now
        ended = [n for n, voice in zip(lengths, voices, strict=True) if voice.ended]
        running = [n for n, voice in zip(lengths, voices, strict=True) if not voice.ended]
        if self.tail is None and self.at > 0 and any(self.at >= n for n in ended):
            spent = max(now - self.begun, TICK)
            self.tail = min(max(self.at / spent, LEAST_PACE), PACE)
        ahead = [n for n in ended if n > self.at] if self.tail is None else []
        if self.least is None and not running:
            self.least = (max(lengths, default=0) - self.at) / TAIL
        pace = max(self.tail or PACE, self.least or 0.0)
        wanted = self.at + pace * (now - self.last)
        limit = min([*running, *ahead], default=max(lengths, default=0))
        self.at, self.last = max(self.at, min(wanted, limit)), now
        return int(self.at)

    def is_over(self, voices: Sequence[Voice]) -> bool:
        """Whether all has been said and shown."""
        return all(voice.ended and len(voice.visible) <= self.at for voice in voices)


def question_to(speaker: Speaker, messages: Messages) -> Question:
    """What to ask a competitor; `messages` begin with the user's. Its system message goes first."""
    params = ModelParams(
        endpoint=speaker.endpoint.name,
        model=speaker.model,
        temperature=speaker.temperature,
        max_tokens=speaker.max_tokens,
    )
    model = Model(params, backend_of(speaker.endpoint.project))
    system = [{"role": "system", "content": speaker.system}] if speaker.system else []
    return Question(model, [*system, *messages])


@contextmanager
def asking(questions: Sequence[Question], seconds: float = SECONDS) -> Iterator[list[Voice]]:
    """Ask all at once. Calls that are not finished when the block is left are given up."""
    voices = [Voice() for _ in questions]
    if not _seats.acquire(blocking=False):
        for voice in voices:
            voice.fail(Trouble.BUSY, "all places of this web process are taken")
            voice.ended = True
        yield voices
        return
    try:
        calls = _Calls(questions, voices, seconds)
        try:
            yield voices
        finally:
            calls.stop()
    finally:
        _seats.release()


def have_ended(voices: Sequence[Voice]) -> bool:
    """Whether all calls are over."""
    return all(voice.ended for voice in voices)


def wait_for(voices: Sequence[Voice], sleep: Callable[[float], None] = time.sleep) -> None:
    """Until all have ended."""
    while not have_ended(voices):
        sleep(TICK)


def paced(
    voices: Sequence[Voice],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[list[str]]:
    """What to add to each answer on the page, tick for tick (mostly nothing), until all is said."""
    cadence, shown = Cadence(), [0 for _ in voices]
    while True:
        at = cadence.step(clock(), voices)
        yield [voice.visible[n:at] for voice, n in zip(voices, shown, strict=True)]
        shown = [max(n, min(at, len(v.visible))) for v, n in zip(voices, shown, strict=True)]
        if cadence.is_over(voices):
            return
        sleep(TICK)


@dataclass
class _Calls:
    """The thread in which the calls run."""

    questions: Sequence[Question]
    voices: Sequence[Voice]
    seconds: float
    _stopped: threading.Event = field(default_factory=threading.Event)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, name="battle", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Give up what is not finished."""
        self._stopped.set()
        self._thread.join(10)

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._all())
        except Exception:
            logger.exception("live calls failed")
        finally:
            for voice in self.voices:
                if not voice.ended:
                    voice.fail(Trouble.FAILED, "given up")
                    voice.ended = True

    async def _all(self) -> None:
        calls = [
            asyncio.create_task(self._one(question, voice))
            for question, voice in zip(self.questions, self.voices, strict=True)
        ]
        while not all(call.done() for call in calls):
            if self._stopped.is_set():
                for call in calls:
                    call.cancel()
            await asyncio.wait(calls, timeout=TICK)
        gates = {id(one.model.backend.gate): one.model.backend.gate for one in self.questions}
        for gate in gates.values():
            if gate is not None:
                await gate.close()

    async def _one(self, question: Question, voice: Voice) -> None:
        try:
            async with asyncio.timeout(self.seconds):
                await _listen(question, voice)
            if not voice.said:
                voice.fail(Trouble.FAILED, "the answer was empty")
        except TimeoutError:
            voice.fail(Trouble.LATE, f"no whole answer within {self.seconds:g} s")
        except Broken as broken:
            busy = broken.fault.limited
            voice.fail(Trouble.BUSY if busy else Trouble.FAILED, str(broken))
        except Postponed as error:
            voice.fail(Trouble.BUSY, str(error))
        except JudgeError as error:
            voice.fail(Trouble.FAILED, str(error))
        except Exception as error:
            logger.exception("a live call failed")
            voice.fail(Trouble.FAILED, f"{type(error).__name__}: {error}")
        voice.ended = True


async def _listen(question: Question, voice: Voice) -> None:
    async with aclosing(stream(question.model, question.messages)) as pieces:
        async for piece in pieces:
            voice.text += piece
            length = len(voice.text)
            if length < MOST_CHARACTERS:  # looking at all of it at each piece would be slow
                continue
            if length > 2 * MOST_CHARACTERS or len(voice.visible) >= MOST_CHARACTERS:
                return
