from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from arena.models import Comparison, Membership, Project, Role
from judges.models import Judge
from tests import factories
from tests.conftest import ClientOf
from tests.judges.panels import both_orders

pytestmark = pytest.mark.django_db

ROOT = "/api/v1/projects/haiku"


@pytest.fixture
def compared(project: Project) -> list[Comparison]:
    factories.field(project, prompts=12, competitors=["ann", "ben"])
    return factories.all_comparisons(project)


@pytest.fixture
def judge(project: Project, compared: list[Comparison]) -> Judge:
    made = factories.judge(project, "llm", "mini", model="gpt-4")
    both_orders(made, compared[:6], "a", calls=1)
    both_orders(made, compared[6:], "a", "b", calls=1)
    return made


def test_the_report_of_a_judge(api: APIClient, judge: Judge) -> None:
    answer = api.get(f"{ROOT}/judges/{judge.pk}/report")

    assert answer.status_code == 200
    body = answer.json()
    assert body["judge"] == {
        "id": judge.pk, "name": "mini", "version": 1, "kind": "llm", "is_current": True,
        "is_people": False,
    }  # fmt: skip
    assert body["position"]["flip"]["value"] == 0.5
    assert set(body["position"]["flip"]) == {"value", "low", "high", "n", "prompts"}
    assert body["effort"]["calls"]["value"] == 2.0
    assert body["people"] is None
    assert "people" in body["notes"]


def test_agreement_names_the_judges_by_id(
    api: APIClient, project: Project, judge: Judge, compared: list[Comparison]
) -> None:
    other = factories.judge(project, "llm", "other", model="m")
    both_orders(other, compared, "a")

    body = api.get(f"{ROOT}/judge-agreement").json()

    assert {item["id"] for item in body["judges"]} == {judge.pk, other.pk}
    (pair,) = body["pairs"]
    assert {pair["one"], pair["two"]} == {judge.pk, other.pk}
    assert pair["agreement"]["raw"]["value"] == 0.5
    assert body["together"]["judges"] == 2
    assert body["with_people"] == []


def test_the_query_narrows(api: APIClient, judge: Judge) -> None:
    body = api.get(f"{ROOT}/judges/{judge.pk}/report", {"category": "odd"}).json()

    assert (body["comparisons"], body["selection"]["category"]) == (6, "odd")
    assert api.get(f"{ROOT}/judge-agreement", {"language": "ko"}).json()["comparisons"] == 0


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ({"judge": "x"}, 400, "judge"),
        ({"tournament": "first"}, 400, "tournament"),
        ({"tournament": "²"}, 400, "tournament"),
        ({"tournament": "9" * 30}, 400, "tournament"),
        ({"tag": "a\0b"}, 400, "tag"),
        ({"tournament": "77"}, 404, None),
    ],
)
def test_what_is_wrong_with_the_query_is_said(
    api: APIClient, judge: Judge, query: dict[str, str], status: int, field: str | None
) -> None:
    for path in (f"{ROOT}/judges/{judge.pk}/report", f"{ROOT}/judge-agreement"):
        answer = api.get(path, query)
        assert answer.status_code == status
        assert field is None or field in answer.json()["fields"]


def test_judges_of_other_projects_are_not_here(api: APIClient, judge: Judge) -> None:
    elsewhere = factories.judge(factories.project(), "human", "people")

    assert api.get(f"{ROOT}/judges/{elsewhere.pk}/report").status_code == 404
    assert api.get(f"{ROOT}/judges/999999/report").status_code == 404


@pytest.mark.parametrize(("role", "status"), [(Role.VIEWER, 200), (Role.RATER, 403), (None, 404)])
def test_raters_and_strangers_get_none(
    client_of: ClientOf,
    project: Project,
    stranger: User,
    judge: Judge,
    role: Role | None,
    status: int,
) -> None:
    if role:
        Membership.objects.create(project=project, user=stranger, role=role)
    client = client_of(stranger)

    assert client.get(f"{ROOT}/judges/{judge.pk}/report").status_code == status
    assert client.get(f"{ROOT}/judge-agreement").status_code == status


def test_both_are_documented(api: APIClient) -> None:
    schema = api.get("/api/v1/schema").json()

    for path in ("judges/{id}/report", "judge-agreement"):
        (found,) = [item for name, item in schema["paths"].items() if name.endswith(path)]
        names = {item["name"] for item in found["get"]["parameters"]}
        assert {"tournament", "category", "tag", "language"} <= names
        assert {"200", "403", "404"} <= set(found["get"]["responses"])
    parts = schema["components"]["schemas"]
    assert {"value", "low", "high", "n", "prompts"} == set(parts["Estimate"]["properties"])
