from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from arena.models import Membership, Project, Role
from judges.models import Judge, Judgment
from tests import factories

pytestmark = pytest.mark.django_db

UPLOAD = "/projects/haiku/data/upload/judgments"
GOOD = {
    "prompt": "p0", "competitor_a": "ann", "competitor_b": "ben", "winner": "b",
    "judge": "rex", "judge_kind": "human",
}  # fmt: skip


def send(client: Client, *records: dict[str, str]) -> HttpResponse:
    body = "\n".join(json.dumps(record) for record in records).encode()
    return client.post(UPLOAD, {"file": SimpleUploadedFile("judgments.jsonl", body)})


def test_judgments_are_written_and_their_judge_appears(
    client: Client, project: Project, member: User
) -> None:
    factories.field(project, prompts=1)
    client.force_login(member)

    assert send(client, GOOD).status_code == 302
    assert Judgment.objects.get().judge == Judge.objects.get(name="rex", kind="recorded")


@pytest.mark.parametrize(
    ("fault", "field"), [({"competitor_b": "zoe"}, "competitor_b"), ({"winner": "c"}, "winner")]
)
def test_faults_are_listed_by_line(
    client: Client, project: Project, member: User, fault: dict[str, str], field: str
) -> None:
    factories.field(project, prompts=1)
    client.force_login(member)

    response = send(client, GOOD, {**GOOD, **fault})

    assert response.status_code == 400
    assert [(item.line, item.field) for item in response.context["lines"]] == [(2, field)]
    assert Judgment.objects.count() == 0


def test_a_rater_may_not_upload(client: Client, project: Project, stranger: User) -> None:
    Membership.objects.create(project=project, user=stranger, role=Role.RATER)
    client.force_login(stranger)

    assert send(client, GOOD).status_code == 403
