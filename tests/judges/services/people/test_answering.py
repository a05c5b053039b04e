"""Answers are provisional for a moment; then they are judgments."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from arena.common.errors import Conflict
from arena.models import Membership, Role
from judges.contracts import Preference
from judges.models import (
    Assignment,
    Campaign,
    Decision,
    GoldQuestion,
    Judgment,
    Participant,
)
from judges.services import decisions
from judges.services.people import answering, assigning, gold, participants, recording
from judges.services.people.said import Said, said_in
from judges.services.settling import settle_again
from tests import factories
from tests.raters import user, verdict, vote
from tests.threads import Another, until_somebody_waits_for_a_lock

pytestmark = pytest.mark.django_db


@pytest.fixture
def many():
    lab = factories.project()
    factories.field(lab, prompts=4, competitors=["ann", "ben"])
    judge = factories.judge(lab, "human", "people", raters=1)
    decisions.ask(judge, [c.pk for c in factories.all_comparisons(lab)])
    return Campaign.objects.get()


@pytest.fixture
def rita(many, settings):
    settings.UNDO_SECONDS = 30
    return participants.member(_rater_of(many), many)


def _rater_of(campaign, name="rita"):
    rater = user(name)
    Membership.objects.create(project=campaign.judge.project, user=rater, role=Role.RATER)
    return rater


def given(participant):
    return assigning.next_assignments(participant)[0]


def answered(participant, preference=Preference.FIRST, **more):
    assignment = given(participant)
    answering.answer(assignment, Said(preference, **more))
    return assignment


def test_an_answer_waits_for_the_next_one(rita):
    first = answered(rita)
    recording.record_due()
    assert Judgment.objects.count() == 0

    answered(rita)
    recording.record_due()

    assert Judgment.objects.get().comparison_id == first.comparison_id
    assert Assignment.objects.filter(recorded_at__isnull=False).count() == 1


def test_what_was_said_before_an_answer_that_is_taken_back_is_final_no_more(rita):
    first, second = answered(rita), answered(rita)
    assert answering.undo(rita) == second
    recording.record_due()
    assert Judgment.objects.count() == 0

    assert answering.undo(rita) == first


def test_the_answers_of_many_raters_are_recorded_together(campaign, settings):
    settings.UNDO_SECONDS = 30
    for name, said in (("x", "first"), ("y", "second"), ("z", "first")):
        rater = participants.member(_rater_of(campaign, name), campaign)
        answering.answer(given(rater), Said(Preference(said)))
    Assignment.objects.update(answered_at=timezone.now() - timedelta(seconds=31))

    recording.record_due()

    rows = Judgment.objects.order_by("pk")
    assert {row.rater.username for row in rows} == {"x", "y", "z"}
    assert [row.sample for row in rows] == [0, 1, 2]
    assert verdict()[0] == "decided"


def test_a_skip_does_not_record_what_was_answered_before(rita):
    answered(rita)
    answering.skip(given(rita))
    recording.record_due()

    assert Judgment.objects.count() == 0


def test_what_nobody_can_take_back_any_more_is_recorded(rita):
    old, new = answered(rita), None
    Assignment.objects.filter(pk=old.pk).update(answered_at=timezone.now() - timedelta(seconds=31))
    recording.record_due()
    recording.record_due()
    new = answered(rita)
    recording.record_due()

    assert [row.comparison_id for row in Judgment.objects.all()] == [old.comparison_id]
    assert new.comparison_id != old.comparison_id


def test_finishing_records_all(rita):
    answered(rita)

    recording.finish(rita)

    assert Judgment.objects.count() == 1
    assert Decision.objects.filter(status="decided").count() == 1


def test_undo_goes_back_through_skips_to_the_last_answer(rita):
    first = answered(rita)
    second = given(rita)
    answering.skip(second)

    assert answering.undo(rita) == second
    assert answering.undo(rita) == first
    with pytest.raises(Conflict):
        answering.undo(rita)
    assert assigning.held_by(rita) == [first, second]
    assert assigning.held_by(rita)[0].answer is None


def test_a_recorded_answer_is_not_taken_back(rita):
    answered(rita)
    recording.finish(rita)

    with pytest.raises(Conflict):
        answering.undo(rita)
    assert answering.undoable(rita) is None
    assert Judgment.objects.count() == 1


def test_a_skip_is_taken_back_by_undo_for_a_moment_only(rita):
    answering.skip(given(rita))
    assert answering.undoable(rita) is not None

    Assignment.objects.update(skipped_at=timezone.now() - timedelta(seconds=31))

    assert answering.undoable(rita) is None
    assert answering.take_back(rita) == 1


def test_what_others_decided_is_not_taken_back(rita):
    skipped = given(rita)
    answering.skip(skipped)
    Decision.objects.filter(pk=skipped.decision_id).update(
        status="decided", winner="a", settled_at=timezone.now()
    )

    assert answering.take_back(rita) == 0
    assert answering.undoable(rita) is None


def test_the_same_answer_again_changes_nothing(rita):
    said = Said(Preference.TIE, strength=None, reasons=("x",), criteria={"k": Preference.FIRST})
    assignment = given(rita)
    answering.answer(assignment, said)
    moment = Assignment.objects.get(pk=assignment.pk).answered_at

    answering.answer(assignment, said)

    assert Assignment.objects.get(pk=assignment.pk).answered_at == moment
    with pytest.raises(Conflict):
        answering.answer(assignment, Said(Preference.TIE))


def test_a_repeat_after_the_judgment_was_made_is_no_fault_either(rita):
    assignment = answered(rita)
    recording.finish(rita)

    answering.answer(assignment, Said(Preference.FIRST))

    assert Judgment.objects.count() == 1


def test_a_skip_sent_twice_is_one_and_an_answer_after_it_is_refused(rita):
    assignment = given(rita)
    answering.skip(assignment)
    answering.skip(assignment)

    with pytest.raises(Conflict):
        answering.answer(assignment, Said(Preference.FIRST))


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_all_that_was_said_is_kept_in_terms_of_a_and_b(rita, order):
    assignment = given(rita)
    Assignment.objects.update(order=order, shown_at=timezone.now() - timedelta(seconds=8))
    said = Said(
        Preference.SECOND, strength=2, reasons=("Clearer",), comment="because",
        criteria={"style": Preference.FIRST, "truth": Preference.TIE}, scores=(2.0, 4.0),
    )  # fmt: skip

    answering.answer(assignment, said)
    assignment.refresh_from_db()
    assert said_in(assignment) == said
    recording.finish(rita)

    judgment = Judgment.objects.get()
    first, second = ("a", "b") if order == "ab" else ("b", "a")
    assert (judgment.winner, judgment.strength, judgment.reason) == (second, 2, "because")
    assert (judgment.score_a, judgment.score_b) == ((2.0, 4.0) if order == "ab" else (4.0, 2.0))
    assert judgment.details["criteria"] == {"style": first, "truth": "tie"}
    assert judgment.details["reasons"] == ["Clearer"]
    assert 8 <= judgment.details["seconds"] < 60


def test_gold_makes_no_judgment_and_a_warm_up_is_not_undone(rita, many):
    comparison = Decision.objects.latest("pk").comparison
    Decision.objects.filter(comparison=comparison).delete()
    GoldQuestion.objects.create(campaign=many, comparison=comparison, expected="a", is_warm_up=True)

    answering.answer(assigning.warm_up(rita), Said(Preference.FIRST))

    assert answering.undoable(rita) is None
    assert Judgment.objects.count() == 0
    assert Assignment.objects.get().recorded_at is not None


def test_who_has_judged_it_otherwise_makes_no_second_judgment(rita):
    row = answered(rita)
    Judgment.objects.create(
        judge=row.decision.judge, comparison_id=row.comparison_id, order="ab", winner="tie",
        rater=rita.user,
    )  # fmt: skip

    recording.finish(rita)

    assert Judgment.objects.get().winner == "tie"
    assert Assignment.objects.get().recorded_at is not None


def spied(work, looked_at):
    def spy(pks):
        looked_at.append(pks)
        work(pks)

    return spy


def test_one_answer_that_cannot_be_recorded_stops_no_other(rita, many, caplog, monkeypatch):
    many.judge.project.memberships.create(user=user("raul"), role="rater")
    broken, whole = answered(rita), answered(participants.member(user("raul"), many))
    long_ago = timezone.now() - timedelta(minutes=5)
    Assignment.objects.update(answered_at=long_ago)
    Assignment.objects.filter(pk=broken.pk).update(answer={"preference": "unheard of"})

    looked_at = []
    monkeypatch.setattr(recording, "_record_pairs", spied(recording._record_pairs, looked_at))
    recording.record_due()

    assert looked_at == [[broken.pk, whole.pk], [broken.pk], [whole.pk]]
    assert Judgment.objects.get().rater_id == whole.rater_id
    assert f"assignment {broken.pk}" in caplog.text
    assert Assignment.objects.get(pk=broken.pk).recorded_at is None


def test_an_answer_after_the_verdict_does_not_change_it_when_it_is_ruled_anew(campaign, settings):
    settings.UNDO_SECONDS = 0
    late = participants.member(user("late"), campaign)
    held = assigning.next_assignments(late)[0]
    Assignment.objects.update(lease_until=timezone.now() - timedelta(hours=1))
    for name, winner in (("x", "a"), ("y", "b"), ("z", "a")):
        vote(campaign, name, winner)
    answering.answer(held, Said(Preference.FIRST if held.order == "ba" else Preference.SECOND))
    assert Judgment.objects.count() == 4

    settle_again([held.decision_id])

    assert verdict() == ("decided", "a")


@pytest.fixture
def strict(many, rita):
    """A campaign that stops whoever misses one gold question, which this rater holds."""
    compared = Decision.objects.latest("pk").comparison
    Decision.objects.filter(comparison=compared).delete()
    Campaign.objects.update(gold_policy="stop", gold_least=1, gold_share=1.0)
    question = GoldQuestion.objects.create(campaign=many, comparison=compared, expected="a")
    return Assignment.objects.create(
        campaign=many, gold=question, rater=rita.user, order="ab",
        lease_until=timezone.now() + timedelta(hours=1), shown_at=timezone.now(),
    )  # fmt: skip


def test_gold_that_was_skipped_counts_as_answered_otherwise(rita, strict):
    answering.skip(strict)
    recording.record_due()
    assert gold.score(rita).answered == 0

    Assignment.objects.update(skipped_at=timezone.now() - timedelta(minutes=5))
    recording.record_due()

    assert gold.score(rita) == gold.GoldScore(1, 0)
    rita.refresh_from_db()
    assert rita.stopped_at is not None
    assert Judgment.objects.count() == 0


def test_gold_that_was_skipped_can_be_taken_back_and_answered(rita, strict):
    answering.skip(strict)
    recording.finish(rita)

    assert answering.take_back(rita) == 1
    assert gold.score(rita).answered == 0
    answering.answer(strict, Said(Preference.FIRST))

    assert gold.score(rita) == gold.GoldScore(1, 1)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_recording_waits_for_the_rater_and_holds_nothing_meanwhile(rita, strict):
    """In another order it and handing out would wait for each other for ever."""
    answering.answer(strict, Said(Preference.SECOND))
    with transaction.atomic():
        Participant.objects.select_for_update().get(pk=rita.pk)
        thread = Another(lambda: recording.finish(rita))
        until_somebody_waits_for_a_lock()
        Assignment.objects.select_for_update(nowait=True).get(pk=strict.pk)
    thread.finish()

    rita.refresh_from_db()
    assert rita.stopped_at is not None
