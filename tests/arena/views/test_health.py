from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

DEAD_END = "redis://127.0.0.1:1/0"


@pytest.mark.django_db
def test_being_alive_asks_nobody(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        response = client.get("/livez")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_ready_with_a_database(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = ""

    response = client.get("/readyz")

    assert (response.status_code, response.json()["checks"]) == (200, {"database": "ok"})


@pytest.mark.django_db
def test_not_ready_without_the_broker(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = DEAD_END

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"] == {"database": "ok", "broker": "no answer"}
    assert "127.0.0.1" not in response.content.decode()
