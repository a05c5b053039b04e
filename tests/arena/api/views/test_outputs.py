from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from arena.models import Project

OUTPUTS = "/api/v1/projects/haiku/outputs"
FULL = {
    "prompt": "p1",
    "competitor": "owl",
    "messages": [
        {"role": "assistant", "content": "So."},
        {"role": "assistant", "content": "Thus."},
    ],
    "sample": 2,
    "tokens_in": 10,
    "tokens_out": 20,
    "latency_ms": 300,
    "cost_usd": 0.004,
    "metrics": {"f1": 0.5},
    "metadata": {"run": "a"},
}


@pytest.fixture
def project(project: Project, api: APIClient) -> Project:
    """With two prompts."""
    prompts = [
        {"id": "p1", "text": "Why?", "category": "maths", "language": "en", "tags": ["hard"]},
        {"id": "p2", "text": "How?"},
    ]
    api.post("/api/v1/projects/haiku/prompts", prompts)
    return project


def test_what_was_sent_is_listed(project: Project, api: APIClient) -> None:
    assert api.post(OUTPUTS, FULL).json() == {"created": 1, "updated": 0, "unchanged": 0}

    [row] = api.get(OUTPUTS).json()["results"]

    assert row.pop("created_at")
    assert row.pop("text") == "So.\n\nThus."
    assert row == FULL


def test_what_is_listed_can_be_sent_back(project: Project, api: APIClient) -> None:
    api.post(OUTPUTS, [FULL, {"prompt": "p2", "competitor": "fox", "text": "So."}])
    rows = api.get(OUTPUTS).json()["results"]
    for row in rows:
        del row["created_at"]

    assert api.post(OUTPUTS, rows).json() == {"created": 0, "updated": 0, "unchanged": 2}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["p1 owl", "p2 owl", "p2 fox"]),
        ("prompt=p2", ["p2 owl", "p2 fox"]),
        ("competitor=owl", ["p1 owl", "p2 owl"]),
        ("prompt=p2&competitor=owl", ["p2 owl"]),
        ("category=maths", ["p1 owl"]),
        ("language=en&tag=hard", ["p1 owl"]),
        ("tag=hard&competitor=fox", []),
        ("prompt=p9", []),
    ],
)
def test_filters(project: Project, api: APIClient, query: str, found: list[str]) -> None:
    pairs = [("p1", "owl"), ("p2", "owl"), ("p2", "fox")]
    api.post(OUTPUTS, [{"prompt": p, "competitor": c, "text": "x"} for p, c in pairs])

    rows = api.get(f"{OUTPUTS}?{query}").json()["results"]

    assert [f"{row['prompt']} {row['competitor']}" for row in rows] == found


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_the_same_queries_for_any_length(
    project: Project, api: APIClient, count: int
) -> None:
    rows = [{"prompt": "p1", "competitor": f"c{number}", "text": "x"} for number in range(count)]
    api.post(OUTPUTS, rows)

    with CaptureQueriesContext(connection) as captured:
        assert len(api.get(OUTPUTS).json()["results"]) == count
    assert len(captured) == 4  # token, project, role, outputs
