"""One shape for every error of every endpoint, whichever app it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest
from django.http.request import UnreadablePostError
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.exceptions import Throttled, ValidationError
from rest_framework.test import APIClient

from arena.api.errors import handle
from arena.models import Project

OPEN = {"schema", "docs"}
METHODS = ("get", "post", "put", "patch", "delete")


def addresses() -> list[str]:
    """All addresses below /api/v1/, with something in the place of each parameter."""

    def walk(patterns: list[Any], prefix: str) -> Iterator[str]:
        for pattern in patterns:
            where = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, where)
            elif isinstance(pattern, URLPattern) and where.startswith("api/v1/"):
                yield where

    found = {"/" + _filled(where) for where in walk(get_resolver().url_patterns, "")}
    return sorted(where for where in found if where.rpartition("/")[2] not in OPEN)


def _filled(pattern: str) -> str:
    parts = []
    for part in pattern.split("/"):
        known = {"<slug:slug>": "nowhere"}
        parts.append(known.get(part, "1" if part.startswith("<") else part))
    return "/".join(parts)


def assert_shape(response: Any) -> None:
    body = response.json()
    assert response["Content-Type"] == "application/json"
    assert set(body) - {"errors"} == {"code", "message", "fields"}
    assert isinstance(body["code"], str)
    assert body["message"]
    assert all(isinstance(text, str) for text in body["fields"].values())


def test_there_are_endpoints() -> None:
    assert "/api/v1/projects/nowhere/outputs" in addresses()


@pytest.mark.parametrize("address", addresses())
def test_no_endpoint_answers_without_a_token(db: None, address: str) -> None:
    for method in METHODS:
        response = getattr(APIClient(), method)(address, {})
        assert response.status_code == 401, method
        assert_shape(response)


@pytest.mark.parametrize("address", addresses())
def test_every_refusal_has_the_shape(api: APIClient, address: str) -> None:
    for method in METHODS:
        response = getattr(api, method)(address, {"no such field": 1})
        if response.status_code < 400:
            assert method == "get"
            continue
        assert response.status_code in {400, 404, 405}, method
        assert_shape(response)


@pytest.mark.parametrize("address", [a for a in addresses() if "nowhere" in a])
def test_no_endpoint_knows_a_project_that_is_not_there(api: APIClient, address: str) -> None:
    allowed = 0
    for method in ("get", "post"):
        response = getattr(api, method)(address, {})
        assert response.status_code in {404, 405}
        allowed += response.status_code == 404
    if not allowed:
        assert api.delete(address).status_code == 404


@pytest.mark.parametrize(
    "address",
    ["/api/", "/api/v1", "/api/v1/", "/api/v1/project", "/api/v1/projects/", "/api/v2/x"],
)
@pytest.mark.parametrize("method", METHODS)
def test_unknown_addresses_answer_in_json(api: APIClient, address: str, method: str) -> None:
    response = getattr(api, method)(address, {})

    assert response.status_code == 404
    assert_shape(response)


def test_a_method_that_is_not_there_is_405(project: Project, api: APIClient) -> None:
    response = api.put("/api/v1/projects/haiku/prompts", {})

    assert response.status_code == 405
    assert "GET" in response["Allow"]
    assert response.json()["code"] == "method_not_allowed"


def test_nothing_but_json_can_be_had(project: Project, api: APIClient) -> None:
    response = api.get("/api/v1/projects", headers={"Accept": "text/html"})

    assert response.status_code == 406
    assert_shape(response)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (OperationalError("database is locked"), 503, "unavailable"),
        (RequestDataTooBig(), 413, "too_large"),
        (UnreadablePostError(), 400, "parse_error"),
        (Throttled(wait=7), 429, "throttled"),
        (ZeroDivisionError("secret"), 500, "internal"),
    ],
)
def test_other_errors_have_the_shape_too(error: Exception, status: int, code: str) -> None:
    response = handle(error, {"request": HttpRequest()})

    assert (response.status_code, response.data["code"]) == (status, code)
    assert set(response.data) == {"code", "message", "fields"}
    assert "secret" not in str(response.data)
    assert "locked" not in str(response.data)


def test_a_validation_error_of_drf_names_its_fields() -> None:
    response = handle(ValidationError({"a": ["is bad", "is ugly"], "b": ["is long"]}), {})

    assert response.data["fields"] == {"a": "is bad is ugly", "b": "is long"}


def test_a_throttled_client_is_told_when_to_come_back() -> None:
    assert handle(Throttled(wait=7), {})["Retry-After"] == "7"
    assert handle(OperationalError(), {})["Retry-After"] == "5"
