from __future__ import annotations

import pytest

from judges.models import Judgment
from judges.services import decisions
from tests import factories

pytestmark = pytest.mark.django_db

BOARD = "/api/v1/projects/haiku/leaderboard"


@pytest.fixture
def board(project, owner, client_of):
    """GET the board of a project in which the later competitor nearly always won."""
    factories.field(project, prompts=4, competitors=["ann", "ben", "cat"])
    judge = factories.judge(project, "recorded", "gpt", judge="gpt")
    compared = factories.all_comparisons(project)
    for number, comparison in enumerate(compared):
        winner = ("b", "b", "tie", "b", "a")[number % 5]
        Judgment.objects.create(judge=judge, comparison=comparison, order="ab", winner=winner)
    decisions.ask(judge, [comparison.pk for comparison in compared])
    client = client_of(owner)
    return lambda **query: client.get(BOARD, query)


def test_the_default_is_bradley_terry_with_half_wins(board):
    body = board().json()

    assert body["method"] == "bradley_terry"
    assert body["settings"]["ties"] == "half a win for each"
    assert [row["competitor"] for row in body["rows"]] == ["cat", "ben", "ann"]
    assert sum(row["rating"] for row in body["rows"]) == pytest.approx(3000)


@pytest.mark.parametrize(
    ("query", "method"),
    [
        ({"ties": "half"}, "bradley_terry"),
        ({"ties": "davidson"}, "davidson"),
        ({"ties": "rao_kupper", "method": "bradley_terry"}, "rao_kupper"),
        ({"method": "win_rate"}, "win_rate"),
    ],
)
def test_ties_choose_the_model(board, query, method):
    assert board(**query).json()["method"] == method


def test_style_is_controlled_when_asked(board):
    body = board(style_control="length,bold").json()

    assert body["settings"]["style_control"] == ["length", "bold"]
    assert board(style_control="false").json()["settings"]["style_control"] == []


def test_grades_are_left_out_when_asked(board):
    assert board().json()["settings"]["graded"] == "auto"
    assert board(graded="never").json()["settings"]["graded"] == "never"
    assert board(graded="never", method="elo").json()["method"] == "elo"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"ties": "never"}, "ties"),
        ({"ties": "davidson", "method": "elo"}, "ties"),
        ({"style_control": "charm"}, "style_control"),
        ({"style_control": "length", "method": "elo"}, "style_control"),
        ({"graded": "sometimes"}, "graded"),
        ({"graded": "auto", "method": "elo"}, "graded"),
        ({"method": "chess"}, "method"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_had_is_refused_by_name(board, query, field):
    reply = board(**query)

    assert reply.status_code == 400
    assert list(reply.json()["fields"]) == [field]


def test_no_predictions_and_no_verdicts_is_a_conflict_with_a_reason(project, owner, client_of):
    factories.field(project, prompts=1, competitors=["ann", "ben"])
    reply = client_of(owner).get(BOARD, {"method": "prediction_powered"})

    assert reply.status_code == 200
    assert reply.json()["warnings"] == ["There is no comparison to rate."]


def test_a_row_has_its_tier_and_pairs_their_chances(board):
    body = board().json()

    assert all(row["tier"] >= 1 for row in body["rows"])
    assert body["pairs"]["competitors"] == [row["competitor"] for row in body["rows"]]
    above = body["pairs"]["above"]
    assert above[0][1] + above[1][0] == pytest.approx(1.0, abs=2e-4)
    assert (body["converged"], body["gaps"]["unplayed"]) == (True, 0)
    assert body["response_noise"]["share"] is None


def test_intervals_by_resampling_and_another_origin_can_be_asked_for(board):
    body = board(bootstrap="50", anchor="ann").json()

    assert (body["settings"]["bootstrap"], body["settings"]["anchor"]) == (50, "ann")
    assert next(row["rating"] for row in body["rows"] if row["competitor"] == "ann") == 1000
    assert list(board(bootstrap="many").json()["fields"]) == ["bootstrap"]
    assert list(board(bootstrap="100000").json()["fields"]) == ["bootstrap"]
    assert board(anchor="zoe").status_code == 409


@pytest.mark.parametrize("name", ["category", "tag", "language", "judge", "judge_kind"])
def test_a_filter_that_nothing_has_is_refused_by_name(board, name):
    reply = board(**{name: "nowhere"})

    assert reply.status_code == 400
    assert list(reply.json()["fields"]) == [name]


def test_an_effect_that_cannot_be_told_says_why(board, project):
    for said in list(Judgment.objects.all()):
        Judgment.objects.create(
            judge=said.judge, comparison=said.comparison, order="ba", winner=said.winner
        )

    body = board(effects="order").json()

    assert body["effects"] == []
    assert "judged in both orders" in " ".join(body["warnings"])


def test_effects_are_reported_when_asked_for(board):
    body = board(effects="judges,order").json()

    names = [effect["name"] for effect in body["effects"]]
    assert names == ["first position", "ties between equals, gpt v1"]
    assert "One judge alone has no sharpness" in " ".join(body["warnings"])
    assert body["effects"][0]["ci_low"] < body["effects"][0]["value"]
    assert list(board(effects="charm").json()["fields"]) == ["effects"]


def test_slices_side_by_side(board, client_of, owner):
    board()
    client = client_of(owner)

    body = client.get(f"{BOARD}/slices").json()

    assert body["by"] == "category"
    assert {(s["name"], s["n_prompts"]) for s in body["slices"]} == {("even", 2), ("odd", 2)}
    assert body["slices"][0]["spread"] > 0
    assert body["slices"][0]["rows"][0]["ci_low"] < body["slices"][0]["rows"][0]["rating"]
    assert client.get(f"{BOARD}/slices", {"by": "tag"}).json()["slices"] == []
    for query in ({"by": "colour"}, {"method": "elo"}, {"tournament": "x"}):
        reply = client.get(f"{BOARD}/slices", query)
        assert (reply.status_code, list(reply.json()["fields"])) == (400, list(query))
