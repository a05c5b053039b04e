"""Rows as the public contract shows them."""

from __future__ import annotations

import pytest

from tests import factories
from tests.tournaments.services.test_rating import played, recorded
from tournaments.models import RatingRun
from tournaments.queries import Progress
from tournaments.services.rating import rate
from tournaments.services.shapes.leaderboards import LeaderboardShape
from tournaments.services.shapes.tournaments import TournamentShape, note_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def cup():
    lab = factories.project()
    factories.field(lab, prompts=4, competitors=["ann", "ben", "cat"])
    return played(lab, recorded(lab))


def progress(**counts):
    none = dict.fromkeys(Progress.__dataclass_fields__, 0)
    return Progress(**{**none, **counts})


def test_a_board_carries_tiers_pairs_effects_and_how_it_was_fitted(cup):
    run = rate(project=cup.project, tournament=cup, params={"position": "common"})

    board = LeaderboardShape.of(run)

    assert [row.tier for row in board.rows] == [row["tier"] for row in run.rows]
    assert board.pairs.competitors == ["cat", "ben", "ann"]
    assert board.pairs.above[0][2] > 0.5 > board.pairs.above[2][0]
    assert [effect.name for effect in board.effects] == ["first position"]
    assert board.converged
    assert board.rounds > 0
    assert board.response_noise.share is None
    assert "both orders" in board.response_noise.meaning


def test_a_run_from_before_all_that_is_still_a_board(cup):
    run = rate(project=cup.project, tournament=cup)
    run.details = {}
    for row in run.rows:
        del row["tier"]

    board = LeaderboardShape.of(run)

    assert (board.pairs.competitors, board.effects, board.response_noise) == ([], [], None)
    assert {row.tier for row in board.rows} == {None}


def test_a_tournament_says_what_its_last_rating_knows_of_the_noise(cup):
    assert TournamentShape.of(cup).response_noise is None
    rate(project=cup.project, tournament=cup)

    assert TournamentShape.of(cup).response_noise.comparisons == 0
    RatingRun.objects.all().delete()
    assert TournamentShape.of_all([cup])[0].response_noise is None


@pytest.mark.parametrize(
    ("status", "note", "fault", "counts", "told"),
    [
        ("completed", "", "", {"decided": 1}, ""),
        ("running", "", "", {"failed": 3}, ""),
        ("running", "", "broke", {"decided": 1}, ""),
        ("completed", "", "broke", {"decided": 1}, "its ratings could not be fitted: broke"),
        (
            "completed", "a reason", "broke", {"decided": 1},
            "a reason; its ratings could not be fitted: broke",
        ),
        ("completed", "a reason", "", {"failed": 3}, "a reason"),
        ("completed", "", "", {}, "it ended without a match, so there is nothing to rank"),
        (
            "completed", "", "broke", {"failed": 3, "undecided": 2},
            ("none of its 5 matches has a verdict (3 failed, 2 judged without a verdict);"
            " nothing to rank"),
        ),
    ],
)  # fmt: skip
def test_one_that_has_no_verdict_or_no_ratings_says_so(cup, status, note, fault, counts, told):
    cup.status, cup.note, cup.rating_fault = status, note, fault

    assert note_of(cup, progress(**counts)) == told
