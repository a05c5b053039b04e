from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from arena.models import Project

PROMPTS = "/api/v1/projects/haiku/prompts"
FULL = {
    "id": "p1",
    "messages": [
        {"role": "user", "content": "Why?"},
        {"role": "assistant", "content": "So."},
        {"role": "user", "content": "And?"},
    ],
    "category": "maths",
    "tags": ["hard"],
    "language": "en",
    "reference": "Because.",
    "rubric": "Be strict.",
    "system": "Be brief.",
    "contexts": [{"id": "c1", "text": "Facts.", "relevant": True}],
    "images": ["https://example.org/a.png"],
    "metadata": {"source": "me"},
}


def keys(response: Any) -> list[str]:
    return [row["id"] for row in response.json()["results"]]


def test_what_was_sent_is_listed(project: Project, api: APIClient) -> None:
    assert api.post(PROMPTS, FULL).json() == {"created": 1, "updated": 0, "unchanged": 0}

    [row] = api.get(PROMPTS).json()["results"]

    assert row.pop("created_at")
    assert row.pop("text") == "Why?\n\nAnd?"
    assert row == FULL


def test_what_is_listed_can_be_sent_back(project: Project, api: APIClient) -> None:
    api.post(PROMPTS, [FULL, {"id": "p2", "text": "How?"}])
    rows = api.get(PROMPTS).json()["results"]
    for row in rows:
        del row["created_at"]

    assert api.post(PROMPTS, rows).json() == {"created": 0, "updated": 0, "unchanged": 2}


def test_a_prompt_of_one_message_is_its_text(project: Project, api: APIClient) -> None:
    api.post(PROMPTS, {"id": "p1", "text": "Why?"})

    [row] = api.get(PROMPTS).json()["results"]

    assert (row["text"], row["messages"]) == ("Why?", None)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["a", "b", "c"]),
        ("category=maths", ["a", "b"]),
        ("category=maths&language=de", ["b"]),
        ("tag=hard", ["a"]),
        ("category=", ["c"]),
        ("tag=none", []),
    ],
)
def test_filters(project: Project, api: APIClient, query: str, found: list[str]) -> None:
    more = [
        {"id": "a", "category": "maths", "language": "en", "tags": ["hard"]},
        {"id": "b", "category": "maths", "language": "de"},
        {"id": "c"},
    ]
    api.post(PROMPTS, [{"text": "Why?", **row} for row in more])

    assert keys(api.get(f"{PROMPTS}?{query}")) == found


def test_other_projects_prompts_are_not_listed(project: Project, api: APIClient) -> None:
    Project.objects.create(slug="other", name="Other")
    api.post("/api/v1/projects/other/prompts", {"id": "theirs", "text": "Why?"})
    api.post(PROMPTS, {"id": "ours", "text": "Why?"})

    assert keys(api.get(PROMPTS)) == ["ours"]


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_the_same_queries_for_any_length(
    project: Project, api: APIClient, count: int
) -> None:
    api.post(PROMPTS, [{"id": f"p{number}", "text": "Why?"} for number in range(count)])

    with CaptureQueriesContext(connection) as captured:
        assert len(keys(api.get(PROMPTS))) == count
    assert len(captured) == 4  # token, project, role, prompts


def test_an_output_is_no_prompt(project: Project, api: APIClient) -> None:
    api.post(PROMPTS, {"id": "p1", "text": "Why?"})

    answer = api.post(PROMPTS, [{"prompt_id": "p1", "competitor": "owl", "text": "So."}])

    assert answer.status_code == 400
    [fault] = answer.json()["errors"]
    assert (fault["line"], fault["field"]) == (1, "competitor")
    assert "/outputs" in fault["message"]
    assert project.prompts.get().messages == [{"role": "user", "content": "Why?"}]
