from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client


@pytest.fixture
def schema(client: Client) -> Any:
    response = client.get("/api/v1/schema")
    assert response.status_code == 200
    return response.json()


def test_the_schema_is_valid_and_complete() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=io.StringIO())


def test_every_endpoint_documents_its_errors(schema: Any) -> None:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            statuses = set(operation["responses"])
            assert {"400", "401", "403"} <= statuses, (method, path)
            assert "404" in statuses or "{" not in path, (method, path)
            assert operation["summary"], (method, path)
            assert operation["security"] == [{"token": []}], (method, path)


def test_bulk_endpoints_take_json_and_json_lines(schema: Any) -> None:
    body = schema["paths"]["/api/v1/projects/{slug}/outputs"]["post"]["requestBody"]["content"]

    assert set(body) == {"application/json", "application/x-ndjson"}
    record = schema["components"]["schemas"]["OutputRecord"]
    assert record["required"] == ["prompt", "competitor"]
    assert record["properties"]["sample"]["minimum"] == 0


def test_names_of_operations_are_stable(schema: Any) -> None:
    names = {
        operation["operationId"]
        for methods in schema["paths"].values()
        for operation in methods.values()
    }
    assert {"create_project", "list_prompts", "upsert_outputs"} <= names


def test_the_docs_page_loads_nothing_from_outside(client: Client) -> None:
    page = client.get("/api/v1/docs")

    assert page.status_code == 200
    text = page.content.decode()
    assert "http://" not in text
    assert "https://" not in text
    assert "<script>" not in text
    assert "<style" not in text
    assert client.get("/api/v1/docs?script=").status_code == 200
