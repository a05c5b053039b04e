import threading
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from arena.common.errors import Conflict
from judges.contracts import Preference
from judges.models import Assignment, Campaign, Decision, Judgment
from judges.services import decisions
from judges.services.people import answering, assigning, participants
from tests import factories

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
    answering.answer(assignment, answering.Said(preference, comment=comment))


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
    assert assigning.waiting_for(rita).count() == 0


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
    users = [rater(f"r{n}") for n in range(8)]
    errors = []

    def work(user):
        try:
            while (assignment := given(user)) is not None:
                vote(assignment, Preference.FIRST)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert errors == []
    assert Judgment.objects.count() == Decision.objects.filter(status="decided").count() == 40
