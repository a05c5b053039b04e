from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from arena.common.secrets import decrypt
from arena.models import Membership, Project, Role
from judges.models import Endpoint
from judges.services import endpoints
from judges.services.people import battles, live, participants
from tests import factories

pytestmark = pytest.mark.django_db

URL = "/projects/haiku/judges/endpoints"
KEY = "sk-nobody-may-see-this"
FILLED = {"name": "gpu", "base_url": "http://127.0.0.1:8000/v1", "model": "m"}


@pytest.fixture
def row(project: Project) -> Endpoint:
    return endpoints.define(project=project, settings=FILLED, api_key=KEY)


def test_a_new_endpoint(editor: Client, project: Project) -> None:
    assert "No endpoints yet" in editor.get(URL).content.decode()
    entered = {**FILLED, "api_key": KEY, "price_in": "1.5", "price_out": "2", "headers": "{}"}
    page = editor.post(f"{URL}/new", entered, follow=True).content.decode()
    made = project.endpoints.get()
    assert decrypt(made.api_key_encrypted) == KEY
    assert (made.price_in, made.headers) == (1.5, {})
    for text in ("gpu", FILLED["base_url"], "stored", "$1.5, $2.0", "nobody"):
        assert text in page
    assert KEY not in page


@pytest.mark.parametrize(
    ("entered", "words"),
    [
        ({"base_url": "ftp://host"}, "must be an address"),
        ({"base_url": "http://169.254.169.254/v1"}, "may not lead to such an address"),
        ({"name": "a b"}, "takes letters, digits"),
        ({"api_key": KEY, "api_key_env": "LAB_API_KEY"}, "leave this out"),
        ({"headers": "[1]"}, "must be a JSON object"),
        ({"headers": '{"x-team": 1}'}, "x-team must be text"),
        ({"headers": '{"x-key": "1"}'}, "looks like a secret"),
        ({"headers": "{"}, "valid JSON"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    editor: Client, project: Project, entered: dict[str, str], words: str
) -> None:
    answer = editor.post(f"{URL}/new", FILLED | entered)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert words in page
    assert not any(raw in page for raw in ("Value error", "pattern", "Input should"))
    assert KEY not in page
    assert not project.endpoints.exists()


@pytest.mark.parametrize(
    ("given", "lacking"), [("price_in", "price_out"), ("price_out", "price_in")]
)
def test_one_price_is_faulted_at_the_other(editor: Client, given: str, lacking: str) -> None:
    answer = editor.post(f"{URL}/new", FILLED | {given: "1"})
    assert dict(answer.context["form"].errors) == {
        lacking: ["is missing: both prices are given, or neither"]
    }


def test_a_name_that_is_taken(editor: Client, row: Endpoint) -> None:
    answer = editor.post(f"{URL}/new", FILLED)
    assert answer.status_code == 400
    assert "is taken" in answer.content.decode()


def test_the_page_of_an_endpoint_never_shows_its_key(editor: Client, row: Endpoint) -> None:
    page = editor.get(f"{URL}/{row.pk}").content.decode()
    assert "One is stored" in page
    assert KEY not in page
    assert row.api_key_encrypted not in page
    editor.post(f"{URL}/{row.pk}", {**FILLED, "max_in_flight": "3"})
    row.refresh_from_db()
    assert (row.max_in_flight, decrypt(row.api_key_encrypted)) == (3, KEY)
    editor.post(f"{URL}/{row.pk}", {**FILLED, "remove_key": "on"})
    row.refresh_from_db()
    assert (row.max_in_flight, row.api_key_encrypted) == (None, "")


def test_another_address_loses_the_key_and_says_so(editor: Client, row: Endpoint) -> None:
    entered = {**FILLED, "base_url": "https://elsewhere.example/v1"}
    page = editor.post(f"{URL}/{row.pk}", entered, follow=True).content.decode()
    assert "no stored key any more" in page


def test_what_a_judge_names_shows_who_and_stays(
    editor: Client, project: Project, row: Endpoint
) -> None:
    factories.judge(project, "llm", "mini", endpoint="gpu")
    assert "mini v1" in editor.get(URL).content.decode()
    page = editor.get(f"{URL}/{row.pk}").content.decode()
    assert "In use by" in page
    assert "Delete" not in page
    editor.post(f"{URL}/{row.pk}", {**FILLED, "model": "n", "max_in_flight": "3"})
    row.refresh_from_db()
    assert (row.model, row.max_in_flight) == ("m", 3)
    page = editor.post(f"{URL}/{row.pk}/delete", follow=True).content.decode()
    assert "gpu is named by mini v1" in page
    assert project.endpoints.exists()


def test_an_endpoint_that_nobody_names_is_deleted(
    editor: Client, project: Project, row: Endpoint
) -> None:
    assert editor.get(f"{URL}/{row.pk}/delete").status_code == 405
    page = editor.post(f"{URL}/{row.pk}/delete", follow=True).content.decode()
    assert "The endpoint gpu is deleted." in page
    assert not project.endpoints.exists()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.RATER])
def test_only_editors_get_in(
    client: Client, project: Project, stranger: User, row: Endpoint, role: Role
) -> None:
    Membership.objects.create(project=project, user=stranger, role=role)
    client.force_login(stranger)
    for path in (URL, f"{URL}/new", f"{URL}/{row.pk}"):
        assert client.get(path).status_code == 403
    assert client.post(f"{URL}/{row.pk}/delete").status_code == 403
    assert "Endpoints" not in client.get("/projects/haiku/judges").content.decode()


def test_the_endpoint_of_another_project_is_not_found(editor: Client, row: Endpoint) -> None:
    other = endpoints.define(project=factories.project("other"), settings=FILLED)
    assert editor.get(f"{URL}/{other.pk}").status_code == 404


def test_an_edit_in_the_middle_of_a_battle_is_refused_in_words(
    editor: Client, project: Project, row: Endpoint, member: User
) -> None:
    for name in ("heron", "egret"):
        live.set_up(project, {"competitor": name, "endpoint": row.name}, by=member)
    rater = participants.guest(live.begin(project, "Ask anything", "open", by=member))
    battles.say(rater, "Why?")

    answer = editor.post(f"{URL}/{row.pk}", {**FILLED, "model": "another", "headers": "{}"})

    assert answer.status_code == 400
    assert "a rater is in a battle with a competitor" in answer.content.decode()
    row.refresh_from_db()
    assert row.model == "m"
