from datetime import timedelta

import pytest

from judges.contracts import JudgeError, Order, Postponed, Presentation
from judges.models import Decision
from judges.services.runner.work import MAX_ATTEMPTS, Work

pytestmark = pytest.mark.pure

AB, BA = Presentation(Order.AB), Presentation(Order.BA)


def work(attempts=0):
    return Work(Decision(pk=1, attempts=attempts), {AB, BA})


def test_it_is_complete_when_every_presentation_was_ticked_off():
    one = work()

    assert not one.tick_off(AB, JudgeError("no"))
    assert one.tick_off(BA, Postponed("later", 3))


@pytest.mark.parametrize(
    ("replies", "attempts", "seconds"),
    [
        ([], 0, None),
        ([JudgeError("gone", permanent=True)], 0, None),
        ([JudgeError("busy")], 0, 2),
        ([JudgeError("busy")], 2, 8),
        ([JudgeError("busy")], MAX_ATTEMPTS - 1, None),
        ([Postponed("later", 7)], 0, 7),
        ([Postponed("later", 7)], MAX_ATTEMPTS, 7),
        ([JudgeError("busy"), Postponed("later", 7)], 0, 7),
        ([JudgeError("busy"), Postponed("later", 7)], 3, 16),
        ([JudgeError("busy"), Postponed("later", 7)], MAX_ATTEMPTS - 1, None),
        ([Postponed("later", 0)], 0, 0),
    ],
)
def test_failures_are_counted_and_waits_are_not(replies, attempts, seconds):
    one = work(attempts)
    for shown, reply in zip((AB, BA), replies, strict=False):
        one.tick_off(shown, reply)

    expected = None if seconds is None else timedelta(seconds=seconds)

    assert one.delay() == expected
