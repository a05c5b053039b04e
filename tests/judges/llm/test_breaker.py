"""The breaker, on a clock of the test's own."""

from __future__ import annotations

from itertools import pairwise

import pytest

from judges.llm.breaker import (
    FAILURES,
    FIRST_PROBE,
    GIVE_UP,
    GIVEN_UP_AT_MOST,
    MOST_REFUSED,
    QUIET,
    REFUSED_FOR,
    SPAN,
    STARVED,
    UNASKED,
    Breaker,
    GivenUp,
    Refusals,
    Spared,
)

BOOM = "host answered 500: boom"


def failing(breaker: Breaker, start: float, seconds: float, count: int = FAILURES) -> float:
    """Fail `count` times within these seconds; the time of the last."""
    for number in range(count):
        now = start + seconds * number / max(count - 1, 1)
        breaker.failed(now, now, BOOM, probe=False)
    return start + seconds


def dead(start: float = 100.0) -> tuple[Breaker, float]:
    """A breaker that found its endpoint dead, and when."""
    breaker = Breaker()
    now = failing(breaker, start, SPAN + 0.1)
    assert breaker.opened
    return breaker, now


def long_dead(start: float) -> Breaker:
    """A breaker whose trial calls failed for nearly as long as it takes to give up."""
    breaker, now = dead(start)
    while now < start + GIVE_UP - 1:
        now += 1
        try:
            breaker.enter(now)
        except Spared:
            continue
        breaker.failed(now, now, BOOM, probe=True)
    return breaker


def test_a_hiccup_is_not_death() -> None:
    breaker = Breaker()
    failing(breaker, 0.0, SPAN - 1, count=100)
    breaker.check(SPAN - 1)
    assert breaker.down is None


def test_failures_between_replies_are_not_death() -> None:
    breaker = Breaker()
    for second in range(100):
        failing(breaker, second, 0.9, FAILURES - 1)
        breaker.replied()
        breaker.check(second + 0.95)


def test_failures_with_nobody_asking_in_between_are_not_in_a_row() -> None:
    breaker = Breaker()
    failing(breaker, 0.0, 1.0, FAILURES - 1)
    failing(breaker, 1000.0, 1.0, 2)
    assert not breaker.opened
    assert breaker.since == 1000.0


def test_a_dead_endpoint_is_spared_all_but_a_trial_call_now_and_then() -> None:
    breaker, now = dead()
    sent = []
    while now < 100.0 + GIVE_UP - 1:
        try:
            assert breaker.enter(now)
        except Spared:
            now += 0.1
            continue
        sent.append(now)
        with pytest.raises(Spared):  # one at a time
            breaker.enter(now)
        breaker.failed(now, now, BOOM, probe=True)
    gaps = [later - earlier for earlier, later in pairwise(sent)]
    assert len(sent) < 12
    assert gaps == sorted(gaps)
    assert sent[0] >= 100 + SPAN + FIRST_PROBE


def test_one_reply_is_enough() -> None:
    breaker, now = dead()
    breaker.replied()
    assert not breaker.enter(now)
    assert breaker.down is None


def test_a_trial_call_that_is_cancelled_is_made_by_another() -> None:
    breaker, now = dead()
    now += FIRST_PROBE
    assert breaker.enter(now)
    breaker.cancelled(probe=True)
    assert breaker.enter(now)


def test_after_a_while_without_a_reply_calls_fail_and_say_what_came_last() -> None:
    breaker = long_dead(100.0)
    with pytest.raises(GivenUp) as raised:
        breaker.check(100 + GIVE_UP)
    assert raised.value.down.since == 100.0
    assert raised.value.down.words == BOOM
    assert breaker.given_up
    for second in range(30):  # the rest of the queue
        with pytest.raises(GivenUp):
            breaker.check(100 + GIVE_UP + second)


@pytest.mark.parametrize("refusals", [0, 20])
def test_what_was_given_up_is_tried_anew(refusals: int) -> None:
    breaker = long_dead(100.0)
    now = 100 + GIVE_UP
    for _ in range(refusals + 1):
        with pytest.raises(GivenUp):
            breaker.check(now)
        now += GIVEN_UP_AT_MOST / 20
    now += QUIET
    assert breaker.enter(now), "a trial call"
    with pytest.raises(Spared):
        breaker.enter(now)
    breaker.failed(now, now, BOOM, probe=True)
    with pytest.raises(Spared):
        breaker.check(now)
    assert breaker.down is not None
    assert breaker.down.since == now


def test_few_calls_that_hang_until_their_timeout_are_enough() -> None:
    breaker = Breaker()
    for call in range(3):
        breaker.failed(60.0 * (call + 1), 60.0 * call, "gave no reply within 60 s", probe=False)
    with pytest.raises(GivenUp):
        breaker.check(180.0)


def test_an_endpoint_that_declines_is_alive() -> None:
    breaker, now = dead()
    breaker.alive(now, now, "answered 400: no", limited=False, probe=False)
    assert not breaker.enter(now)


def test_an_endpoint_that_only_says_too_many_is_given_up_much_later() -> None:
    breaker, now = Breaker(), 0.0
    while now < STARVED - 10:
        breaker.check(now)
        breaker.alive(now, now, "host answered 429: slow", limited=True, probe=False)
        now += 10.0
    breaker.alive(STARVED, STARVED, "host answered 429: slow", limited=True, probe=False)
    with pytest.raises(GivenUp, match="429"):
        breaker.check(STARVED)


def test_a_trial_call_that_takes_too_long_is_the_last() -> None:
    breaker, now = dead(100.0)
    now += FIRST_PROBE
    assert breaker.enter(now)
    breaker.failed(100 + GIVE_UP + 1, now, "gave no reply within 60 s", probe=True)
    assert breaker.given_up


def test_refusals_far_apart_end_in_giving_up() -> None:
    refusals = Refusals()
    for step in range(21):
        assert not refusals.hopeless
        refusals.add(90.0 * step)
    assert refusals.hopeless
    assert refusals.last - refusals.since >= REFUSED_FOR


def test_a_reply_ends_a_row_of_refusals_and_so_does_an_hour_without_calls() -> None:
    refusals = Refusals()
    for step in range(100):
        refusals.add(90.0 * step)
        if step % 15 == 0:
            refusals.clear()
        assert not refusals.hopeless
    refusals.add(90.0 * 100 + UNASKED)
    for _ in range(50):
        refusals.add(refusals.last)
    assert not refusals.hopeless


def test_few_refusals_say_nothing() -> None:
    refusals = Refusals()
    for step in range(MOST_REFUSED - 1):
        refusals.add(REFUSED_FOR * step)
    assert not refusals.hopeless
