"""The circuit breaker of one endpoint: finds out that it is dead, and spares it calls."""

from __future__ import annotations

from dataclasses import dataclass

FAILURES = 8
"""Failures in a row, with no reply between them, after which an endpoint may count as dead."""

SPAN = 3.0
"""Seconds that these must span at least: a moment's hiccup is for the retries."""

FEW_FAILURES = 3
"""Failures that are enough when they span GIVE_UP: calls that hang until their timeout are few."""

GIVE_UP = 75.0
"""Seconds without a single reply after which calls fail instead of waiting."""

STARVED = 600.0
"""The same where the endpoint is alive and keeps saying that it is asked too much."""

APART = 60.0
"""Failures further apart than this are not in a row: nobody asked in between."""

FIRST_PROBE, LAST_PROBE = 1.0, 10.0
"""Seconds between trial calls to a dead endpoint; doubled each time."""

QUIET = 30.0
"""Seconds without a call after which an endpoint that was given up is tried anew. Longer than
what a failed judgment waits for its next turn, or a run would never end."""

GIVEN_UP_AT_MOST = 60.0
"""Seconds after which it is tried anew though calls go on coming."""


MOST_REFUSED, REFUSED_FOR = 10, 1800.0
"""Refusals in a row and seconds that these must span, after which an endpoint that only ever says
that it is asked too much is given up, however long it asks to be left alone each time."""

UNASKED = 3600.0
"""Seconds without a refusal after which a row ends: nobody asked in between. No pause that is
asked for is nearly as long."""


@dataclass(frozen=True)
class Down:
    """Since when (on the breaker's clock) there was no reply, and what came last instead."""

    since: float
    words: str


class Spared(Exception):
    """The endpoint is dead as far as is known, and it is not the time for a trial call."""


class GivenUp(Exception):
    """The endpoint has not replied for long; `down` says since when and what it answered."""

    def __init__(self, down: Down) -> None:
        super().__init__(down.words)
        self.down = down


@dataclass
class Refusals:
    """Refusals for a rate limit in a row, since the last reply. Unlike the breaker it bears gaps:
    who is told to come again in two minutes does not call in between."""

    count: int = 0
    since: float = 0.0
    last: float = 0.0

    def add(self, now: float) -> None:
        """One more call was refused."""
        if not self.count or now - self.last > UNASKED:
            self.count, self.since = 0, now
        self.count += 1
        self.last = now

    def clear(self) -> None:
        """A call was answered."""
        self.count = 0

    @property
    def hopeless(self) -> bool:
        """Whether waiting any longer is of no use."""
        return self.count >= MOST_REFUSED and self.last - self.since >= REFUSED_FOR


@dataclass
class Breaker:
    """One endpoint. Times are seconds on any one clock."""

    failures: int = 0
    since: float | None = None  # when the first call was sent that had no reply
    last: float = 0.0  # the last outcome that was none
    words: str = ""
    opened: bool = False
    probing: bool = False
    _probe_at: float = 0.0
    _probe_wait: float = FIRST_PROBE
    _given_up_at: float | None = None
    _refused_at: float = 0.0

    def check(self, now: float) -> None:
        """Raises Spared or GivenUp when a call may not be sent."""
        if self.since is None:
            return
        if self._given_up_at is not None:
            quiet = now - max(self._given_up_at, self._refused_at) > QUIET
            if quiet or now - self._given_up_at > GIVEN_UP_AT_MOST:
                self._try_anew(now)
            else:
                self._refused_at = now
                raise GivenUp(self._down(self.since))
        if self.opened:
            if now - self.last > APART and not self.probing:
                self._try_anew(now)
            elif now - self.since >= GIVE_UP:
                self._given_up_at = self._refused_at = now
                raise GivenUp(self._down(self.since))
            if self.probing or now < self._probe_at:
                raise Spared

    def enter(self, now: float) -> bool:
        """Send a call; whether it is a trial call. Raises as `check` does."""
        self.check(now)
        self.probing = self.opened
        return self.probing

    def replied(self) -> None:
        """A call was answered."""
        if self.since is not None:
            self._forget()

    def alive(self, now: float, sent_at: float, words: str, *, limited: bool, probe: bool) -> None:
        """A call was declined, by an endpoint that is alive. `limited`: it wants fewer calls."""
        if not limited:
            self._forget()
            return
        self.failures, self.opened = 0, False
        self.probing = self.probing and not probe
        self._note(now, sent_at, words)
        if self.since is not None and now - self.since >= STARVED:
            self._given_up_at = self._refused_at = now

    def failed(self, now: float, sent_at: float, words: str, *, probe: bool) -> None:
        """A call had no reply, or one that says that the endpoint is out of order."""
        self._note(now, sent_at, words)
        self.failures += 1
        if probe:
            self.probing = False
            self._probe_wait = min(2 * self._probe_wait, LAST_PROBE)
            self._probe_at = now + self._probe_wait
        elif not self.opened and self._is_dead(now):
            self.opened = True
            self._probe_wait = FIRST_PROBE
            self._probe_at = now + FIRST_PROBE
        if self.opened and self.since is not None and now - self.since >= GIVE_UP:
            self._given_up_at = self._refused_at = now

    def cancelled(self, *, probe: bool) -> None:
        """Nobody waits for the call any more; how it went is not known."""
        self.probing = self.probing and not probe

    @property
    def down(self) -> Down | None:
        """What is known when the endpoint counts as dead."""
        if self.since is None or not (self.opened or self._given_up_at is not None):
            return None
        return self._down(self.since)

    @property
    def given_up(self) -> bool:
        """Whether calls fail instead of waiting."""
        return self._given_up_at is not None

    def _down(self, since: float) -> Down:
        return Down(since, self.words)

    def _note(self, now: float, sent_at: float, words: str) -> None:
        if self.since is None or sent_at - self.last > APART:
            self.since, self.failures = sent_at, 0
        self.last, self.words = now, words

    def _is_dead(self, now: float) -> bool:
        span = now - (now if self.since is None else self.since)
        return (self.failures >= FAILURES and span >= SPAN) or (
            self.failures >= FEW_FAILURES and span >= GIVE_UP
        )

    def _try_anew(self, now: float) -> None:
        """Forget the past, but begin with a trial call."""
        self._forget()
        self.opened, self.since, self.last = True, now, now

    def _forget(self) -> None:
        self.failures, self.since = 0, None
        self.opened = self.probing = False
        self._probe_at, self._probe_wait = 0.0, FIRST_PROBE
        self._given_up_at = None
