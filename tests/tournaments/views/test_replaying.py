"""What would this have cost?"""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client

from arena.models import Project
from judges.services.costs import Cost
from tests.tournaments.views.worlds import CSP_BREAKERS, played, started
from tournaments.services import simulating
from tournaments.views import replaying

pytestmark = pytest.mark.django_db


def at(pk: int) -> str:
    return f"/projects/haiku/tournaments/{pk}/replay"


def test_the_page_comes_at_once_and_asks_for_its_figures(editor: Client, project: Project) -> None:
    cup = played(project, prompts=3)

    page = editor.get(at(cup.pk)).content.decode()

    assert f'hx-get="{at(cup.pk)}" hx-trigger="load"' in page
    assert "Calls to each goal" not in page


def test_the_figures_hold_every_format(editor: Client, project: Project) -> None:
    cup = played(project, prompts=3)

    response = editor.get(at(cup.pk), headers={"HX-Request": "true"})
    page = response.content.decode()

    assert next(name for name, _ in response.context["rows"]) == "Round robin"
    assert len(response.context["rows"]) == len(simulating.FORMATS)
    figure = re.search(r'<script id="costs" type="application/json">(.*?)</script>', page)
    assert figure
    assert len(json.loads(figure[1])["data"]) == len(simulating.FORMATS)
    assert "<html" not in page


def test_without_a_script_there_is_a_link_to_them(editor: Client, project: Project) -> None:
    cup = played(project, prompts=3)

    page = editor.get(f"{at(cup.pk)}?figures=1").content.decode()

    assert "Calls to each goal" in page
    assert "<html" in page
    assert not CSP_BREAKERS.search(page)


def test_the_same_verdicts_are_replayed_once(
    editor: Client, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    cup = played(project, prompts=3)
    first = editor.get(f"{at(cup.pk)}?figures=1").context["rows"]
    monkeypatch.setattr(simulating, "replays", None)  # would fail if it were called

    assert editor.get(f"{at(cup.pk)}?figures=1").context["rows"] == first


def test_calls_are_those_that_the_judge_would_have_taken(
    editor: Client, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    cup = played(project, prompts=3)
    single = editor.get(f"{at(cup.pk)}?figures=1").context["rows"]
    monkeypatch.setattr(replaying, "cost_of", lambda judge: Cost(calls=2, most_calls=2))

    response = editor.get(f"{at(cup.pk)}?figures=1")

    assert response.context["calls"] == 18
    assert "take with 2 calls each" in response.content.decode()
    both = zip(single, response.context["rows"], strict=True)
    assert [
        (2 * one.calls, one.percent) == (two.calls, two.percent)
        for (_, ones), (_, twos) in both
        for one, two in zip(ones, twos, strict=True)
        if one
    ].count(False) == 0


def test_one_that_is_not_over_says_why_not(editor: Client, project: Project) -> None:
    played(project, prompts=2)
    cup = started(project, "swiss")
    cup.status = "paused"
    cup.save()

    page = editor.get(f"{at(cup.pk)}?figures=1").content.decode()

    assert "Only a completed tournament can be replayed" in page


def test_another_projects_tournament_is_not_found(editor: Client, project: Project) -> None:
    assert editor.get(at(999)).status_code == 404
