"""Reads of tournaments: progress told apart, brackets counted."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from judges.models import Decision, Judgment
from tests import factories
from tests.tournaments.views.worlds import decide, play_out, started
from tournaments.queries import (
    brackets_of,
    latest_board,
    progress_by_tournament,
    progress_of,
    status_of,
    usage_of,
)
from tournaments.services import advancing, lifecycle

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    lab = factories.project()
    factories.field(lab, prompts=2, competitors=["ann", "ben"])
    return lab


@pytest.fixture
def jury_cup(lab):
    """A tournament of a jury: a language model that nobody asks, and people."""
    factories.judge(lab, "llm", "mini", model="m")
    factories.judge(lab, "human", "people")
    panel = factories.judge(lab, "jury", "panel", members=["mini", "people"])
    cup = factories.tournament(lab, panel)
    lifecycle.start(cup)
    advancing.advance(cup.pk)
    cup.refresh_from_db()
    return cup


def test_a_jury_does_not_wait_for_people_while_a_machine_is_busy(jury_cup):
    progress = progress_of(jury_cup)

    assert (progress.open, progress.waiting_for_people) == (2, 0)
    assert status_of(jury_cup, progress) == "running"


def test_it_waits_for_people_when_the_machines_are_done(jury_cup):
    for decision in Decision.objects.filter(judge__name="mini"):
        decide(decision)

    progress = progress_of(jury_cup)

    assert (progress.open, progress.waiting_for_people) == (0, 2)
    assert status_of(jury_cup, progress) == "waiting"


def test_a_machine_at_another_tournament_keeps_nobody_busy(lab, jury_cup):
    cup = started(lab)

    progress = progress_by_tournament([jury_cup, cup])

    assert progress[cup.pk].waiting_for_people == 2
    assert progress[jury_cup.pk].waiting_for_people == 0


def test_many_tournaments_take_as_many_queries_as_one(lab):
    cups = [started(lab) for _ in range(3)]

    def cost(some):
        with CaptureQueriesContext(connection) as captured:
            progress_by_tournament(some)
        return len(captured)

    assert cost(cups[:1]) == cost(cups)


def test_a_draft_has_no_progress(lab):
    people = factories.judge(lab, "human", "people")

    progress = progress_of(factories.tournament(lab, people))

    assert set(progress.as_dict().values()) == {0}


def test_brackets_count_their_matches(lab):
    cup = started(lab)
    first, second = cup.matches.order_by("bracket")
    decide(first.decision)
    Decision.objects.filter(pk=second.decision_id).update(status="undecided", silence="refused")

    rows = [(row.games, row.decided, row.silent, row.waiting) for row in brackets_of(cup)]

    assert rows == [(1, 1, 0, 0), (1, 0, 1, 0)]


def test_the_latest_board_is_of_a_completed_tournament_with_verdicts(lab):
    assert latest_board(lab) is None
    cup = play_out(started(lab))
    started(lab)

    assert latest_board(lab).tournament == cup


@pytest.mark.parametrize(
    ("costs", "usd"),
    [
        ([(1, 0.25), (1, 0.5)], 0.75),
        ([(1, 0.25), (0, 0.0)], 0.25),  # found again: free, and known to be
        ([(1, 0.25), (1, None)], None),
        ([(0, 0.0), (1, None)], None),
        ([(0, 0.0), (0, 0.0)], 0.0),
        ([(0, None), (0, None)], None),
    ],
)
def test_money_is_not_known_where_one_call_has_no_price(lab, costs, usd):
    cup = started(lab)
    for match, (calls, price) in zip(cup.matches.all(), costs, strict=True):
        Judgment.objects.create(
            judge=cup.judge, comparison=match.decision.comparison, order="ab", winner="a",
            calls=calls, usd=price,
        )  # fmt: skip

    assert usage_of(cup).usd == usd
