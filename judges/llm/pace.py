"""The pace of calls to an endpoint that has said that it is asked too much.

An endpoint whose limit is not declared is driven as fast as callers come until a fair share of the
calls is declined (429). From then on calls are sent at the rate at which they were seen to pass.
Now and then a faster rate is tried for a moment: it stays when more passes, so the pace follows
an endpoint that allows more again, and a server that declines at random does not slow it down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

TOLERATED = 0.2
"""Share of declined calls that tells nothing about the rate."""

SURE = 1.0
"""Standard deviations above the tolerated share that make it telling."""

FEWEST = 4
"""Declined calls that it takes at least."""

FIRST, SLOWEST = 1.0, 0.2
"""Calls a second below which the pace does not fall at once, and below which it never falls."""

DROP, STEEPEST = 0.8, 0.25
"""Bounds of one slow-down: new rate / old rate. What passed is measured by few calls, so it counts
only where most were declined."""

EASE = 0.97
"""New rate / old rate after a round in which some were declined, though not tellingly many: at the
very limit a call that is early by a moment is declined."""

ROUND_CALLS, SHORTEST, LONGEST = 8, 1.0, 20.0
"""A rate is watched for so many calls, but for at least and at most so many seconds."""

GAIN, MORE, GREATEST_GAIN = 1.1, 1.2, 2.0
"""How much faster is tried at first, by how much that grows after each success, and up to what."""

WORSE = 0.1
"""A faster rate is too fast when this share of the calls is declined that was not before."""

FIRST_GAP, LAST_GAP = 2, 16
"""Rounds between trials, doubled after each failure."""

AHEAD = 1.0
"""Seconds for which turns are given out ahead (two turns at least): a change of pace has to work
at once."""

UNUSED = 3
"""Rounds in which nobody had to wait and nothing was declined, after which the pace is dropped."""


@dataclass
class Round:
    """What became of the calls that were sent since `begun`; timed from the first outcome."""

    begun: float
    first: float | None = None
    sent: int = 0
    passed: int = 0
    declined: int = 0
    waited: bool = False

    @property
    def telling(self) -> bool:
        """Whether more was declined than chance and tolerance explain.

        A refusal comes back sooner than a reply, so calls under way count as if they passed.
        """
        spread = SURE * math.sqrt(TOLERATED * (1 - TOLERATED) * self.sent)
        return self.declined >= FEWEST and self.declined > TOLERATED * self.sent + spread

    @property
    def share(self) -> float:
        """Share of the calls that was declined."""
        return self.declined / max(self.passed + self.declined, 1)

    def seconds(self, now: float) -> float:
        """For how long outcomes have been coming."""
        return 0.0 if self.first is None else now - self.first

    def passing(self, now: float) -> float:
        """Calls a second that passed, or still may."""
        return (self.sent - self.declined) / max(self.seconds(now), SHORTEST)


class Pace:
    """The pace of one endpoint in one process. Times are seconds on any one clock."""

    def __init__(self) -> None:
        self.rate: float | None = None
        """Calls a second; None is as fast as callers come."""
        self.slowed = 0
        """How often it was slowed down; whoever holds a turn from before must take a new one."""
        self._next = 0.0
        self._round = Round(0.0)
        self._base: float | None = None  # while a faster rate is tried, the one before
        self._share = 0.0  # of calls that are declined at the base
        self._gain, self._gap, self._rounds, self._unused = GAIN, FIRST_GAP, 0, 0

    def wait(self, now: float) -> float:
        """Seconds after which to come again; 0 when a turn can be had."""
        if not self.rate or self._next - now <= max(AHEAD, 2 / self.rate):
            return 0.0
        self._round.waited = True
        return self._next - now

    def take(self, start: float) -> float:
        """Take the next turn; seconds from `start` to it."""
        if not self.rate:
            return 0.0
        turn = max(start, self._next)
        self._next = turn + 1 / self.rate
        self._round.waited |= turn > start
        return turn - start

    def sent(self) -> None:
        """A call goes out."""
        self._round.sent += 1

    def outcome(self, now: float, sent_at: float, *, declined: bool) -> None:
        """A call came back that was sent at `sent_at`."""
        watched = self._round
        if sent_at < watched.begun:
            return
        if watched.first is None:
            watched.first = now
        watched.passed += not declined
        watched.declined += declined
        back, seconds = watched.passed + watched.declined, watched.seconds(now)
        if watched.telling and (back >= watched.sent or seconds >= SHORTEST):
            self._slow_down(now)
        elif seconds >= LONGEST or (back >= ROUND_CALLS and seconds >= SHORTEST):
            self._end_round(now)

    def _slow_down(self, now: float) -> None:
        watched, passing = self._round, self._round.passing(now)
        if self._base is not None:  # what passed at a faster rate says little of the one before
            rate, self._gap = self._base, min(2 * self._gap, LAST_GAP)
        else:
            self._gap = FIRST_GAP
            if self.rate is None:
                rate = max(passing, FIRST)
            elif watched.share > 1 / 2:
                rate = max(min(passing, DROP * self.rate), STEEPEST * self.rate)
            else:
                rate = DROP * self.rate
        self.slowed += 1
        self._next = now
        self._cruise(now, max(rate, SLOWEST))

    def _end_round(self, now: float) -> None:
        watched = self._round
        idle = not watched.waited and not watched.declined
        self._unused = self._unused + 1 if idle else 0
        if self.rate is None or self._unused >= UNUSED:
            self.rate = self._base = None
            self._round = Round(now)
        elif self._base is None:
            self._share = (self._share + watched.share) / 2
            self.rate = max(self.rate * EASE, SLOWEST) if watched.declined else self.rate
            self._rounds += 1
            self._round = Round(now)
            if self._rounds >= self._gap and watched.waited:
                self._try(now, self.rate)
        elif watched.share <= min(self._share + WORSE, TOLERATED):
            self._gain, self._gap = min(self._gain * MORE, GREATEST_GAIN), FIRST_GAP
            self._try(now, self.rate)
        else:
            self._gap = min(2 * self._gap, LAST_GAP)
            self._cruise(now, self._base)

    def _cruise(self, now: float, rate: float) -> None:
        """Go on at `rate`, and try a faster one later."""
        self.rate, self._base = rate, None
        self._gain, self._rounds, self._unused = GAIN, 0, 0
        self._round = Round(now)

    def _try(self, now: float, base: float) -> None:
        """The rate `base` is good; try a faster one."""
        self._base, self._rounds = base, 0
        self.rate = base * self._gain
        self._round = Round(now)
