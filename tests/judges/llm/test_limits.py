"""The rules of declared limits, on a clock of the test's own."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judges.contracts import EndpointRow
from judges.llm.limits import Limits, LocalLimits, Turn

WHERE = "http://host/v1 00000000 m"
FOR_EVER = 1e9


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def limits(**declared: int) -> Limits:
    return Limits.of(EndpointRow("e", "http://host/v1", **declared))


def take(
    store: LocalLimits, by: Limits, tokens: int = 0, patience: float = FOR_EVER, ticket: str = "t"
) -> Turn:
    return asyncio.run(store.take(WHERE, by, tokens, ticket, patience))


def give_back(store: LocalLimits, by: Limits, surplus: int, ticket: str = "t") -> None:
    asyncio.run(store.give_back(WHERE, by, ticket, surplus, 0.0))


def busiest(times: list[float], window: float) -> int:
    """The most calls in any stretch of that length, its end included."""
    return max(sum(start <= t <= start + window for t in times) for start in times)


@given(
    rpm=st.integers(1, 6000),
    gaps=st.lists(st.floats(0, 5), min_size=1, max_size=60),
    window=st.floats(0.1, 120),
)
def test_no_stretch_of_time_holds_more_than_its_rate_and_the_burst(
    rpm: int, gaps: list[float], window: float
) -> None:
    clock, by, sent = Clock(), limits(requests_per_minute=rpm), []
    store = LocalLimits(clock)
    for gap in gaps:
        clock.now += gap
        sent.append(clock.now + take(store, by).wait)
    assert by.requests is not None
    assert busiest(sent, window) <= by.requests.burst + window * rpm / 60 + 1e-6


@given(
    rpm=st.integers(30, 600),
    tpm=st.integers(600, 60_000),
    calls=st.lists(st.tuples(st.floats(0, 2), st.integers(0, 2000)), min_size=1, max_size=40),
    window=st.floats(0.5, 60),
)
def test_both_limits_hold_at_once(
    rpm: int, tpm: int, calls: list[tuple[float, int]], window: float
) -> None:
    clock, by = Clock(), limits(requests_per_minute=rpm, tokens_per_minute=tpm)
    store, sent = LocalLimits(clock), []
    for gap, tokens in calls:
        clock.now += gap
        sent.append((clock.now + take(store, by, tokens).wait, tokens))
    assert by.requests is not None
    assert by.tokens is not None
    times = [at for at, _ in sent]
    assert busiest(times, window) <= by.requests.burst + window * rpm / 60 + 1e-6
    largest = max(by.tokens.burst, *(tokens for _, tokens in sent))
    for start in times:
        used = sum(tokens for at, tokens in sent if start <= at <= start + window)
        assert used <= largest + window * tpm / 60 + 1e-3


@given(rpm=st.integers(1, 600), count=st.integers(2, 50))
def test_those_who_wait_lose_nothing(rpm: int, count: int) -> None:
    """As many turns as the rate allows are given out, one after the other."""
    clock, by = Clock(), limits(requests_per_minute=rpm)
    store = LocalLimits(clock)
    waits = [take(store, by).wait for _ in range(count)]
    assert waits == sorted(waits)
    assert waits[-1] == pytest.approx(max(0, (count - max(1, rpm / 60))) * 60 / rpm, abs=60 / rpm)


def test_a_turn_that_comes_too_late_is_not_taken() -> None:
    store, by = LocalLimits(Clock()), limits(requests_per_minute=6)
    assert take(store, by) == Turn(0.0, taken=True)
    assert take(store, by, patience=9.0) == Turn(10.0, taken=False)
    assert take(store, by, patience=9.0) == Turn(10.0, taken=False), "nobody stands in line"
    assert take(store, by, patience=10.0) == Turn(10.0, taken=True)


def test_tokens_are_corrected_by_what_a_call_took() -> None:
    by = limits(tokens_per_minute=600)
    for surplus, expected in ((0, 10.0), (-100, 0.0), (100, 20.0)):
        store = LocalLimits(Clock())
        take(store, by, 100)
        give_back(store, by, surplus)
        assert take(store, by, 60).wait == pytest.approx(expected)


def test_a_call_larger_than_the_limit_of_a_minute_is_not_shut_out() -> None:
    store, by = LocalLimits(Clock()), limits(tokens_per_minute=100)
    assert take(store, by, 5000).wait == 0.0
    assert take(store, by, 1).wait > 60


def test_calls_at_once() -> None:
    store, by = LocalLimits(Clock()), limits(max_in_flight=2)
    assert [take(store, by, ticket=name).taken for name in "abc"] == [True, True, False]
    give_back(store, by, 0, "a")
    assert take(store, by, ticket="c").taken


def test_a_pause_holds_back_everyone_and_turns_come_one_by_one_after_it() -> None:
    clock, by = Clock(), limits(requests_per_minute=60)
    store = LocalLimits(clock)
    store.pause(WHERE, 5.0)
    store.pause(WHERE, 2.0)
    assert store.paused(WHERE) == 5.0
    assert [take(store, by).wait for _ in range(3)] == [5.0, 6.0, 7.0]
    assert take(store, Limits()).wait == 5.0
    clock.now += 5
    assert store.paused(WHERE) == 0.0
    assert store.paused("elsewhere") == 0.0
