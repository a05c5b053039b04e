"""Ratings follow their verdicts, also after the end."""

import pytest

from judges.models import Decision, Judgment
from judges.services.settling import settle_again
from tests import factories
from tests.tournaments.views.worlds import play_out, started
from tournaments.models import RatingRun
from tournaments.services import refreshing, sweeping

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
    """Two more raters overrule the first verdict."""
    decision = Decision.objects.filter(matches__tournament=cup).order_by("pk").first()
    for sample in (1, 2):
        Judgment.objects.create(
            judge=decision.judge, comparison=decision.comparison, order="ab", winner="a",
            sample=sample,
        )  # fmt: skip
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
