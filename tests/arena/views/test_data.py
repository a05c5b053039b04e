from __future__ import annotations

import gzip
import json

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from arena.models import Competitor, Membership, Output, Project, Prompt, Role
from arena.views import uploads

pytestmark = pytest.mark.django_db

UPLOAD = "/projects/haiku/data/upload"


def jsonl(*records: object) -> bytes:
    return "\n".join(json.dumps(record) for record in records).encode()


def send(client: Client, body: bytes, sort: str = "", name: str = "file.jsonl") -> HttpResponse:
    address = f"{UPLOAD}/{sort}" if sort else UPLOAD
    return client.post(address, {"file": SimpleUploadedFile(name, body)})


def test_prompts_then_outputs(editor: Client) -> None:
    response = send(editor, jsonl({"id": "p1", "text": "Why?"}, {"prompt_id": 2, "text": "How?"}))
    assert response["Location"] == "/projects/haiku/data"
    assert "Prompts: 2 new." in editor.get(response["Location"]).content.decode()

    answers = [{"prompt": "p1", "competitor": name, "text": "So."} for name in ("ann", "ben")]
    assert send(editor, jsonl(*answers), "outputs").status_code == 302
    assert sorted(Prompt.objects.values_list("key", flat=True)) == ["2", "p1"]
    assert Output.objects.count() == 2


def test_a_gzipped_file_is_known_by_its_content(editor: Client) -> None:
    body = gzip.compress(jsonl({"id": "p1", "text": "Why?"}))

    assert send(editor, body, name="prompts.dat").status_code == 302
    assert Prompt.objects.get().key == "p1"


def test_sending_the_same_again_changes_nothing(editor: Client) -> None:
    body = jsonl({"id": "p1", "text": "Why?"})
    send(editor, body)

    page = editor.post(
        UPLOAD, {"file": SimpleUploadedFile("file.jsonl", body)}, follow=True
    ).content.decode()

    assert "Prompts: 1 as before." in page


def test_faults_are_listed_by_line_and_nothing_is_written(editor: Client) -> None:
    body = (
        jsonl({"id": "p1", "text": "Why?"}, {"text": "no id"}) + b"\n{oops\n" + jsonl({"id": "q"})
    )

    response = send(editor, body)

    assert response.status_code == 400
    assert [(fault.line, fault.field) for fault in response.context["lines"]] == [
        (2, "id"), (3, ""), (4, "text"),
    ]  # fmt: skip
    assert "nothing was written" in response.content.decode()
    assert Prompt.objects.count() == 0


def test_outputs_on_the_tab_of_prompts_leave_the_prompts_as_they_are(editor: Client) -> None:
    send(editor, jsonl({"id": "p1", "text": "Why?"}))

    response = send(editor, jsonl({"prompt_id": "p1", "model": "ann", "text": "So."}))

    assert response.status_code == 400
    assert [(fault.line, fault.field) for fault in response.context["lines"]] == [(1, "model")]
    assert "upload it on the Outputs tab" in response.content.decode()
    assert Prompt.objects.get().messages == [{"role": "user", "content": "Why?"}]


def test_what_a_fault_quotes_is_escaped(editor: Client) -> None:
    hostile = {"prompt": "<script>alert(1)</script>", "competitor": "ann", "text": "So."}

    page = send(editor, jsonl(hostile), "outputs").content.decode()

    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page


def test_a_damaged_gzip_file_is_a_fault_of_the_file(editor: Client) -> None:
    body = gzip.compress(jsonl({"id": "p1", "text": "Why?"}))[:-12]

    response = send(editor, body)

    assert response.status_code == 400
    assert "damaged or ends early" in response.content.decode()
    assert Prompt.objects.count() == 0


def test_a_file_that_unpacks_to_too_much_is_refused(
    editor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_UNPACKED", 1000)
    body = gzip.compress(jsonl(*({"id": str(n), "text": "Why?"} for n in range(100))))

    response = send(editor, body)

    assert "unpacks to more than" in response.content.decode()
    assert Prompt.objects.count() == 0


def test_no_file_is_a_fault_of_the_form(editor: Client) -> None:
    response = editor.post(UPLOAD)

    assert response.status_code == 400
    assert list(response.context["form"].errors) == ["file"]


def test_competitors_get_their_versions(editor: Client) -> None:
    send(editor, jsonl({"name": "ann"}, {"name": "ann2", "version_of": "ann"}), "competitors")

    assert Competitor.objects.get(name="ann2").version_of == Competitor.objects.get(name="ann")


@pytest.mark.parametrize("sort", ["", "outputs", "competitors", "judgments"])
def test_each_page_shows_its_fields_and_the_same_by_curl(editor: Client, sort: str) -> None:
    page = editor.get(f"{UPLOAD}/{sort}" if sort else UPLOAD).content.decode()

    assert f"curl http://testserver/api/v1/projects/haiku/{sort or 'prompts'} " in page
    assert f"--data-binary @{sort or 'prompts'}.jsonl" in page
    assert "metadata" in page


def test_the_example_of_each_page_is_valid(editor: Client) -> None:
    for sort in ("", "outputs", "competitors"):
        example = editor.get(f"{UPLOAD}/{sort}" if sort else UPLOAD).context["sort"].example
        if sort == "competitors":
            Competitor.objects.get_or_create(project=Project.objects.get(), name="model-7b")
        assert send(editor, example.encode(), sort).status_code == 302, sort


@pytest.mark.parametrize("role", [Role.VIEWER, Role.RATER])
def test_readers_may_not_upload(
    client: Client, project: Project, stranger: User, role: Role
) -> None:
    Membership.objects.create(project=project, user=stranger, role=role)
    client.force_login(stranger)

    assert send(client, jsonl({"id": "p1", "text": "Why?"})).status_code == 403
    assert Prompt.objects.count() == 0
