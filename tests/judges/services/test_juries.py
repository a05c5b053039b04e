"""Fitting juries, and ruling anew by the fit."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from arena.common.errors import InvalidInput
from judges.contracts import Order
from judges.models import Decision, Judgment, JuryFit
from judges.services import decisions, juries, leases
from judges.services.panels import bench_of, fit_is_due, hear, next_fit_at
from judges.signals import comparison_decided
from tests import factories
from tournaments.models import Tournament
from tournaments.services import advancing, lifecycle

pytestmark = pytest.mark.django_db

MEMBERS = ["sharp", "second", "x", "y"]


@pytest.fixture
def lab():
    lab = factories.project()
    factories.field(lab, prompts=30, competitors=["ann", "ben"])
    return lab


@pytest.fixture
def compared(lab):
    return factories.all_comparisons(lab)


def record(judge, compared, winner, order="ab", **more):
    return Judgment.objects.create(
        judge=judge, comparison=compared, order=order, winner=winner, **more
    )


def quarrelling(lab, compared, **params):
    """Two that always know (a), and two that say b every third time, so that votes are split."""
    for name in MEMBERS:
        judge = factories.judge(lab, "recorded", name, judge=name)
        for number, comparison in enumerate(compared):
            contrary = name in ("x", "y") and number % 3 == 0
            record(judge, comparison, "b" if contrary else "a")
    return factories.judge(lab, "jury", "jury", members=MEMBERS, **params)


def label(lab, compared, winner="a", name="people"):
    judge = factories.judge(lab, "recorded", name, judge=name)
    for comparison in compared:
        record(judge, comparison, winner, details={"judge_kind": "human"})


def ask(jury, compared):
    decisions.ask(jury, [comparison.pk for comparison in compared])
    return Decision.objects.filter(judge=jury)


def test_a_fit_is_due_at_25_and_then_at_twice_as_many():
    assert [next_fit_at(n) for n in (0, 24, 25, 49, 50, 399, 400)] == [
        25,
        25,
        50,
        50,
        100,
        400,
        800,
    ]


def test_a_jury_is_fitted_when_due_and_its_verdicts_are_made_anew(lab, compared):
    jury = quarrelling(lab, compared, aggregation="stacking")
    label(lab, compared)
    mine = ask(jury, compared[:20])
    assert set(mine.values_list("winner", flat=True)) == {"a", "tie"}
    assert "no fit" in mine.first().note
    juries.refit_when_due(jury.pk)
    assert not JuryFit.objects.exists()

    ask(jury, compared[20:])
    juries.refit_when_due(jury.pk)
    fit = JuryFit.objects.get()

    assert (fit.state, fit.decided, fit.n_ballots, fit.n_labels) == (None, 30, 30, 30)
    assert "50 comparisons" in fit.note
    assert set(mine.values_list("winner", flat=True)) == {"a", "tie"}
    assert not fit_is_due(jury)


def test_rulings_by_a_fit_name_it_and_only_changed_verdicts_are_news(lab, compared):
    jury = quarrelling(
        lab, compared, aggregation="stacking", aggregation_params={"least_labels": 20}
    )
    label(lab, compared)
    mine = ask(jury, compared)
    split = set(mine.filter(winner="tie").values_list("pk", flat=True))
    news = []

    def tell(decision_ids, **_):
        news.extend(decision_ids)

    comparison_decided.connect(tell)
    try:
        fit = juries.refit(jury)
    finally:
        comparison_decided.disconnect(tell)

    assert set(mine.values_list("winner", flat=True)) == {"a"}
    assert set(news) == split
    assert len(split) == 10
    assert all(f"by fit {fit.pk} (stacking, 30 comparisons)" in row.note for row in mine)
    assert all(row.share > 0.5 for row in mine)
    assert fit.held_out["n"] == 30
    assert fit.held_out["best_member_kappa"] >= fit.held_out["plurality"]


def test_the_same_ballots_make_no_second_fit_and_change_nothing(lab, compared):
    jury = quarrelling(lab, compared)
    mine = ask(jury, compared)
    first = juries.refit(jury)
    before = list(mine.order_by("pk").values())

    assert juries.refit(jury) == first
    assert list(mine.order_by("pk").values()) == before


def test_the_sweep_ends_what_a_crash_in_a_refit_left(lab, compared, monkeypatch):
    jury = quarrelling(
        lab, compared, aggregation="stacking", aggregation_params={"least_labels": 20}
    )
    label(lab, compared)
    mine = ask(jury, compared)
    with monkeypatch.context() as crash:
        crash.setattr(juries, "_rule_anew", lambda _: None)
        fit = juries.refit(jury)
    assert mine.filter(winner="tie").count() == 10

    leases.sweep()

    assert set(mine.values_list("winner", flat=True)) == {"a"}
    assert mine.filter(note__contains=f"by {fit}").count() == 30
    before = list(mine.order_by("pk").values())
    leases.sweep()
    assert list(mine.order_by("pk").values()) == before


def test_refitting_asks_nobody(lab, compared):
    jury = quarrelling(lab, compared, sequential=True, certainty=1.0)
    factories.stub_judge(lab, "http://127.0.0.1:9/v1", "llm")
    ask(jury, compared)
    asked = Decision.objects.count()

    juries.refit(jury)

    assert Decision.objects.count() == asked
    assert not Decision.objects.exclude(status__in=("decided", "undecided")).exists()


def test_a_jury_of_people_is_not_fitted_to_its_own_members(lab, compared):
    people = factories.judge(lab, "human", "people")
    other = factories.judge(lab, "recorded", "gpt", judge="gpt")
    crowd = factories.judge(lab, "recorded", "crowd", judge="crowd")
    for comparison in compared:
        record(people, comparison, "a")
        record(other, comparison, "a")
        record(crowd, comparison, "b", details={"judge_kind": "human"})
    jury = factories.judge(lab, "jury", "jury", members=["people", "gpt", "crowd"])
    decisions.ask(jury, [comparison.pk for comparison in compared])
    Decision.objects.filter(judge=people).update(status="decided", winner="a")

    assert juries.refit(jury).n_labels == 0


@pytest.mark.parametrize("seat", ["members", "stand_ins", "escalate_to"])
def test_who_sits_in_a_jury_of_the_jury_gives_no_labels(lab, compared, seat):
    factories.judge(lab, "human", "people")
    for name in ("gpt", "other"):
        judge = factories.judge(lab, "recorded", name, judge=name)
        for comparison in compared:
            record(judge, comparison, "a")
    for comparison in compared:
        record(lab.judges.get(name="people"), comparison, "a")
    seats = {"members": ["gpt"], "quorum": 1}
    seats[seat] = [*seats.get(seat, []), "people"]
    factories.judge(lab, "jury", "inner", **seats)
    factories.judge(lab, "jury", "middle", members=["inner", "gpt"])
    outer = factories.judge(lab, "jury", "outer", members=["middle", "other"])
    decisions.ask(outer, [comparison.pk for comparison in compared])
    Decision.objects.update(status="decided", winner="a")

    fit = juries.refit(outer)

    assert (fit.n_ballots, fit.n_labels) == (30, 0)


def test_those_to_whom_the_jury_itself_escalates_do_give_labels(lab, compared):
    label(lab, compared)
    jury = quarrelling(lab, compared, escalate_to=["people"], aggregation="stacking")
    ask(jury, compared)

    assert juries.refit(jury).n_labels == 30


def test_judgments_that_were_shown_in_no_order_have_no_pull(lab, compared):
    judge = factories.judge(lab, "recorded", "m", judge="m")
    jury = factories.judge(lab, "jury", "jury", members=["m"], aggregation="discrimination")
    record(judge, compared[0], "a", Order.UNKNOWN)
    ask(jury, compared[:1])

    assert hear(bench_of(jury), [compared[0].pk]).votes[compared[0].pk]["m"].shown == 0


def test_a_rule_that_learns_nothing_is_refused(lab, compared):
    jury = quarrelling(lab, compared, aggregation="plurality")

    with pytest.raises(InvalidInput, match="plurality learns nothing"):
        juries.refit(jury)
    with pytest.raises(InvalidInput, match="sharp is not a jury"):
        juries.refit(lab.judges.get(name="sharp"))


def test_a_fit_is_never_changed(lab, compared):
    jury = quarrelling(lab, compared)
    ask(jury, compared)
    fit = juries.refit(jury)

    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        JuryFit.objects.filter(pk=fit.pk).update(note="better")


def test_votes_carry_margin_consistency_and_what_was_shown_first(lab, compared):
    judge = factories.judge(lab, "recorded", "m", judge="m")
    factories.judge(lab, "recorded", "alias", judge="m")
    jury = factories.judge(lab, "jury", "jury", members=["m", "alias"])
    both, one, soft, graded = compared[:4]
    record(judge, both, "a", "ab", score_a=9, score_b=5)
    record(judge, both, "a", "ba", score_a=7, score_b=6)
    record(judge, one, "b", "ba")
    record(judge, soft, "a", "ab", probability=0.75)
    record(judge, graded, "b", "unknown", strength=2)
    ask(jury, compared[:4])

    votes = hear(bench_of(jury), [row.pk for row in compared[:4]]).votes

    def details(comparison, name):
        vote = votes[comparison.pk][name]
        return vote.winner, vote.margin, vote.consistent, vote.shown

    assert details(both, "m") == ("a", 2.5, True, 0.0)
    assert details(one, "m") == ("b", None, None, -1.0)
    assert details(soft, "alias") == ("a", 0.5, None, 1.0)
    assert details(graded, "m") == ("b", -2.0, None, 0.0)


def test_a_ballot_knows_who_was_compared(lab, compared):
    jury = quarrelling(lab, compared, aggregation="discrimination")
    ask(jury, compared)

    fit = juries.refit(jury)

    assert fit.method == "discrimination"
    assert set(fit.state["voters"]) == set(MEMBERS)


def test_a_running_knock_out_goes_on_though_a_game_that_it_went_on_from_is_ruled_anew(lab):
    for name in ("cat", "dan"):
        who = lab.competitors.create(name=name)
        for prompt in lab.prompts.all():
            prompt.outputs.create(competitor=who, turns=["Answer."])
    jury = quarrelling(lab, factories.all_comparisons(lab), aggregation="stacking",
                       aggregation_params={"least_labels": 20})  # fmt: skip
    cup = factories.tournament(lab, jury, "single_elimination")
    lifecycle.start(cup)
    advancing.advance(cup.pk)
    label(lab, factories.all_comparisons(lab))
    before = set(cup.matches.values_list("pk", flat=True))

    ties = cup.matches.filter(decision__winner="tie").count()
    assert ties

    juries.refit(jury)
    # As if it were still running: every bracket asks its format again.
    Tournament.objects.filter(pk=cup.pk).update(status="running")
    cup.brackets.update(dirty=True, finished=False)
    advancing.advance(cup.pk)

    cup.refresh_from_db()
    assert cup.status == "completed"
    assert cup.matches.filter(decision__winner="tie").count() < ties
    assert set(cup.matches.values_list("pk", flat=True)) == before
    assert len(before) == 30 * 3
