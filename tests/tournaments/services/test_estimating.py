"""What a tournament will take and tell."""

import math

import pytest

from judges.models import Decision, Judgment
from judges.services.settling import settle
from tests import factories
from tests.tournaments.views.worlds import play_out, started
from tournaments.formats import registry as formats
from tournaments.services import advancing, lifecycle
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


# --- Calls --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("repair", "most"), [(True, 160), (False, 80)])
def test_repairs_are_what_it_takes_at_most(lab, repair, most):
    stub = factories.stub_judge(lab, "http://127.0.0.1:9/v1", repair=repair)

    estimate = estimate_of(factories.tournament(lab, stub))

    assert (estimate.matches, estimate.calls, estimate.most_calls) == (40, 80, most)


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


@pytest.mark.parametrize("until", ["width", "plan"])
def test_a_draft_that_stops_by_a_rule_costs_nothing_where_all_is_decided(lab, until):
    everything = play_out(started(lab))
    stub = factories.stub_judge(lab, "http://127.0.0.1:9/v1")
    everything.judge.decisions.update(judge=stub)
    params = {"until": until, **({"width": 2000} if until == "width" else {})}
    cup = factories.tournament(lab, stub, "adaptive", format_params=params)

    estimate = estimate_of(cup)
    lifecycle.start(cup)
    advancing.advance(cup.pk)

    assert (estimate.calls, estimate.decided_already) == (0, estimate.matches)
    cup.refresh_from_db()
    assert cup.status == "completed"
    assert estimate.matches >= cup.matches.count()


# --- After the start ----------------------------------------------------------------------------


def test_at_the_end_it_is_what_was_paid(lab):
    stub = factories.stub_judge(lab, "http://127.0.0.1:9/v1")
    first = factories.tournament(lab, stub, competitors=["ann", "ben"])
    lifecycle.start(first)
    advancing.advance(first.pk)
    first.refresh_from_db()
    assert (estimate_of(first).matches, estimate_of(first).calls) == (4, 8)

    for decision in Decision.objects.all():
        Judgment.objects.create(
            judge=stub, comparison=decision.comparison, order="ab", winner="a", calls=3, usd=0.5
        )
        settle([decision.pk])
    advancing.advance(first.pk)
    second = factories.tournament(lab, stub, competitors=["ann", "ben"])
    lifecycle.start(second)
    advancing.advance(second.pk)

    ends = []
    for cup in (first, second):
        cup.refresh_from_db()
        assert cup.status == "completed"
        found = estimate_of(cup)
        ends.append((found.matches, found.decided_already, found.calls, found.usd))
    assert ends == [(4, 0, 12, 2.0), (4, 4, 0, 0.0)]
