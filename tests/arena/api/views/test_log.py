from __future__ import annotations

from django.contrib.auth.models import User
from rest_framework.test import APIClient

from arena.models import Project
from arena.services import audit
from tests.conftest import ClientOf

LOG = "/api/v1/projects/haiku/log"


def test_an_owner_reads_what_was_done(
    project: Project, owner: User, member: User, client_of: ClientOf
) -> None:
    audit.record(project, owner, "member.added", "mina", role="editor")
    audit.record(project, None, "rater.quarantined", "saul")
    client = client_of(owner)

    first, second = client.get(LOG).json()["results"]

    assert set(first) == {"id", "actor", "act", "subject", "details", "text", "created_at"}
    assert (first["actor"], first["details"]) == ("olga", {"role": "editor"})
    assert first["text"] == "Added mina as an editor"
    assert (second["actor"], second["act"]) == (None, "rater.quarantined")
    assert len(client.get(LOG, {"act": "member.added"}).json()["results"]) == 1
    assert client.get(LOG, {"actor": "mina"}).json()["results"] == []
    assert client.get(LOG, {"who": "mina"}).status_code == 400


def test_nobody_else_does_and_nobody_writes_it(
    api: APIClient, project: Project, owner: User, client_of: ClientOf
) -> None:
    assert api.get(LOG).status_code == 403
    assert client_of(owner).post(LOG, {}).status_code == 405
