from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from arena.models import Project

COMPETITORS = "/api/v1/projects/haiku/competitors"


def test_what_was_sent_is_listed(project: Project, api: APIClient) -> None:
    api.post(COMPETITORS, [{"name": "owl-2", "version_of": "owl", "size": "7b"}, {"name": "owl"}])

    rows = api.get(COMPETITORS).json()["results"]

    assert [(row["name"], row["version_of"], row["metadata"]) for row in rows] == [
        ("owl-2", "owl", {"size": "7b"}),
        ("owl", None, {}),
    ]


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_the_same_queries_for_any_length(
    project: Project, api: APIClient, count: int
) -> None:
    api.post(COMPETITORS, {"name": "owl"})
    versions = [{"name": f"owl-{number}", "version_of": "owl"} for number in range(count)]
    api.post(COMPETITORS, versions)

    with CaptureQueriesContext(connection) as captured:
        assert len(api.get(COMPETITORS).json()["results"]) == count + 1
    assert len(captured) == 4  # token, project, role, competitors
