"""What is shown once, after a redirect."""

from __future__ import annotations

import pytest
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.http import HttpRequest
from django.test import RequestFactory

from arena.views import once


@pytest.fixture
def session() -> SessionStore:
    return SessionStore()


def of(session: SessionStore, method: str) -> HttpRequest:
    request = RequestFactory().generic(method, "/")
    request.session = session
    return request


def test_it_is_taken_once_and_only_where_it_is_shown(session: SessionStore) -> None:
    once.put(of(session, "POST"), "link", "https://a.example/x", "sent")

    assert once.take(of(session, "HEAD"), "link") == []
    assert once.take(of(session, "GET"), "other") == []
    assert once.take(of(session, "GET"), "link") == ["https://a.example/x", "sent"]
    assert once.take(of(session, "GET"), "link") == []


def test_two_that_are_made_before_a_page_is_shown_are_both_shown(session: SessionStore) -> None:
    for token in ("one", "two"):
        once.put(of(session, "POST"), "token", token)

    assert [once.take(of(session, "GET"), "token") for _ in range(3)] == [["two"], ["one"], []]


def test_it_waits_encrypted(session: SessionStore) -> None:
    once.put(of(session, "POST"), "token", "in-clear")

    assert "in-clear" not in str(dict(session.items()))
