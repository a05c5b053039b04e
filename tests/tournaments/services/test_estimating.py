"""What a tournament will take and tell."""

import math

import pytest

from tests import factories
from tests.tournaments.views.worlds import play_out, started
from tournaments.formats import registry as formats
from tournaments.services.estimating import estimate_of, expected_half_width

NAMES = factories.NAMES[:5]


@pytest.fixture
def lab(db):
    lab = factories.project()
    factories.field(lab, prompts=4, competitors=NAMES)
    return lab


# --- The expected interval ----------------------------------------------------------------------


def test_two_that_meet_once_on_each_prompt_have_the_width_of_the_formula():
    # n = 100 games, p (1 - p) = 0.22; half the difference of two, on the Elo scale.
    by_hand = 1.96 * 400 / math.log(10) / 2 / math.sqrt(100 * 0.22)

    assert expected_half_width(2, 100, 100) == pytest.approx(by_hand)


def test_four_times_the_prompts_halve_it():
    one, four = expected_half_width(8, 50, 350), expected_half_width(8, 200, 1400)

    assert four == pytest.approx(one / 2)


def test_games_on_the_same_answers_tell_less_than_games_on_new_prompts():
    spread = expected_half_width(8, 700, 2800)
    crowded = expected_half_width(8, 100, 2800)

    assert spread < crowded
    assert crowded < expected_half_width(8, 100, 400)


@pytest.mark.parametrize("nobody", [(1, 5, 5), (4, 0, 0), (4, 5, 0)])
def test_where_nobody_plays_nothing_is_expected(nobody):
    assert expected_half_width(*nobody) is None


def test_a_newcomer_alone_is_no_average_competitor(lab):
    cup = factories.tournament(lab, factories.judge(lab, "human", "people"), "insertion")

    assert estimate_of(cup).half_width is None


# --- What is decided already --------------------------------------------------------------------


@pytest.mark.parametrize("kind", formats.names())
def test_after_a_round_robin_every_format_is_decided_already(lab, kind):
    """Several tournaments share what was judged: nothing is asked again, and it ends at once."""
    full = play_out(started(lab))
    cup = factories.tournament(lab, full.judge, kind)

    estimate = estimate_of(cup)
    again = started(lab, kind)

    assert 0 < estimate.decided_already <= estimate.matches
    if formats.get(kind).scope == "prompt":
        assert estimate.decided_already == again.matches.count()
    assert again.status == "completed"


def test_a_prompt_that_plays_by_the_same_draw_is_known_as_far_as_it_went(lab):
    first = play_out(started(lab, "single_elimination", slice={"category": "even"}))

    estimate = estimate_of(factories.tournament(lab, first.judge, "single_elimination"))

    assert (estimate.matches, estimate.decided_already) == (16, 8)


def test_only_what_is_due_is_paid(lab):
    stub = factories.stub_judge(lab, "http://127.0.0.1:9/v1")
    cup = started(lab, competitors=["ann", "ben"])
    cup.judge.decisions.update(judge=stub, status="decided", winner="a", share=1.0)

    estimate = estimate_of(factories.tournament(lab, stub))

    assert (estimate.matches, estimate.decided_already, estimate.calls) == (40, 4, 72)


def test_what_another_judge_decided_is_not_known(lab):
    play_out(started(lab))
    other = factories.judge(lab, "human", "others")

    assert estimate_of(factories.tournament(lab, other)).decided_already == 0
