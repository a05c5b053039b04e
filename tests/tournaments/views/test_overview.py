from __future__ import annotations

import pytest
from django.test import Client

from arena.models import Project, Role
from tests import factories
from tests.tournaments.views.worlds import CSP_BREAKERS, played, same_queries, started

pytestmark = pytest.mark.django_db

HOME = "/projects/haiku"


def test_an_empty_project_says_how_to_begin(editor: Client) -> None:
    page = editor.get(HOME).content.decode()

    assert "arena_import mydata --project haiku" in page
    assert "curl http://testserver/api/v1/projects/haiku/prompts" in page
    for name in ("data/upload", "judges/new", "tournaments/new"):
        assert f'href="{HOME}/{name}"' in page


def test_steps_are_ticked_off(editor: Client, project: Project) -> None:
    factories.field(project)
    factories.judge(project, "human", "people")

    page = editor.get(HOME).content.decode()

    assert page.count("step is-done") == 2
    assert "curl" not in page


def test_it_counts_what_stands_here(editor: Client, project: Project) -> None:
    factories.field(project, prompts=4, competitors=["ann", "ben", "cat"])

    stats = editor.get(HOME).context["counts"]

    assert stats == {"prompts": 4, "competitors": 3, "outputs": 12, "judges": 0}


def test_the_leader_stands_above_the_board(editor: Client, project: Project) -> None:
    cup = played(project, prompts=12)

    response = editor.get(HOME)
    page = response.content.decode()

    assert "cat leads" in page
    assert response.context["board"]["leaders"] == ["cat"]
    assert f"?tournament={cup.pk}&amp;competitor=cat" in page


def test_those_whom_the_data_do_not_part_share_the_lead(editor: Client, project: Project) -> None:
    played(project, winner="tie")

    page = editor.get(HOME).content.decode()

    assert "3 share the lead" in page


def test_nothing_leads_before_anything_is_decided(editor: Client, project: Project) -> None:
    factories.field(project)
    started(project)

    response = editor.get(HOME)

    assert response.context["board"] is None
    assert b"waiting" in response.content


def test_a_viewer_is_not_offered_what_they_may_not_do(client_with) -> None:
    page = client_with(Role.VIEWER).get(HOME).content.decode()

    assert "To your first leaderboard" in page
    assert "tournaments/new" not in page


def test_a_stranger_finds_nothing(client: Client, project: Project, stranger) -> None:
    client.force_login(stranger)

    assert client.get(HOME).status_code == 404


def test_a_shared_project_is_read_without_an_account(client: Client) -> None:
    played(factories.project())

    response = client.get("/projects/lab")

    assert response.status_code == 200
    assert b"/projects/lab/tournaments/new" in response.content


def test_queries_do_not_grow_with_tournaments(editor: Client, project: Project) -> None:
    played(project)

    assert same_queries(editor, HOME, lambda: [started(project) for _ in range(2)])


def test_it_obeys_the_content_security_policy(editor: Client, project: Project) -> None:
    assert not CSP_BREAKERS.search(editor.get(HOME).content.decode())
    played(project)
    assert not CSP_BREAKERS.search(editor.get(HOME).content.decode())
