from __future__ import annotations

import base64
import hashlib
import re

import pytest
from django.test import Client

from arena.models import Project, Role
from tests import factories
from tests.tournaments.views.worlds import (
    CSP_BREAKERS,
    play_out,
    played,
    same_queries,
    started,
)
from tournaments.models import Report, Schedule
from tournaments.services import reporting

pytestmark = pytest.mark.django_db

LIST = "/projects/haiku/reports"
PLAN = {"name": "", "period": "weekly", "tournament": "", "method": "bradley_terry",
        "recipients": "a@example.org; b@example.org"}  # fmt: skip


def test_without_reports_it_says_what_one_is(editor: Client) -> None:
    assert b"No reports yet" in editor.get(LIST).content


def test_one_is_made_at_once(editor: Client, project: Project) -> None:
    cup = played(project)

    page = editor.post(
        f"{LIST}/make", {"tournament": cup.pk, "method": "elo", "recipients": ""}, follow=True
    ).content.decode()

    made = Report.objects.get()
    assert (made.rating_run.tournament, made.rating_run.method) == (cup, "elo")
    assert f'href="{LIST}/{made.pk}"' in page
    assert "kept here" in page


def test_a_schedule_is_made_and_switched(editor: Client, project: Project) -> None:
    editor.post(f"{LIST}/schedule", PLAN)

    plan = Schedule.objects.get()
    assert (plan.name, plan.recipients) == ("Weekly ranking", ["a@example.org", "b@example.org"])
    for value, active in (("false", False), ("true", True)):
        editor.post(f"{LIST}/schedules/{plan.pk}", {"active": value})
        plan.refresh_from_db()
        assert plan.active is active


@pytest.mark.parametrize("path", ["make", "schedule"])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"recipients": "a@b.org, nobody"}, "nobody is not a mail address."),
        ({"method": "chess"}, "Select a valid choice"),
    ],
)
def test_a_fault_is_shown_in_its_form(
    editor: Client, path: str, change: dict[str, str], words: str
) -> None:
    response = editor.post(f"{LIST}/{path}", {**PLAN, **change})

    assert response.status_code == 400
    assert words in response.content.decode()
    assert "errorlist" in response.content.decode()
    assert not Report.objects.exists()
    assert not Schedule.objects.exists()


def test_a_tournament_of_another_project_cannot_be_reported(
    editor: Client, project: Project
) -> None:
    foreign = played(factories.project("other"))

    response = editor.post(f"{LIST}/make", {**PLAN, "tournament": foreign.pk})

    assert response.status_code == 400
    assert not Report.objects.exists()


def test_a_report_is_served_as_it_was_made_with_its_own_style_only(
    editor: Client, project: Project
) -> None:
    played(project)
    made = reporting.make_report(project=project)

    response = editor.get(f"{LIST}/{made.pk}")

    html = response.content.decode()
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert html == made.html
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = response.headers["Content-Security-Policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


def test_a_report_of_a_former_style_sheet_keeps_it(editor: Client, project: Project) -> None:
    made = reporting.make_report(project=project)
    Report.objects.update(html="<style>p { color: red }</style><p>old</p>")

    policy = editor.get(f"{LIST}/{made.pk}").headers["Content-Security-Policy"]

    digest = base64.b64encode(hashlib.sha256(b"p { color: red }").digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy


def test_a_report_holds_the_ranking_its_picture_and_its_cautions(project: Project) -> None:
    factories.field(project, prompts=1, competitors=["ann", "<i>ben</i>"])
    play_out(started(project))

    html = reporting.make_report(project=project, title="Week 1").html

    assert "<h1>Week 1</h1>" in html
    assert "rated by Bradley-Terry" in html
    assert html.count('class="picture-dot"') == 2
    assert "&lt;i&gt;ben&lt;/i&gt;" in html
    assert "<i>ben</i>" not in html
    assert "All comparisons are on one prompt" in html
    assert not re.search(r"<script|\sstyle=|\ssrc=|@import|url\(", html)


def test_an_empty_project_makes_a_report_that_says_so(editor: Client, project: Project) -> None:
    made = reporting.make_report(project=project)

    assert "Nothing has been decided yet." in made.html


def test_who_may_only_read_is_offered_no_form(client_with, project: Project) -> None:
    viewer = client_with(Role.VIEWER)

    page = viewer.get(LIST).content.decode()

    assert "<form" not in page.split("<main")[1]
    assert viewer.post(f"{LIST}/make", PLAN).status_code == 403
    assert viewer.post(f"{LIST}/schedule", PLAN).status_code == 403


def test_what_belongs_to_others_is_not_found(editor: Client, project: Project) -> None:
    other = factories.project("other")
    made = reporting.make_report(project=other)
    plan = reporting.schedule_report(project=other, name="", period="daily", recipients=[])

    assert editor.get(f"{LIST}/{made.pk}").status_code == 404
    assert editor.post(f"{LIST}/schedules/{plan.pk}", {"active": "false"}).status_code == 404


def test_queries_do_not_grow(editor: Client, project: Project) -> None:
    def one_more() -> None:
        reporting.make_report(project=project)
        reporting.schedule_report(project=project, name="", period="daily", recipients=[])

    one_more()

    assert same_queries(editor, LIST, lambda: [one_more() for _ in range(2)])


def test_it_obeys_the_content_security_policy(editor: Client, project: Project) -> None:
    reporting.schedule_report(project=project, name="", period="daily", recipients=[])

    assert not CSP_BREAKERS.search(editor.get(LIST).content.decode())
