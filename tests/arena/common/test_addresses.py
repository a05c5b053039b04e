from __future__ import annotations

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from arena.common.addresses import absolute


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("", "http://127.0.0.1:8000/account"),
        ("https://arena.example.org", "https://arena.example.org/account"),
        ("https://arena.example.org/", "https://arena.example.org/account"),
    ],
)
def test_the_name_that_was_set_goes_before_that_of_the_request(
    rf: RequestFactory, settings: Settings, given: str, address: str
) -> None:
    settings.SITE_URL_GIVEN = given

    assert absolute(rf.get("/x", headers={"host": "127.0.0.1:8000"}), "/account") == address
