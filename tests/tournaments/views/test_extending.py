from __future__ import annotations

import pytest
from django.test import Client

from arena.models import Project, Role
from tests import factories
from tests.tournaments.services.test_extending import more_prompts, newcomer
from tests.tournaments.views.worlds import CSP_BREAKERS, play_out, started
from tournaments.models import Tournament
from tournaments.services import lifecycle

pytestmark = pytest.mark.django_db

LIST = "/projects/haiku/tournaments"


@pytest.fixture
def cup(project: Project) -> Tournament:
    factories.field(project, prompts=3, competitors=["ann", "ben", "cat"])
    return play_out(started(project))


def address(cup: Tournament, act: str = "extend") -> str:
    return f"{LIST}/{cup.pk}/{act}"


def test_the_page_says_what_would_come(editor: Client, project: Project, cup: Tournament) -> None:
    more_prompts(project)

    response = editor.get(address(cup))

    extension = response.context["extension"]
    assert (extension.prompts, extension.matches) == (2, 6)
    page = response.content.decode()
    assert "new prompts" in page
    assert not CSP_BREAKERS.search(page)


def test_without_anything_new_it_says_so(editor: Client, cup: Tournament) -> None:
    assert b"Nothing has come that could be played." in editor.get(address(cup)).content


def test_a_preview_brings_only_the_figures(
    editor: Client, project: Project, cup: Tournament
) -> None:
    newcomer(project)
    order = {"competitors": ["zoe"], "preview": "1"}

    page = editor.post(address(cup), order, HTTP_HX_REQUEST="true").content.decode()

    assert page.lstrip().startswith('<div id="extension"')
    assert "decided already" not in page
    cup.refresh_from_db()
    assert (cup.status, cup.competitors.count()) == ("completed", 3)


def test_it_is_extended(editor: Client, project: Project, cup: Tournament) -> None:
    newcomer(project)

    response = editor.post(address(cup), {"competitors": ["zoe"], "max_calls": "9"}, follow=True)

    cup.refresh_from_db()
    assert (cup.status, cup.max_calls, cup.competitors.count()) == ("running", 9, 4)
    assert "9 matches were added at most. They are played now." in response.content.decode()


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"prompts": "on"}, "nothing to add"),
        ({"competitors": ["nemo"]}, "Select a valid choice"),
        ({"max_calls": "5"}, "is below the 10 of now"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_changes(
    editor: Client, cup: Tournament, order: dict[str, object], words: str
) -> None:
    Tournament.objects.update(max_calls=10)

    response = editor.post(address(cup), order)

    assert response.status_code == 400
    assert words in response.content.decode()
    cup.refresh_from_db()
    assert (cup.status, cup.max_calls) == ("completed", 10)


@pytest.mark.parametrize(
    ("kind", "anew"), [("round_robin", True), ("single_elimination", True), ("adaptive", False)]
)
def test_only_brackets_are_drawn_anew(
    editor: Client, project: Project, cup: Tournament, kind: str, anew: bool
) -> None:
    newcomer(project)

    page = editor.get(address(started(project, kind, competitors=["ann", "ben"])))

    assert ("drawn anew" in page.content.decode()) is anew


def test_more_budget_for_a_paused_one_leaves_no_stale_reason(
    editor: Client, project: Project, cup: Tournament
) -> None:
    stub = factories.stub_judge(project, "http://127.0.0.1:9/v1")
    paused = factories.started(project, stub, max_calls=3)
    assert "3 calls are left" in editor.get(f"{LIST}/{paused.pk}").content.decode()

    page = editor.post(address(paused), {"max_calls": "400"}, follow=True).content.decode()

    assert "The budget was changed. Resume it to go on." in page
    assert "calls are left" not in page


def test_a_draft_has_nothing_to_extend(editor: Client, project: Project, cup: Tournament) -> None:
    draft = lifecycle.create(project=project, name="", format="swiss", judges=["people"])

    assert editor.get(address(draft)).status_code == 409


@pytest.mark.parametrize(("keep", "names"), [("yes", 3), ("no", 2)])
def test_a_competitor_is_withdrawn(editor: Client, cup: Tournament, keep: str, names: int) -> None:
    order = {"competitor": "cat", "keep_games": keep}

    page = editor.post(address(cup, "withdraw"), order, follow=True).content.decode()

    assert "cat has withdrawn." in page
    assert "<dt>Withdrawn</dt><dd>cat</dd>" in page
    assert cup.competitors.count() == names


def test_a_withdrawal_of_nobody_is_refused(editor: Client, cup: Tournament) -> None:
    response = editor.post(address(cup, "withdraw"), {"competitor": "nemo"}, follow=True)

    assert "Choose who leaves" in response.content.decode()
    cup.refresh_from_db()
    assert cup.withdrawn == []


def test_only_editors_change_the_field(client_with, cup: Tournament) -> None:
    viewer = client_with(Role.VIEWER)

    assert viewer.get(address(cup)).status_code == 403
    assert viewer.post(address(cup, "withdraw"), {"competitor": "cat"}).status_code == 403
