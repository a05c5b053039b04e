"""Speakers over the API."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from arena.models import Membership, Project, Role
from judges.models import Endpoint, Speaker
from tests.conftest import ClientOf

URL = "/api/v1/projects/haiku/speakers"


@pytest.fixture(autouse=True)
def endpoint(project: Project) -> None:
    Endpoint.objects.create(
        project=project, name="lab", base_url="http://127.0.0.1:9/v1", model="m"
    )


def test_the_way_of_a_speaker(api: APIClient) -> None:
    made = api.post(URL, {"competitor": "heron", "endpoint": "lab", "temperature": 0.2})
    assert made.status_code == 201
    assert made.json() == {
        "competitor": "heron",
        "endpoint": "lab",
        "model": "m",
        "system": "",
        "temperature": 0.2,
        "max_tokens": 2048,
        "retired_at": None,
        "created_at": made.json()["created_at"],
    }
    assert api.get(URL).json()["results"] == [made.json()]
    assert api.delete(f"{URL}/heron").status_code == 204
    assert Speaker.objects.get().retired_at is not None
    assert api.post(URL, {"competitor": "heron", "endpoint": "lab"}).json()["retired_at"] is None


def test_what_is_wrong_names_its_field(api: APIClient) -> None:
    refused = api.post(URL, {"competitor": "heron", "endpoint": "nowhere"})
    assert refused.status_code == 400
    assert "endpoint" in refused.content.decode()
    assert api.delete(f"{URL}/nobody").status_code == 404


def test_raters_do_not_see_who_speaks(
    project: Project, stranger: User, client_of: ClientOf
) -> None:
    Membership.objects.create(project=project, user=stranger, role=Role.RATER)
    assert client_of(stranger).get(URL).status_code == 403
