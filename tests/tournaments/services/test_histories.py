"""Games as formats see them; waves that are planned from those before."""

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from arena.models import Output
from judges.models import Decision, Judgment
from judges.services.settling import settle
from tests import factories
from tests.tournaments.views.worlds import play_out, started
from tournaments.formats import registry as formats
from tournaments.formats.adaptive import Adaptive
from tournaments.formats.base import Field, Game, Result
from tournaments.models import Roster
from tournaments.services import advancing, extending, lifecycle
from tournaments.services.fields import field_of
from tournaments.services.histories import awaits_older_wave, games_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    lab = factories.project()
    factories.field(lab, prompts=6, competitors=factories.NAMES[:4])
    return lab


def settle_some(matches, winner="b", strength=None):
    for decision in Decision.objects.filter(matches__in=matches, status="waiting").distinct():
        Judgment.objects.create(
            judge=decision.judge, comparison=decision.comparison, order="ab",
            winner=winner, strength=strength,
        )  # fmt: skip
        settle([decision.pk])


def schedule(cup):
    side = "decision__comparison__output_{}__competitor__name"
    places = ("round", "position", "decision__comparison__prompt__key")
    return list(
        cup.matches.order_by("round", "position").values_list(
            *places, side.format("a"), side.format("b")
        )
    )


def test_two_waves_are_under_way_and_the_third_waits_for_the_first(lab):
    cup = started(lab, "adaptive", format_params={"games": 36})
    bracket = cup.brackets.get()
    assert set(cup.matches.values_list("round", flat=True)) == {0, 1}

    settle_some(cup.matches.filter(round=1))
    advancing.advance(cup.pk)
    assert awaits_older_wave(bracket)
    assert set(cup.matches.values_list("round", flat=True)) == {0, 1}

    settle_some(cup.matches.filter(round=0))
    advancing.advance(cup.pk)
    assert 2 in cup.matches.values_list("round", flat=True)


def test_a_verdict_of_a_wave_that_goes_on_does_not_ask_the_format(lab, monkeypatch):
    cup = started(lab, "adaptive")
    asked = []
    original = Adaptive.next_pairings
    monkeypatch.setattr(
        Adaptive, "next_pairings", lambda *given: asked.append(1) or original(*given)
    )

    settle_some(cup.matches.filter(round=0)[:1])
    advancing.advance(cup.pk)
    assert not asked

    settle_some(cup.matches.filter(round=0))
    advancing.advance(cup.pk)
    assert asked


def test_the_field_is_frozen_with_who_answered_what(lab):
    lab.prompts.get(key="p0").outputs.filter(competitor__name="dan").delete()
    lab.prompts.get(key="p1").outputs.exclude(competitor__name="dan").delete()
    cup = started(lab, "adaptive")
    prompt = lab.prompts.get(key="p0")
    dan = lab.competitors.get(name="dan")

    Output.objects.create(prompt=prompt, competitor=dan, turns=["Late."])
    field = field_of(cup, cup.brackets.get())

    assert Roster.objects.count() == len(field.prompts) == 5
    assert dan.pk not in field.answered[prompt.pk]
    assert len(field.answered[prompt.pk]) == 3
    assert field.names[dan.pk] == "dan"


def test_a_game_tells_whose_verdict_it_was_and_how_clear(lab):
    cup = started(lab, "adaptive")
    settle_some(cup.matches.filter(round=0), winner="a", strength=2)

    games = games_of(cup, cup.brackets.get())

    known = [game for game in games if game.result is not Result.PENDING]
    assert len(known) == cup.matches.filter(round=0).count()
    assert {(game.result, game.share, game.strength) for game in known} == {(Result.A, 1.0, 2)}


def test_a_board_from_before_is_frozen_for_a_newcomer(lab):
    play_out(started(lab))
    cup = started(lab, "insertion", format_params={"newcomer": "dan"})

    board = field_of(cup, cup.brackets.get()).board

    assert sorted(board) == sorted(lab.competitors.values_list("pk", flat=True))
    assert board[lab.competitors.get(name="dan").pk] > 1000


@pytest.mark.parametrize("kind", ["adaptive", "adaptive_top", "insertion"])
def test_a_wave_format_comes_to_its_end(lab, kind):
    cup = play_out(started(lab, kind))

    assert (cup.status, cup.planned) == ("completed", cup.matches.count())
    assert cup.brackets.get().finished


def test_the_schedule_does_not_depend_on_the_order_of_verdicts(lab):
    """The same games are played whoever answers first, however often it is asked meanwhile."""
    in_order = started(lab, "adaptive")
    others = factories.judge(lab, "human", "others")
    shuffled = factories.tournament(lab, others, "adaptive", seed=in_order.seed)
    play_out(in_order)
    lifecycle.start(shuffled)
    advancing.advance(shuffled.pk)

    while late := list(shuffled.matches.filter(decision__status="waiting").order_by("-pk")[:2]):
        settle_some([match.pk for match in late])
        for _ in range(2):
            shuffled.brackets.filter(finished=False).update(dirty=True)
            advancing.advance(shuffled.pk)

    assert schedule(shuffled) == schedule(in_order)


def test_a_game_of_one_that_has_withdrawn_is_kept_as_it_was_given(lab):
    cup = started(lab, "single_elimination")
    extending.withdraw(cup, "dan", keep_games=True)
    advancing.advance(cup.pk)

    for bracket in cup.brackets.all():
        (stored,) = bracket.walkovers
        assert stored[-1] in ("a", "b")
        assert len(games_of(cup, bracket)) == 1 + bracket.matches.count()


def test_games_without_a_verdict_are_replaced_as_told_and_at_most_once_each(lab):
    cup = started(lab, "random_pairs", format_params={"games": 2}, undecided="replace")
    assert cup.matches.count() == 12
    Decision.objects.filter(pk__in=cup.matches.values("decision")[:3]).update(
        status="undecided", silence="refused"
    )
    cup.brackets.update(dirty=True)

    advancing.advance(cup.pk)
    assert cup.matches.count() == 15

    cup = play_out(cup)
    assert (cup.status, cup.matches.filter(decision__status="decided").count()) == ("completed", 12)


def test_a_judge_that_never_answers_is_not_asked_without_end(lab):
    cup = started(lab, "random_pairs", format_params={"games": 1}, undecided="replace")
    while waiting := Decision.objects.filter(status="waiting"):
        waiting.update(status="undecided", silence="refused")
        cup.brackets.update(dirty=True)
        advancing.advance(cup.pk)

    cup.refresh_from_db()
    assert (cup.status, cup.matches.count()) == ("completed", 12)


def test_a_format_that_breaks_fails_the_tournament_and_it_can_be_resumed(lab, monkeypatch):
    people = factories.judge(lab, "human", "people")
    cup = factories.tournament(lab, people, "round_robin")
    broken = formats.get("round_robin")
    with monkeypatch.context() as patch:
        patch.setattr(broken, "next_pairings", lambda *_: 1 / 0)
        lifecycle.start(cup)
        advancing.advance(cup.pk)
    cup.refresh_from_db()
    assert (cup.status, "ZeroDivisionError" in cup.note) == ("failed", True)

    lifecycle.resume(cup)
    advancing.advance(cup.pk)

    assert play_out(cup).status == "completed"


def test_looking_whether_a_wave_is_over_loads_no_history(lab):
    cup = started(lab, "adaptive")
    with CaptureQueriesContext(connection) as captured:
        awaits_older_wave(cup.brackets.get())

    assert len(captured) == 3


@pytest.mark.parametrize("schedule_", ["chain", "pairs"])
def test_a_game_that_was_taken_back_and_planned_anew_is_not_filled_in_again(schedule_):
    """A withdrawal leaves gaps in a wave; what would fill one may stand in a later wave already."""
    field = Field((1, 2, 3, 4, 5), tuple(range(20)), 7, {})
    rule = Adaptive(Adaptive.Params(schedule=schedule_))
    planned = rule.next_pairings(field, [])
    moved, *others = [pair for pair in planned if pair.round == 0]
    later = [pair for pair in planned if pair.round == 1][1:]
    again = replace(moved, round=1, position=100)
    games = [Game(pair, Result.A) for pair in [*others, *later, again]]

    filled = rule.next_pairings(field, games)

    played = [(p.prompt, *sorted((p.a, p.b))) for p in [*filled, *(g.pairing for g in games)]]
    assert len(set(played)) == len(played)
