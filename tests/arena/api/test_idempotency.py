from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from arena.models import IdempotentReply, Project, Prompt, Scope
from arena.services.tokens import issue_token
from tests.conftest import ClientOf
from tests.threads import all_at_once

PROMPTS = "/api/v1/projects/haiku/prompts"
KEY = {"Idempotency-Key": "k-1"}


def send(client: APIClient, *ids: str, key: str = "k-1", **more: Any) -> Any:
    rows = [{"id": name, "text": "Why?"} for name in ids]
    return client.post(PROMPTS, rows, headers={"Idempotency-Key": key}, **more)


def test_a_repeat_is_given_the_first_answer(project: Project, api: APIClient) -> None:
    first = send(api, "p1", "p2")
    Prompt.objects.filter(key="p1").delete()
    again = send(api, "p1", "p2")

    assert first.json() == {"created": 2, "updated": 0, "unchanged": 0}
    assert (again.status_code, again.content) == (200, first.content)
    assert again["Content-Type"] == "application/json"
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert not Prompt.objects.filter(key="p1").exists()


def test_the_status_is_repeated_too(api: APIClient) -> None:
    answers = [api.post("/api/v1/projects", {"slug": "twice"}, headers=KEY) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert Project.objects.count() == 1


def test_another_body_or_address_under_the_key_is_a_conflict(
    project: Project, api: APIClient
) -> None:
    send(api, "p1")
    other_body = send(api, "p2")
    other_address = api.post("/api/v1/projects", {"slug": "x"}, headers=KEY)

    for answer in (other_body, other_address):
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert list(Prompt.objects.values_list("key", flat=True)) == ["p1"]


def test_another_key_or_sender_does_the_work_again(
    project: Project, api: APIClient, member: User, client_of: ClientOf
) -> None:
    send(api, "p1")

    assert send(api, "p1", key="k-2").json()["unchanged"] == 1
    assert send(client_of(member), "p2").json()["created"] == 1


def test_an_error_is_not_kept(project: Project, api: APIClient) -> None:
    faulty = api.post(PROMPTS, [{"id": "p1"}], headers=KEY)

    assert faulty.status_code == 400
    assert not IdempotentReply.objects.exists()
    assert send(api, "p1").json()["created"] == 1


def test_a_crash_keeps_neither_work_nor_reply(
    project: Project, member: User, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def written_then_broken(project: Project, records: Any) -> None:
        Prompt.objects.create(project=project, key="half", messages=[])
        raise ZeroDivisionError

    monkeypatch.setattr("arena.api.views.prompts.upsert_prompts", written_then_broken)
    client = client_of(member, raise_request_exception=False)

    assert send(client, "p1").status_code == 500
    assert not Prompt.objects.exists()
    assert not IdempotentReply.objects.exists()


def test_nothing_is_stored_without_a_valid_token(project: Project) -> None:
    client = APIClient()
    for header in ("", "Bearer nonsense"):
        client.credentials(HTTP_AUTHORIZATION=header)
        assert send(client, "p1").status_code == 401

    assert not IdempotentReply.objects.exists()


def test_nothing_is_stored_for_a_token_that_may_not_write(
    project: Project, member: User, client_of: ClientOf
) -> None:
    assert send(client_of(member, Scope.READ), "p1").status_code == 403
    assert not IdempotentReply.objects.exists()


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "ü", "a\tb"])
def test_a_bad_key_is_refused(project: Project, api: APIClient, key: str) -> None:
    response = send(api, "p1", key=key)

    assert response.status_code == 400
    assert "Idempotency-Key" in response.json()["message"]
    assert not Prompt.objects.exists()


def test_reading_needs_no_key(project: Project, api: APIClient) -> None:
    assert api.get(PROMPTS, headers=KEY).status_code == 200
    assert not IdempotentReply.objects.exists()


def test_an_upload_can_be_read_after_it_was_hashed(project: Project, api: APIClient) -> None:
    """Larger than what is kept in memory, so it goes through the temporary file."""
    lines = [json.dumps({"id": f"p{n}", "text": f"{n:032} " * 40}) for n in range(2000)]
    body = "\n".join(lines).encode()
    plain = api.generic("POST", PROMPTS, body, content_type="application/x-ndjson", headers=KEY)
    zipped = api.generic(
        "POST",
        PROMPTS,
        gzip.compress(body, mtime=0),
        content_type="application/x-ndjson",
        headers={"Idempotency-Key": "k-2", "Content-Encoding": "gzip"},
    )

    assert plain.json() == {"created": 2000, "updated": 0, "unchanged": 0}
    assert zipped.json() == {"created": 0, "updated": 0, "unchanged": 2000}


@pytest.mark.django_db(transaction=True)
def test_twins_do_the_work_once(project: Project, member: User) -> None:
    token = issue_token(member)
    twins = [APIClient() for _ in range(4)]
    for twin in twins:
        twin.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")

    answers = all_at_once(lambda twin: send(twin, "p1", "p2"), twins)

    assert [answer.status_code for answer in answers] == [200] * 4
    assert {answer.content for answer in answers} == {b'{"created":2,"updated":0,"unchanged":0}'}
    assert sum("Idempotent-Replayed" in answer for answer in answers) == 3
    assert IdempotentReply.objects.count() == 1
