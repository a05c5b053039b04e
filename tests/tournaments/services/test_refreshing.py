"""Ratings follow their verdicts, also after the end."""

from datetime import timedelta

import pytest
from django.utils import timezone

from arena.common.errors import Conflict
from judges.models import Adjudication, Decision, Judgment
from judges.services.settling import settle_again
from tests import factories
from tests.tournaments.views.worlds import decide, play_out, started
from tournaments.models import News, RatingRun, Tournament
from tournaments.services import advancing, refreshing, sweeping

pytestmark = pytest.mark.django_db


@pytest.fixture
def cup():
    lab = factories.project()
    factories.field(lab, prompts=3)
    cup = play_out(started(lab))
    refreshing.refresh(cup.pk)
    cup.refresh_from_db()
    return cup


def rule_anew(cup):
    """An owner overrules the first verdict."""
    decision = Decision.objects.filter(matches__tournament=cup).order_by("pk").first()
    judgment = Judgment.objects.create(
        judge=decision.judge, comparison=decision.comparison, order="ab", winner="a", sample=1
    )
    Adjudication.objects.create(decision=decision, judgment=judgment)
    settle_again([decision.pk])
    decision.refresh_from_db()
    assert decision.winner == "a"


def newest(cup):
    return RatingRun.objects.filter(tournament=cup, method="bradley_terry").first()


def test_a_verdict_that_changes_after_the_end_is_rated(
    cup, django_capture_on_commit_callbacks, monkeypatch
):
    sent = []
    monkeypatch.setattr(
        "tournaments.tasks.rate.delay", lambda *, tournament_id: sent.append(tournament_id)
    )
    before = newest(cup)

    with django_capture_on_commit_callbacks(execute=True):
        rule_anew(cup)
    assert sent == [cup.pk]
    refreshing.refresh(cup.pk)

    after = newest(cup)
    assert after.pk != before.pk
    assert [row["wins"] for row in after.rows] != [row["wins"] for row in before.rows]
    cup.refresh_from_db()
    assert cup.status == "completed"


def test_the_schedule_stands_though_a_verdict_changed(cup):
    before = list(cup.matches.values_list("pk", "round", "position", "decision"))

    rule_anew(cup)

    assert list(cup.matches.values_list("pk", "round", "position", "decision")) == before
    assert not cup.brackets.filter(dirty=True).exists()


def test_a_lost_message_is_found_by_the_sweep(cup):
    assert sweeping.left_behind() == ([], [])

    rule_anew(cup)

    assert sweeping.left_behind() == ([], [cup.pk])
    refreshing.refresh(cup.pk)
    assert sweeping.left_behind() == ([], [])


def test_of_many_messages_one_fits(cup, monkeypatch):
    fits = []
    monkeypatch.setattr("tournaments.services.rating.rate_completed", fits.append)
    rule_anew(cup)

    refreshing.refresh(cup.pk)
    refreshing.refresh(cup.pk)

    assert fits == [cup.pk]


def test_what_changes_during_a_fit_is_due_again(cup, monkeypatch):
    rule_anew(cup)
    monkeypatch.setattr(
        "tournaments.services.rating.rate_completed",
        lambda pk: type(cup).objects.filter(pk=pk).update(changes=7),
    )

    refreshing.refresh(cup.pk)

    assert list(refreshing.due()) == [cup]


# What cannot be rated -----------------------------------------------------------------------------


class Fits(list):
    """What was to be fitted; none succeeds."""

    error = Conflict("these comparisons cannot be rated: no way")

    def __call__(self, pk):
        self.append(pk)
        raise self.error


@pytest.fixture
def unfit(cup, monkeypatch):
    """A completed tournament without ratings that cannot be had."""
    RatingRun.objects.all().delete()
    fits = Fits()
    monkeypatch.setattr("tournaments.services.rating.rate_completed", fits)
    return fits


def later(**time):
    """As if so much time had gone by."""
    rows = Tournament.objects.exclude(rate_after=None)
    for cup in rows:
        rows.filter(pk=cup.pk).update(rate_after=cup.rate_after - timedelta(**time))


def test_what_cannot_be_rated_is_noted_and_let_alone(cup, unfit):
    assert sweeping.left_behind()[1] == [cup.pk]
    refreshing.refresh(cup.pk)
    assert sweeping.left_behind()[1] == []
    refreshing.refresh(cup.pk)

    assert unfit == [cup.pk]
    cup.refresh_from_db()
    assert cup.rating_fault == "these comparisons cannot be rated: no way"


def test_any_other_error_is_noted_and_raised(cup, unfit):
    unfit.error = ZeroDivisionError("by nothing")

    with pytest.raises(ZeroDivisionError):
        refreshing.refresh(cup.pk)

    assert sweeping.left_behind()[1] == []
    cup.refresh_from_db()
    assert cup.rating_fault == "ZeroDivisionError: by nothing"


def test_it_is_tried_again_after_longer_and_longer(cup, unfit):
    delays = []
    for _ in range(14):
        refreshing.refresh(cup.pk)
        cup.refresh_from_db()
        delays.append(round((cup.rate_after - timezone.now()) / timedelta(minutes=1)))
        assert sweeping.left_behind()[1] == []
        later(minutes=delays[-1] + 1)
        assert sweeping.left_behind()[1] == [cup.pk]

    assert delays == [*(2**n for n in range(11)), 1024, 1024, 1024]
    assert len(unfit) == 14


def test_a_new_verdict_is_tried_at_once_and_success_forgets_the_failure(cup, unfit, monkeypatch):
    refreshing.refresh(cup.pk)
    rule_anew(cup)
    assert sweeping.left_behind()[1] == [cup.pk]
    monkeypatch.undo()

    refreshing.refresh(cup.pk)

    cup.refresh_from_db()
    assert (cup.rating_failures, cup.rating_fault, cup.rate_after) == (0, "", None)
    assert newest(cup) is not None
    assert sweeping.left_behind() == ([], [])


def test_news_of_a_finished_bracket_is_rated_once_at_the_end():
    """What was ruled anew while others played is in the ratings of the end: no second fit."""
    lab = factories.project()
    factories.field(lab, prompts=2)
    cup = started(lab)
    first, _ = cup.brackets.order_by("pk")
    for decision in Decision.objects.filter(matches__bracket=first):
        decide(decision)
    advancing.advance(cup.pk)
    rule_anew(cup)

    advancing.advance(cup.pk)

    assert not News.objects.exists()
    cup = play_out(cup)
    refreshing.refresh(cup.pk)
    cup.refresh_from_db()
    assert (cup.changes, cup.rated_changes) == (1, 1)
