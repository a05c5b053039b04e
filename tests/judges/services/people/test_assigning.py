from datetime import timedelta
from threading import Event
from time import sleep

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.utils import timezone

from arena.common.errors import Conflict
from judges.contracts import Preference
from judges.models import Assignment, Campaign, Decision, GoldQuestion, Judgment, Participant
from judges.services import decisions
from judges.services.people import (
    answering,
    asking,
    assigning,
    gold_editing,
    participants,
    places,
)
from judges.services.people.said import Said
from tests import factories
from tests.threads import Another, all_at_once, until_somebody_waits_for_a_lock

pytestmark = pytest.mark.django_db


def lab_with(raters=1, prompts=3):
    lab = factories.project()
    factories.field(lab, prompts=prompts, competitors=["ann", "ben"])
    judge = factories.judge(lab, "human", "people", raters=raters)
    decisions.ask(judge, [c.pk for c in factories.all_comparisons(lab)])
    return lab


def rater(name="rita"):
    user = get_user_model().objects.create_user(name)
    return participants.member(user, Campaign.objects.get())


def given(participant):
    found = assigning.next_assignments(participant)
    return found[0] if found else None


def vote(assignment, preference, comment=""):
    answering.answer(assignment, Said(preference, comment=comment))


def test_what_is_held_is_given_back_first():
    _, rita = lab_with(), rater()

    first = given(rita)

    assert given(rita) == first


def test_nobody_else_gets_what_is_held():
    lab_with(prompts=2)
    got = [given(rater(name)) for name in ("a", "b", "c")]

    assert got[2] is None
    assert got[0].decision != got[1].decision


@pytest.mark.parametrize(
    ("order", "preference", "winner"),
    [("ab", "first", "a"), ("ba", "first", "b"), ("ba", "second", "a"), ("ba", "tie", "tie"),
     ("ab", "both_bad", "both_bad")],
)  # fmt: skip
def test_a_vote_is_recorded_in_terms_of_a_and_b_and_decides(order, preference, winner):
    _, rita = lab_with(), rater()
    assignment = given(rita)
    Assignment.objects.update(order=order)
    assignment.refresh_from_db()

    vote(assignment, Preference(preference), "because")

    judgment = Judgment.objects.get()
    assert (judgment.winner, judgment.order, judgment.rater, judgment.reason) == (
        winner, order, rita.user, "because",
    )  # fmt: skip
    assert Decision.objects.get(pk=assignment.decision_id).winner == winner


def test_a_second_vote_is_a_conflict_and_leaves_the_first():
    _, rita = lab_with(), rater()
    assignment = given(rita)
    vote(assignment, Preference.FIRST)

    with pytest.raises(Conflict):
        vote(assignment, Preference.SECOND)

    assert Judgment.objects.count() == 1


def test_with_three_raters_two_votes_do_not_decide():
    lab_with(raters=3, prompts=1)
    for name, preference in (("a", "tie"), ("b", "both_bad")):
        vote(given(rater(name)), Preference(preference))
    assert Decision.objects.get().status == "waiting"

    vote(given(rater("c")), Preference.TIE)

    assert Decision.objects.get().winner == "tie"
    assert sorted(Judgment.objects.values_list("rater__username", flat=True)) == ["a", "b", "c"]


def test_a_rater_never_sees_a_comparison_twice():
    _, rita = lab_with(raters=2, prompts=2), rater()
    for _ in range(2):
        vote(given(rita), Preference.FIRST)

    assert given(rita) is None
    assert places.waiting_for(rita).count() == 0


def test_a_skipped_comparison_goes_to_somebody_else():
    _, rita = lab_with(prompts=1), rater()
    answering.skip(given(rita))

    assert given(rita) is None
    assert given(rater("b")) is not None


def test_an_expired_assignment_goes_to_somebody_else_and_a_late_vote_is_kept():
    _, rita = lab_with(prompts=1), rater()
    late = given(rita)
    Assignment.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    vote(given(rater("b")), Preference.FIRST)
    decided = Decision.objects.get().winner

    vote(late, Preference.TIE)

    assert Judgment.objects.count() == 2
    assert Decision.objects.get().winner == decided


@pytest.mark.stack
@pytest.mark.django_db(transaction=True)
def test_many_raters_at_once_never_collide():
    lab_with(prompts=40)

    def work(user):
        while (assignment := given(user)) is not None:
            vote(assignment, Preference.FIRST)

    all_at_once(work, [rater(f"r{n}") for n in range(8)])

    assert Judgment.objects.count() == Decision.objects.filter(status="decided").count() == 40


# --- Screens: several decisions at once -----------------------------------------------------------


def ranked(raters=1, prompts=3, competitors=factories.NAMES[:4], **settings):
    lab = factories.project()
    factories.field(lab, prompts=prompts, competitors=competitors)
    judge = factories.judge(lab, "human", "people", raters=raters, page="ranking")
    decisions.ask(judge, [c.pk for c in factories.all_comparisons(lab)])
    Campaign.objects.update(**settings)
    return lab


def outputs_of(assignments):
    compared = [row.decision.comparison for row in assignments]
    return {output for one in compared for output in (one.output_a_id, one.output_b_id)}


def test_all_answers_to_a_prompt_come_together_in_one_order():
    ranked()
    found = assigning.next_assignments(rater(), 2)

    screens = assigning.screens(found)
    assert [len(screen) for screen in screens] == [6, 6]
    for screen in screens:
        assert len({row.decision.comparison.prompt_id for row in screen}) == 1
        above = {
            (c.output_a_id, c.output_b_id) if row.order == "ab" else (c.output_b_id, c.output_a_id)
            for row in screen
            for c in [row.decision.comparison]
        }
        firsts = [sum(one == output for one, _ in above) for output in outputs_of(screen)]
        assert sorted(firsts) == [0, 1, 2, 3], "the orders of pairs are those of one order of all"
    assert {row.shown_at is None for row in screens[0]} == {False}
    assert {row.shown_at is None for row in screens[1]} == {True}


def test_a_screen_that_is_held_is_given_back_whole():
    ranked()
    rita = rater()
    found = assigning.next_assignments(rita, 2)

    again = assigning.next_assignments(rita, 2)

    assert [[row.pk for row in screen] for screen in assigning.screens(again)] == [
        [row.pk for row in screen] for screen in assigning.screens(found)
    ]


def test_what_others_hold_is_not_on_a_screen():
    lab = ranked(prompts=1)
    first, second = Decision.objects.order_by("pk")[:2]
    Decision.objects.exclude(pk__in=[first.pk, second.pk]).update(status="open")
    held = assigning.next_assignments(rater("a"))
    Decision.objects.update(status="waiting")

    rest = assigning.next_assignments(rater("b"), 9)

    assert len(held) == 1
    assert not held[0].screen
    assert {row.decision_id for row in rest}.isdisjoint({row.decision_id for row in held})
    assert len(rest) == 5
    assert lab.prompts.count() == 1


def test_each_comparison_gets_as_many_raters_as_it_needs():
    ranked(raters=2, prompts=1)

    given_to = [len(assigning.next_assignments(rater(name))) for name in "abc"]

    assert given_to == [6, 6, 0]


def test_a_screen_is_no_larger_than_what_the_quota_leaves():
    ranked(prompts=2, quota=5)
    rita = rater()

    found = assigning.next_assignments(rita, 9)

    assert [len(screen) for screen in assigning.screens(found)] == [3, 1, 1]
    assert len(found) == 5


def test_answers_in_a_language_that_the_rater_does_not_read_are_not_put_in_order():
    lab = ranked(prompts=2)
    lab.prompts.filter(key="p0").update(language="fi")
    lab.prompts.filter(key="p1").update(language="de")
    rita = rater()
    rita.languages = ["de"]
    rita.save()

    found = assigning.next_assignments(rita, 9)

    assert {row.decision.comparison.prompt.key for row in found} == {"p1"}


def test_a_large_field_is_shown_in_parts():
    ranked(prompts=1, competitors=[f"c{n}" for n in range(10)])

    found = assigning.next_assignments(rater(), 99)

    assert len(found) == len({row.decision_id for row in found}) == 45
    assert max(len(outputs_of(screen)) for screen in assigning.screens(found)) == 8


@pytest.mark.stack
@pytest.mark.django_db(transaction=True)
def test_many_who_put_in_order_at_once_never_collide():
    ranked(raters=2, prompts=6)

    def work(user):
        while found := assigning.next_assignments(user, 2):
            screen = assigning.screens(found)[0]
            said = [Said(Preference.FIRST) for _ in screen]
            answering.answer_screen(screen, said)

    all_at_once(work, [rater(f"r{n}") for n in range(6)])

    assert Judgment.objects.count() == 2 * 36
    assert Decision.objects.filter(status="decided").count() == 36
    assert Judgment.objects.values("comparison", "rater").distinct().count() == 72


def asked_nothing(prompts=2):
    """A campaign of which nothing is asked yet, and the comparisons that could be."""
    lab = factories.project()
    factories.field(lab, prompts=prompts, competitors=["ann", "ben"])
    campaign = factories.judge(lab, "human", "people", raters=1).campaign
    return campaign, factories.all_comparisons(lab)


def test_what_was_seen_in_the_warm_up_is_not_asked_again():
    campaign, (first, _) = asked_nothing()
    GoldQuestion.objects.create(campaign=campaign, comparison=first, expected="a", is_warm_up=True)
    rita = rater()
    vote(assigning.warm_up(rita), Preference.FIRST)

    decisions.ask(campaign.judge, [first.pk])

    assert given(rita) is None


def test_what_was_judged_does_not_come_back_as_gold():
    campaign, (first, second) = asked_nothing()
    decisions.ask(campaign.judge, [first.pk])
    rita = rater()
    vote(given(rita), Preference.FIRST)

    GoldQuestion.objects.create(campaign=campaign, comparison=first, expected="a")
    decisions.ask(campaign.judge, [second.pk])

    assert list(assigning.gold_left(rita)) == []


def test_an_expired_lease_does_not_come_back_when_its_place_is_taken():
    campaign, (first, _) = asked_nothing()
    decisions.ask(campaign.judge, [first.pk])
    rita, raul = rater("rita"), rater("raul")
    given(rita)
    Assignment.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    assert given(raul) is not None
    assert given(rita) is None


def test_an_expired_lease_is_renewed_while_its_place_is_free():
    campaign, (first, _) = asked_nothing()
    decisions.ask(campaign.judge, [first.pk])
    rita, raul = rater("rita"), rater("raul")
    held = given(rita)
    Assignment.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    assert given(rita) == held
    assert given(raul) is None


def test_what_was_skipped_is_not_taken_back_over_the_places():
    campaign, (first, _) = asked_nothing()
    decisions.ask(campaign.judge, [first.pk])
    rita, raul = rater("rita"), rater("raul")
    answering.skip(given(rita))
    given(raul)

    answering.take_back(rita)

    assert given(rita) is None


def test_who_was_stopped_meanwhile_is_given_nothing():
    campaign, (first, _) = asked_nothing()
    decisions.ask(campaign.judge, [first.pk])
    rita = rater()
    Participant.objects.update(stopped_at=timezone.now())

    assert given(rita) is None


def test_a_tournament_raises_what_was_only_selected():
    campaign, (first, second) = asked_nothing()
    asking.ask_about(campaign, [first.pk], priorities={first.pk: 0.1})
    asking.ask_about(campaign, [first.pk], priorities={first.pk: 0.9})
    assert Decision.objects.get().priority == pytest.approx(0.1)

    decisions.ask(campaign.judge, [first.pk, second.pk])

    assert all(row.priority > 1 for row in Decision.objects.all())


def test_every_prompt_is_served_once_before_any_is_served_twice():
    lab = factories.project()
    factories.field(lab, prompts=6, competitors=["ann", "ben", "cat"])
    judge = factories.judge(lab, "human", "people")
    decisions.ask(judge, [c.pk for c in factories.all_comparisons(lab)])

    in_order = Decision.objects.order_by("-priority").values_list("comparison__prompt", flat=True)

    assert len(set(in_order[:6])) == 6


def test_live_battles_hand_out_no_pairs():
    lab_with()
    rita = rater()
    rita.campaign.is_live = True

    assert assigning.next_assignments(rita) == []


def warm_up_question():
    lab_with()
    campaign = Campaign.objects.get()
    compared = Decision.objects.latest("pk").comparison
    Decision.objects.filter(comparison=compared).delete()
    GoldQuestion.objects.create(
        campaign=campaign, comparison=compared, expected="a", is_warm_up=True
    )


def test_a_question_of_the_warm_up_that_was_skipped_comes_back():
    warm_up_question()
    rita = rater()
    answering.skip(assigning.warm_up(rita))

    again = assigning.warm_up(rita)
    vote(again, Preference.FIRST)

    assert assigning.warm_up(rita) is None


@pytest.mark.skipif(connection.vendor == "sqlite", reason="one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_two_tabs_get_the_same_question_of_the_warm_up():
    warm_up_question()
    rita = rater()
    with transaction.atomic():
        mine = assigning.warm_up(rita)
        thread = Another(lambda: assigning.warm_up(rita))
        until_somebody_waits_for_a_lock()

    assert thread.finish() == mine


@pytest.mark.skipif(connection.vendor == "sqlite", reason="one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_an_upload_of_gold_keeps_no_rater_waiting():
    lab_with()
    rita = rater()

    with transaction.atomic():
        gold_editing.import_gold(Campaign.objects.get(), [], by=None)
        assert Another(lambda: assigning.next_assignments(rita)).finish()


@pytest.mark.skipif(connection.vendor == "sqlite", reason="one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_who_finds_all_that_is_left_locked_for_a_moment_is_given_it_after(monkeypatch):
    lab_with(prompts=1)
    rita, held = rater(), Event()

    def sweep():
        with transaction.atomic():
            Decision.objects.select_for_update().get()
            held.set()
            sleep(0.1)

    monkeypatch.setattr(places, "PAUSES", (5.0,))
    monkeypatch.setattr(places, "sleep", lambda _: thread.join())
    thread = Another(sweep)
    held.wait()

    assert given(rita) is not None


@pytest.mark.skipif(connection.vendor == "sqlite", reason="one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_a_page_does_not_wait_for_an_answer_that_is_being_recorded():
    """It holds comparisons; whoever records holds answers, and waits for comparisons."""
    lab_with(prompts=2)
    rita = rater()
    first, second = assigning.next_assignments(rita, 2)
    screen = [first, second]
    Assignment.objects.filter(pk=first.pk).update(answered_at=timezone.now())
    with transaction.atomic():
        Assignment.objects.select_for_update().get(pk=first.pk)
        thread = Another(lambda: assigning._show(screen, timezone.now()))
        thread.join(5)
        assert not thread.is_alive()
