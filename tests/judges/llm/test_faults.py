from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from judges.llm.faults import MAX_PAUSE, Fault, fault_of, no_reply, pause_of


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 0.0),
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "3"}, 3.0),
        ({"retry-after": "100000"}, MAX_PAUSE),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "inf"}, 0.0),
        ({"retry-after": "nan"}, 0.0),
        ({"retry-after": "tomorrow"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
    ],
)
def test_how_long_to_leave_an_endpoint_alone(headers: dict[str, str], expected: float) -> None:
    assert pause_of(headers) == expected


def test_a_date_is_a_time_from_now() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 25 < pause_of({"retry-after": soon}) <= 30


@pytest.mark.parametrize(
    ("fault", "limited", "permanent", "alive"),
    [
        (Fault(429, "slow down"), True, False, True),
        (Fault(429, "Request too large for m on tokens per min"), False, True, True),
        (Fault(429, "pay", code="insufficient_quota"), False, True, True),
        (Fault(400, "bad"), False, True, True),
        (Fault(408, "timeout"), False, False, False),
        (Fault(500, "boom"), False, False, False),
        (no_reply("gave no usable reply"), False, False, False),
    ],
)
def test_what_a_fault_means(fault: Fault, limited: bool, permanent: bool, alive: bool) -> None:
    assert (fault.limited, fault.permanent, fault.from_the_living) == (limited, permanent, alive)


def test_an_error_reply_may_ask_for_a_pause() -> None:
    fault = fault_of(503, {"error": "busy"}, "secret", {"retry-after": "4"})
    assert (fault.pause, fault.said("host")) == (4.0, "host answered 503: busy")
