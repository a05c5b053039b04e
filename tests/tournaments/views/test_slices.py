"""Boards beside each other."""

from __future__ import annotations

import pytest
from django.test import Client

from arena.models import Project
from tests import factories
from tests.tournaments.views.worlds import CSP_BREAKERS, played, queries

pytestmark = pytest.mark.django_db

SLICES = "/projects/haiku/leaderboard/slices"


def test_each_competitor_on_all_prompts_and_on_each_slice(editor: Client, project: Project) -> None:
    cup = played(project, prompts=3)

    response = editor.get(f"{SLICES}?tournament={cup.pk}")

    found = [(s.name, s.n_comparisons, s.n_prompts) for s in response.context["slices"]]
    assert found == [("even", 6, 2), ("odd", 3, 1)]
    lines = response.context["rows"]
    assert [line.whole["competitor"] for line in lines] == ["cat", "ben", "ann"]
    assert [cell.comparisons for cell in lines[0].cells] == [4, 2]
    assert not CSP_BREAKERS.search(response.content.decode())


def test_a_slice_opens_its_own_board(editor: Client, project: Project) -> None:
    cup = played(project, prompts=3)

    page = editor.get(f"{SLICES}?tournament={cup.pk}").content.decode()

    assert f"/leaderboard?category=even&amp;tournament={cup.pk}" in page


def test_who_did_not_play_on_a_slice_is_said(editor: Client, project: Project) -> None:
    cup = played(project, prompts=3)
    odd = cup.matches.filter(decision__comparison__prompt__category="odd")
    odd.filter(decision__comparison__output_b__competitor__name="cat").update(counts=False)

    lines = editor.get(f"{SLICES}?tournament={cup.pk}").context["rows"]

    cat = next(line for line in lines if line.whole["competitor"] == "cat")
    assert [cell is None for cell in cat.cells] == [False, True]


def test_without_tags_it_says_so(editor: Client, project: Project) -> None:
    played(project)

    assert b"Nothing to set side by side" in editor.get(f"{SLICES}?by=tag").content


def test_nothing_decided_is_no_error(editor: Client, project: Project) -> None:
    assert b"Nothing to set side by side" in editor.get(SLICES).content


def test_another_field_is_refused(editor: Client, project: Project) -> None:
    assert editor.get(f"{SLICES}?by=colour").status_code == 400


def test_it_takes_as_many_queries_for_more(editor: Client) -> None:
    played(factories.project("small"), prompts=2, competitors=["ann", "ben"])
    played(factories.project("large"), prompts=4, competitors=["ann", "ben", "cat", "dan"])

    small, large = (
        queries(editor, f"/projects/{slug}/leaderboard/slices") for slug in ("small", "large")
    )
    assert small == large
