"""Playing by verdicts given by hand: brackets advance on their own; asking twice is harmless."""

import threading
from collections import Counter

import pytest

from judges.models import Decision, Judgment
from judges.services import settling
from judges.services.settling import settle
from tests import factories
from tests.threads import Another
from tournaments.models import Bracket
from tournaments.services import advancing, lifecycle, sweeping

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    lab = factories.project()
    factories.field(lab, prompts=2, competitors=factories.NAMES[:5])
    return lab


@pytest.fixture
def cup(lab):
    people = factories.judge(lab, "human", "people")
    cup = factories.tournament(lab, people, "single_elimination")
    lifecycle.start(cup)
    advancing.advance(cup.pk)
    cup.refresh_from_db()
    return cup


def decide(decision, winner="a"):
    Judgment.objects.create(
        judge=decision.judge, comparison=decision.comparison, order="ab", winner=winner
    )
    settle([decision.pk])


def open_of(bracket):
    return Decision.objects.filter(matches__bracket=bracket, status="waiting")


def play_out(cup, bracket, winner="a"):
    while decisions := list(open_of(bracket)):
        for decision in decisions:
            decide(decision, winner)
        advancing.advance(cup.pk)


def test_a_prompt_goes_on_though_another_waits(cup):
    first, second = cup.brackets.order_by("pk")
    waiting = open_of(second).count()

    play_out(cup, first)

    first.refresh_from_db()
    assert first.finished is True
    assert first.matches.count() == 4
    assert open_of(second).count() == second.matches.count() == waiting


def test_it_completes_with_n_minus_1_matches_a_prompt(cup):
    for bracket in cup.brackets.all():
        play_out(cup, bracket)

    cup.refresh_from_db()
    assert cup.status == "completed"
    assert cup.finished_at is not None
    assert cup.matches.count() == cup.planned == 2 * 4


@pytest.mark.parametrize("winner", ["tie", "both_bad"])
def test_ties_go_on_by_lot_and_stay_ties(cup, winner):
    for bracket in cup.brackets.all():
        play_out(cup, bracket, winner)

    cup.refresh_from_db()
    assert cup.status == "completed"
    assert set(Decision.objects.values_list("winner", flat=True)) == {winner}


def test_asking_again_schedules_nothing_twice(cup):
    before = list(cup.matches.values_list("pk", flat=True))
    cup.brackets.update(dirty=True)

    advancing.advance(cup.pk)

    assert list(cup.matches.values_list("pk", flat=True)) == before


def test_a_verdict_marks_its_bracket_and_the_sweep_finds_it(cup):
    bracket = cup.brackets.first()
    assert sweeping.left_behind() == ([], [])

    decide(open_of(bracket).first())

    assert list(Bracket.objects.filter(news__isnull=False)) == [bracket]
    assert sweeping.left_behind() == ([cup.pk], [])


def test_a_lost_last_wake_up_is_found_by_the_sweep(cup):
    cup.brackets.update(dirty=False, finished=True)

    assert sweeping.left_behind() == ([cup.pk], [])
    advancing.advance(cup.pk)

    cup.refresh_from_db()
    assert cup.status == "completed"
    assert sweeping.left_behind() == ([], [cup.pk])


def test_the_same_seed_draws_the_same_bracket_in_a_new_tournament(lab, cup):
    again = factories.tournament(lab, cup.judge, "single_elimination", seed=cup.seed)
    lifecycle.start(again)
    advancing.advance(again.pk)

    def drawn(tournament):
        return list(
            tournament.matches.order_by("bracket__prompt", "round", "position").values_list(
                "round", "position", "decision_id"
            )
        )

    assert drawn(again) == drawn(cup)


def test_a_tournament_of_decided_comparisons_ends_at_once(lab, cup):
    for bracket in cup.brackets.all():
        play_out(cup, bracket)

    again = factories.tournament(lab, cup.judge, "single_elimination", seed=cup.seed)
    lifecycle.start(again)
    advancing.advance(again.pk)

    again.refresh_from_db()
    assert again.status == "completed"


def test_only_what_the_budget_pays_for_is_asked_again(lab):
    """An earlier tournament ended with failed calls only; each takes 4 calls at most."""
    stub = factories.stub_judge(lab, "http://127.0.0.1:9/v1")
    play_failed(lab, stub)
    cup = factories.tournament(lab, stub, max_calls=11)
    lifecycle.start(cup)

    advancing.advance(cup.pk)

    assert cup.matches.count() == 2
    assert statuses() == {"open": 2, "undecided": 18}
    lifecycle.cancel(cup)
    assert statuses() == {"held": 2, "undecided": 18}


def test_without_a_budget_all_that_failed_before_is_asked_again(lab):
    stub = factories.stub_judge(lab, "http://127.0.0.1:9/v1")
    play_failed(lab, stub)
    cup = factories.tournament(lab, stub)
    lifecycle.start(cup)

    advancing.advance(cup.pk)

    assert statuses() == {"open": 20}


def play_failed(lab, judge):
    failed = factories.tournament(lab, judge)
    lifecycle.start(failed)
    advancing.advance(failed.pk)
    Decision.objects.update(status="undecided", silence="failed")
    failed.brackets.update(dirty=True)
    advancing.advance(failed.pk)
    failed.refresh_from_db()
    assert failed.status == "completed"


def statuses():
    return Counter(Decision.objects.values_list("status", flat=True))


def test_a_paused_tournament_is_not_advanced(cup):
    lifecycle.pause(cup)
    cup.brackets.update(dirty=True)
    before = cup.matches.count()

    advancing.advance(cup.pk)

    assert cup.matches.count() == before


# Two transactions at once ---------------------------------------------------------------------


@pytest.mark.stack
@pytest.mark.django_db(transaction=True)
def test_a_verdict_and_the_format_that_asks_for_another_never_wait_for_each_other(monkeypatch):
    """One transaction settles a game of this tournament and one that it is about to ask for."""
    lab = factories.project()
    factories.field(lab, prompts=2, competitors=factories.NAMES[:4])
    people = factories.judge(lab, "human", "people")
    shared = factories.tournament(lab, people, "round_robin")
    cup = factories.tournament(lab, people, "single_elimination")
    for made in (shared, cup):
        lifecycle.start(made)
        advancing.advance(made.pk)
    first, second = cup.brackets.order_by("pk")
    for match in first.matches.all():
        decide(match.decision)
    mine, *_ = second.matches.all()
    final = Decision.objects.exclude(matches__tournament=cup).get(
        comparison__prompt=first.prompt,
        **{
            f"comparison__output_{side}__competitor_id__in": [
                match.decision.comparison.output_a.competitor_id for match in first.matches.all()
            ]
            for side in "ab"
        },
    )
    for decision in (final, mine.decision):
        Judgment.objects.create(
            judge=people, comparison=decision.comparison, order="ab", winner="a"
        )
    second.dirty = True
    second.save()
    wrote, asks = threading.Event(), threading.Event()
    write, ensure = settling._write, advancing.comparisons.ensure

    def write_and_wait(*args, **given):
        write(*args, **given)
        wrote.set()
        asks.wait(20)

    def ask_and_wait(pairs):
        asks.set()
        assert wrote.wait(20)
        return ensure(pairs)

    monkeypatch.setattr(settling, "_write", write_and_wait)
    monkeypatch.setattr(advancing.comparisons, "ensure", ask_and_wait)

    thread = Another(lambda: advancing.advance(cup.pk))
    settle([final.pk, mine.decision_id])
    thread.finish()

    advancing.advance(cup.pk)
    first.refresh_from_db()
    assert first.finished, "the final was decided while it was asked for"
    assert second.matches.filter(decision__status="decided").count() == 1
