from datetime import timedelta

import pytest
from django.utils import timezone

from judges.models import StoredReply
from judges.services import replies
from judges.services.replies import PaidReply
from tests import factories

pytestmark = pytest.mark.django_db


def key(n):
    return f"{n:064x}"


@pytest.fixture
def lab():
    return factories.project()


def test_what_is_stored_is_found_again_and_nothing_else(lab):
    replies.store(
        [PaidReply(key(n), lab.pk, "1:2:ab:0", {"text": f"reply {n}", "n": n}) for n in range(3)]
    )

    assert replies.find([key(1), key(2), key(9)]) == {
        key(n): PaidReply(key(n), lab.pk, "1:2:ab:0", {"text": f"reply {n}", "n": n})
        for n in (1, 2)
    }


def test_the_first_reply_stands(lab):
    replies.store([PaidReply(key(1), lab.pk, "1:2:ab:0", {"text": "first"})])
    replies.store([PaidReply(key(1), lab.pk, "1:2:ab:0", {"text": "second"})])

    assert replies.find([key(1)])[key(1)].reply == {"text": "first"}


def test_any_text_can_be_stored(lab):
    hostile = 'nul \x00, lone \ud800, quote " \\ \\u0000 and 日本語'

    replies.store(
        [PaidReply(key(1), lab.pk, "1:2:ab:0", {"text": hostile, "parts": [1, None, "é"]})]
    )

    found = replies.find([key(1)])[key(1)].reply
    assert "日本語" in found["text"]
    assert "\x00" not in found["text"]
    assert found["parts"] == [1, None, "é"]


def test_old_replies_are_forgotten(lab, settings):
    settings.REPLY_DAYS = 7
    replies.store([PaidReply(key(n), lab.pk, "", {}) for n in range(2)])
    StoredReply.objects.filter(pk=key(0)).update(created_at=timezone.now() - timedelta(days=8))

    assert replies.forget_old() == 1

    assert set(replies.find([key(0), key(1)])) == {key(1)}
