import threading
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from arena.common.errors import Conflict
from judges.contracts import Preference
from judges.models import Assignment, Decision, Judgment
from judges.services import decisions, people
from tests import factories

pytestmark = pytest.mark.django_db


def lab_with(raters=1, prompts=3):
    lab = factories.project()
    factories.field(lab, prompts=prompts, competitors=["ann", "ben"])
    judge = factories.judge(lab, "human", "people", raters=raters)
    decisions.ask(judge, [c.pk for c in factories.all_comparisons(lab)])
    return lab


def rater(name="rita"):
    return get_user_model().objects.create_user(name)


def test_what_is_held_is_given_back_first():
    lab, rita = lab_with(), rater()

    first = people.next_assignment(rita, lab)

    assert people.next_assignment(rita, lab) == first


def test_nobody_else_gets_what_is_held():
    lab = lab_with(prompts=2)
    got = [people.next_assignment(rater(name), lab) for name in ("a", "b", "c")]

    assert got[2] is None
    assert got[0].decision != got[1].decision


@pytest.mark.parametrize(
    ("order", "preference", "winner"),
    [("ab", "first", "a"), ("ba", "first", "b"), ("ba", "second", "a"), ("ba", "tie", "tie"),
     ("ab", "both_bad", "both_bad")],
)  # fmt: skip
def test_a_vote_is_recorded_in_terms_of_a_and_b_and_decides(order, preference, winner):
    lab, rita = lab_with(), rater()
    assignment = people.next_assignment(rita, lab)
    Assignment.objects.update(order=order)
    assignment.refresh_from_db()

    people.vote(assignment, Preference(preference), "because")

    judgment = Judgment.objects.get()
    assert (judgment.winner, judgment.order, judgment.rater, judgment.reason) == (
        winner, order, rita, "because",
    )  # fmt: skip
    assert Decision.objects.get(pk=assignment.decision_id).winner == winner


def test_a_second_vote_is_a_conflict_and_leaves_the_first():
    lab, rita = lab_with(), rater()
    assignment = people.next_assignment(rita, lab)
    people.vote(assignment, Preference.FIRST)

    with pytest.raises(Conflict):
        people.vote(assignment, Preference.SECOND)

    assert Judgment.objects.count() == 1


def test_with_three_raters_two_votes_do_not_decide():
    lab = lab_with(raters=3, prompts=1)
    for name, preference in (("a", "tie"), ("b", "both_bad")):
        people.vote(people.next_assignment(rater(name), lab), Preference(preference))
    assert Decision.objects.get().status == "waiting"

    people.vote(people.next_assignment(rater("c"), lab), Preference.TIE)

    assert Decision.objects.get().winner == "tie"
    assert sorted(Judgment.objects.values_list("rater__username", flat=True)) == ["a", "b", "c"]


def test_a_rater_never_sees_a_comparison_twice():
    lab, rita = lab_with(raters=2, prompts=2), rater()
    for _ in range(2):
        people.vote(people.next_assignment(rita, lab), Preference.FIRST)

    assert people.next_assignment(rita, lab) is None
    assert people.waiting_for(rita, lab).count() == 0


def test_a_skipped_comparison_goes_to_somebody_else():
    lab, rita = lab_with(prompts=1), rater()
    people.skip(people.next_assignment(rita, lab))

    assert people.next_assignment(rita, lab) is None
    assert people.next_assignment(rater("b"), lab) is not None


def test_an_expired_assignment_goes_to_somebody_else_and_a_late_vote_is_kept():
    lab, rita = lab_with(prompts=1), rater()
    late = people.next_assignment(rita, lab)
    Assignment.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    people.vote(people.next_assignment(rater("b"), lab), Preference.FIRST)
    decided = Decision.objects.get().winner

    people.vote(late, Preference.TIE)

    assert Judgment.objects.count() == 2
    assert Decision.objects.get().winner == decided


@pytest.mark.stack
@pytest.mark.django_db(transaction=True)
def test_many_raters_at_once_never_collide():
    lab = lab_with(prompts=40)
    users = [rater(f"r{n}") for n in range(8)]
    errors = []

    def work(user):
        try:
            while (assignment := people.next_assignment(user, lab)) is not None:
                people.vote(assignment, Preference.FIRST)
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
