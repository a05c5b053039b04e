from __future__ import annotations

import base64
from urllib.parse import urlencode

import pytest
from rest_framework.test import APIClient

from arena.models import Competitor, Project

LIST = "/api/v1/projects/haiku/competitors"


@pytest.fixture
def names(project: Project) -> list[str]:
    names = [f"c{number:02}" for number in range(25)]
    Competitor.objects.bulk_create(Competitor(project=project, name=name) for name in names)
    return names


def cursor(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_pages_lead_forth_and_back(api: APIClient, names: list[str]) -> None:
    seen, address, pages = [], f"{LIST}?limit=10", []
    while address:
        page = api.get(address).json()
        pages.append([row["name"] for row in page["results"]])
        seen += pages[-1]
        last, address = page, page["next"]

    assert seen == names
    assert [len(found) for found in pages] == [10, 10, 5]
    before = api.get(last["previous"]).json()
    assert [row["name"] for row in before["results"]] == pages[1]


def test_a_page_has_links_and_results(api: APIClient, names: list[str]) -> None:
    page = api.get(LIST).json()

    assert set(page) == {"results", "next", "previous"}
    assert (page["next"], page["previous"]) == (None, None)


def test_a_row_that_is_added_moves_nothing(
    api: APIClient, project: Project, names: list[str]
) -> None:
    first = api.get(f"{LIST}?limit=20").json()
    Competitor.objects.create(project=project, name="late")

    second = api.get(first["next"]).json()

    assert [row["name"] for row in second["results"]] == [*names[20:], "late"]


@pytest.mark.parametrize("limit", ["0", "-1", "1001", "ten", "", "1.5", "٣", "9" * 5000])
def test_a_bad_limit_is_refused(api: APIClient, project: Project, limit: str) -> None:
    response = api.get(f"{LIST}?{urlencode({'limit': limit})}")

    assert response.status_code == 400
    assert list(response.json()["fields"]) == ["limit"]


@pytest.mark.parametrize(
    "value",
    ["x", "ü", "", cursor("p=abc"), cursor("p=" + "9" * 30), cursor("p=-1"), cursor("o=zzz")],
)
def test_a_bad_cursor_is_refused(api: APIClient, project: Project, value: str) -> None:
    response = api.get(f"{LIST}?{urlencode({'cursor': value})}")

    assert response.status_code in ({200, 400} if value == "" else {400})


def test_a_misspelt_filter_is_refused(api: APIClient, project: Project) -> None:
    response = api.get("/api/v1/projects/haiku/prompts?categry=maths&tag=%00")

    assert response.status_code == 400
    assert response.json()["fields"] == {
        "categry": "is not a filter here",
        "tag": "holds a NUL character",
    }
    assert "category, language, tag, limit, cursor" in response.json()["message"]
