"""Tournaments over the API: made, estimated, extended, listed."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from arena.models import Project
from judges.models import Judge
from tests import factories
from tests.tournaments.services.test_extending import more_prompts, newcomer
from tests.tournaments.views.worlds import play_out, played, started
from tournaments.models import Tournament
from tournaments.services import advancing

pytestmark = pytest.mark.django_db

LIST = "/api/v1/projects/haiku/tournaments"
NEW = {"format": "round_robin", "judges": ["people"]}


@pytest.fixture
def people(project: Project) -> Judge:
    factories.field(project, prompts=3, competitors=["ann", "ben", "cat"])
    return factories.judge(project, "human", "people")


def address(cup: Tournament, act: str = "") -> str:
    return f"{LIST}/{cup.pk}" + (f"/{act}" if act else "")


# --- Make and estimate --------------------------------------------------------------------------


def test_several_judges_make_a_jury_of_the_usual_rule(
    api: APIClient, project: Project, people: Judge
) -> None:
    factories.judge(project, "surrogate", "model")

    made = api.post(LIST, {**NEW, "judges": ["people", "model"]}, format="json").json()

    jury = Judge.objects.get(name=made["judge"])
    assert jury.params["aggregation"] == "dawid_skene"
    assert made["judges"] == ["people", "model"]


def test_a_draft_says_what_is_decided_already_and_how_sure_it_will_be(
    api: APIClient, project: Project, people: Judge
) -> None:
    play_out(started(project, competitors=["ann", "ben"]))

    estimate = api.post(LIST, NEW, format="json").json()["estimate"]

    assert (estimate["matches"], estimate["decided_already"]) == (9, 3)
    assert 100 < estimate["half_width"] < 400


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"undecided": "forget"}, "undecided"),
        ({"undecided": "replace"}, "undecided"),
        ({"budget": {"max_calls": 0}}, "budget.max_calls"),
    ],
)
def test_a_faulty_draft_is_refused_at_its_field(
    api: APIClient, people: Judge, body: dict[str, object], field: str
) -> None:
    response = api.post(LIST, {**NEW, **body}, format="json")

    assert response.status_code == 400
    assert field in response.json()["fields"]


# --- The list -----------------------------------------------------------------------------------


def test_the_list_takes_as_many_queries_for_more(
    api: APIClient, project: Project, people: Judge
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert api.get(LIST).status_code == 200
        return len(captured)

    judges = [people, *(factories.judge(project, "human", f"p{n}") for n in range(3))]
    play_out(started(project))
    queries()  # the token's last use is written once
    before = queries()
    for judge in judges:
        factories.tournament(project, judge)
        play_out(started(project))

    assert queries() == before


def test_the_list_says_what_each_has_used(api: APIClient, project: Project, people: Judge) -> None:
    play_out(started(project))
    factories.tournament(project, people)

    first, second = api.get(LIST).json()["results"]

    assert (first["status"], first["progress"]["decided"]) == ("completed", 9)
    assert (second["status"], second["usage"]["usd"], second["estimate"]) == ("draft", None, None)
    assert first["competitors"] == ["ann", "ben", "cat"]


# --- Extend and withdraw ------------------------------------------------------------------------


def test_a_preview_writes_nothing_and_the_extension_is_what_it_said(
    api: APIClient, project: Project, people: Judge
) -> None:
    cup = play_out(started(project))
    more_prompts(project)
    newcomer(project)
    wanted = {"prompts": "new", "competitors": ["zoe"], "budget": {"max_calls": 500}}

    preview = api.post(address(cup, "extend"), {**wanted, "preview": True}, format="json").json()
    cup.refresh_from_db()
    assert (cup.status, cup.max_calls, preview["tournament"]) == ("completed", None, None)

    done = api.post(address(cup, "extend"), wanted, format="json").json()

    assert done["extension"] == preview["extension"]
    assert done["extension"] == {
        "prompts": 2, "late_prompts": 3, "competitors": ["zoe"],
        "matches": 21, "decided_already": 0, "calls": 0, "usd": 0.0,
    }  # fmt: skip
    assert done["tournament"]["budget"]["max_calls"] == 500
    advancing.advance(cup.pk)
    assert play_out(cup).matches.count() == 30


def test_an_extension_by_nothing_is_a_conflict(
    api: APIClient, project: Project, people: Judge
) -> None:
    cup = play_out(started(project))

    assert api.post(address(cup, "extend"), {"prompts": "new"}, format="json").status_code == 409
    assert api.post(address(cup, "extend"), {"prompts": "all"}, format="json").status_code == 400


@pytest.mark.parametrize("keep", [True, False])
def test_a_competitor_withdraws(
    api: APIClient, project: Project, people: Judge, keep: bool
) -> None:
    cup = play_out(started(project))

    body = {"competitor": "cat", "keep_games": keep}
    shape = api.post(address(cup, "withdraw"), body, format="json").json()

    assert shape["withdrawn"] == ["cat"]
    assert ("cat" in shape["competitors"]) is keep
    board = api.get("/api/v1/projects/haiku/leaderboard", {"tournament": cup.pk}).json()
    assert ("cat" in [row["competitor"] for row in board["rows"]]) is keep
    assert board["n_comparisons"] == (9 if keep else 3)


# --- Matches ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 6),
        ({"competitor": "ann"}, 4),
        ({"prompt": "p0"}, 3),
        ({"round": "0"}, 2),
        ({"verdict": "b", "competitor": "cat"}, 4),
        ({"status": "undecided"}, 0),
    ],
)
def test_matches_are_filtered(
    api: APIClient, project: Project, query: dict[str, str], count: int
) -> None:
    cup = played(project)

    found = api.get(address(cup, "matches"), query).json()["results"]

    assert len(found) == count
    assert all(len(match["judgments"]) == 1 for match in found)


def test_a_filter_that_does_not_exist_is_refused(api: APIClient, project: Project) -> None:
    cup = played(project)

    assert api.get(address(cup, "matches"), {"rounds": "1"}).status_code == 400
    assert api.get(address(cup, "matches"), {"round": "one"}).status_code == 400


def test_matches_take_as_many_queries_for_more(
    api: APIClient, project: Project, django_assert_num_queries
) -> None:
    cup = played(project)
    api.get(address(cup, "matches"), {"limit": 1})
    with CaptureQueriesContext(connection) as few:
        api.get(address(cup, "matches"), {"limit": 1})

    with django_assert_num_queries(len(few)):
        api.get(address(cup, "matches"))
