"""The pace that is learnt, against servers of several sorts, in virtual time."""

from __future__ import annotations

import pytest

from tests.fakes import virtual_time
from tests.judges.llm.worlds import Server, Told, at_random, bucket, drive, window


def driven(server: Server, **how: float | bool) -> Told:
    return virtual_time.run(drive(server, callers=200, **how))  # type: ignore[arg-type]


@pytest.mark.parametrize("headers", [True, False])
@pytest.mark.parametrize("latency", [0.1, 1.0])
@pytest.mark.parametrize("burst", [1, 60])
def test_sixty_a_minute_are_driven_at_their_speed(
    burst: int, latency: float, headers: bool
) -> None:
    told = driven(bucket(1.0, burst), seconds=300, latency=latency, headers=headers)
    assert told.rate(100, 300) > 0.85
    assert len(told.declined) < 3 * 200, "the first storm, its echo, and few after that"
    late = sum(at > 100 for at in told.declined)
    assert late < 0.4 * 200


def test_a_server_that_counts_by_the_minute() -> None:
    told = driven(window(60, 60.0), seconds=300)
    assert told.rate(60, 300) > 0.95
    assert len(told.declined) < 250


def test_a_fast_server_is_not_held_back() -> None:
    told = driven(bucket(20.0, 20), seconds=120)
    assert told.rate(40, 120) > 0.9 * 20
    assert len(told.declined) < len(told.passed)


def test_a_server_that_allows_more_again_is_followed() -> None:
    slow, fast = bucket(1.0, 1), bucket(30.0, 30)
    told = driven(lambda now: (slow if now < 60 else fast)(now), seconds=240)
    assert told.rate(20, 60) < 1.3
    assert told.rate(200, 240) > 20


def test_declining_at_random_does_not_slow_down() -> None:
    told = driven(at_random(0.1, 0.05), seconds=20)
    # 200 callers, 0.1 s a reply, half a second after a refusal: 1,300 a second without any gate.
    assert told.rate(5, 20) > 1000


def test_nothing_is_paced_while_nothing_is_declined() -> None:
    told = driven(lambda _: ("ok", 0.0), seconds=10)
    assert told.rate(1, 9) == pytest.approx(2000, rel=0.02)
    assert told.postponed == 0
