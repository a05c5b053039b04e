from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from arena.services.passwords import CONSOLE
from arena.tasks import send_reset
from arena.views.attempts import RESET_FOR_EMAIL, RESET_FROM_ADDRESS

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_memory_of_attempts() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What was handed to the workers."""
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(send_reset, "delay", lambda **values: messages.append(values))
    return messages


def test_the_answer_tells_nobody_who_has_an_account(
    client: Client, owner: User, asked: list[dict[str, Any]], django_assert_num_queries: Any
) -> None:
    owner.email = "olga@example.org"
    owner.set_password("nine herons wade")
    owner.save()
    pages = []
    for email in ("olga@example.org", "nobody@example.org"):
        with django_assert_num_queries(0):
            answer = client.post("/password-reset", {"email": email})
        assert answer.status_code == 200
        page = answer.content.decode().replace(email, "…")
        pages.append(re.sub("[A-Za-z0-9]{64}", "(form token)", page))

    assert pages[0] == pages[1]
    assert "Look into your mail" in pages[0]
    assert [message["email"] for message in asked] == ["olga@example.org", "nobody@example.org"]
    assert asked[0]["site"] == "http://testserver/"


def test_the_address_of_the_site_is_the_one_that_was_set(
    client: Client, asked: list[dict[str, Any]], settings: Settings
) -> None:
    settings.SITE_URL_GIVEN = "https://arena.example.org/"

    client.post("/password-reset", {"email": "a@example.org"})

    assert asked[0]["site"] == "https://arena.example.org/"


def test_one_address_is_mailed_a_few_times_an_hour(
    client: Client, asked: list[dict[str, Any]]
) -> None:
    for _ in range(RESET_FOR_EMAIL.attempts + 2):
        answer = client.post("/password-reset", {"email": "a@example.org"})
        assert answer.status_code == 200  # no other answer than before

    assert len(asked) == RESET_FOR_EMAIL.attempts


def test_one_sender_has_to_wait_after_some(client: Client, asked: list[dict[str, Any]]) -> None:
    for number in range(RESET_FROM_ADDRESS.attempts):
        client.post("/password-reset", {"email": f"a{number}@example.org"})

    answer = client.post("/password-reset", {"email": "b@example.org"})

    assert answer.status_code == 429
    assert "Too many attempts" in answer.content.decode()
    assert len(asked) == RESET_FROM_ADDRESS.attempts


def test_nonsense_is_no_address(client: Client, asked: list[dict[str, Any]]) -> None:
    assert client.post("/password-reset", {"email": "nonsense"}).status_code == 400
    assert asked == []


def test_without_mail_it_says_who_can_help(
    client: Client, asked: list[dict[str, Any]], settings: Settings
) -> None:
    settings.EMAIL_BACKEND = CONSOLE

    assert "changepassword" in client.get("/password-reset").content.decode()
    client.post("/password-reset", {"email": "a@example.org"})

    assert asked == []


def test_the_way_there_is_on_the_sign_in_page(client: Client) -> None:
    assert 'href="/password-reset"' in client.get("/sign-in").content.decode()


@pytest.mark.parametrize("path", ["MQ/set-password", "MQ/abc-def", "nonsense/x", "ÿ/x"])
def test_a_broken_link_is_said(client: Client, path: str) -> None:
    answer = client.get(f"/password-reset/{path}")

    assert "does not work any more" in answer.content.decode()
