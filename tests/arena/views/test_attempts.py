from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache
from django.test import RequestFactory
from pytest_django import Settings

from arena.views.attempts import Limit, address_of


@pytest.fixture(autouse=True)
def _no_memory_of_attempts() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def test_so_many_and_no_more_for_each_sender() -> None:
    limit = Limit("test", attempts=3)

    assert [limit.take("olga", "a") for _ in range(5)] == [True, True, True, False, False]
    assert limit.take("olga", "b")
    assert not limit.take("OLGA", "a")
    assert Limit("other", attempts=3).take("olga", "a")
    limit.forget("olga", "a")
    assert limit.take("olga", "a")


def test_parts_are_not_run_together() -> None:
    limit = Limit("test", attempts=1)

    assert limit.take("ab", "c")
    assert limit.take("a", "bc")


def test_of_many_at_once_so_many_get_through() -> None:
    """As from several web processes: counted first, and only then tried."""
    limit = Limit("test", attempts=10)

    with ThreadPoolExecutor(16) as pool:
        allowed = sum(pool.map(lambda _: limit.take("olga", "a"), range(100)))

    assert allowed == 10


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "1.1.1.1", "9.9.9.9"),  # anybody can write the header
        (1, "1.1.1.1", "1.1.1.1"),
        (1, "6.6.6.6, 1.1.1.1", "1.1.1.1"),
        (2, "6.6.6.6, 1.1.1.1, 2.2.2.2", "1.1.1.1"),
        (2, "1.1.1.1", "9.9.9.9"),
        (1, "", "9.9.9.9"),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),  # a household's, to the last bit
        (1, "2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        (1, "::ffff:1.1.1.1", "1.1.1.1"),
        (1, "nonsense:", "nonsense:"),
    ],
)
def test_the_sender_is_who_our_own_proxy_saw(
    rf: RequestFactory, settings: Settings, proxies: int, forwarded: str, address: str
) -> None:
    settings.PROXIES = proxies

    request = rf.get("/", REMOTE_ADDR="9.9.9.9", HTTP_X_FORWARDED_FOR=forwarded)

    assert address_of(request) == address
