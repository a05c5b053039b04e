"""From judgments on record to verdicts, juries and news."""

import pytest

from judges.contracts import Silence
from judges.models import Decision, DecisionStatus, Judgment
from judges.services import decisions
from judges.services.settling import settle
from judges.signals import comparison_decided
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    lab = factories.project()
    factories.field(lab, prompts=1, competitors=["ann", "ben"])
    return lab


@pytest.fixture
def compared(lab):
    return factories.all_comparisons(lab)[0]


def record(judge, compared, winner, order="ab", sample=0):
    return Judgment.objects.create(
        judge=judge, comparison=compared, order=order, sample=sample, winner=winner
    )


def decided(judge, compared):
    decisions.ask(judge, [compared.pk])
    return Decision.objects.get(judge=judge, comparison=compared)


@pytest.mark.parametrize(
    ("ab", "ba", "winner"),
    [
        ("a", "a", "a"),
        ("b", "b", "b"),
        ("a", "b", "tie"),
        ("a", "tie", "tie"),
        ("tie", "tie", "tie"),
        ("both_bad", "both_bad", "both_bad"),
    ],
)
def test_both_recorded_orders_are_read_and_disagreement_is_a_tie(lab, compared, ab, ba, winner):
    judge = factories.judge(lab, "recorded", "gpt", judge="gpt")
    record(judge, compared, ab, "ab")
    record(judge, compared, ba, "ba")

    assert decided(judge, compared).winner == winner


def test_what_nobody_recorded_stays_undecided_and_says_so(lab, compared):
    judge = factories.judge(lab, "recorded", "gpt", judge="gpt")

    decision = decided(judge, compared)

    assert (decision.status, decision.winner, decision.silence) == ("undecided", None, "missing")
    assert "nobody recorded" in decision.note


def test_a_recorded_judge_reads_the_name_that_it_is_told(lab, compared):
    source = factories.judge(lab, "recorded", "gpt", judge="gpt")
    record(source, compared, "b")
    alias = factories.judge(lab, "recorded", "replay", judge="gpt")

    assert decided(alias, compared).winner == "b"


def test_retry_reads_what_was_recorded_meanwhile(lab, compared):
    judge = factories.judge(lab, "recorded", "gpt", judge="gpt")
    decision = decided(judge, compared)
    record(judge, compared, "a")

    decisions.retry(Decision.objects.filter(pk=decision.pk))

    decision.refresh_from_db()
    assert (decision.status, decision.winner) == ("decided", "a")


def jury_of_three(lab):
    members = [factories.judge(lab, "recorded", name, judge=name) for name in ("x", "y", "z")]
    return members, factories.judge(lab, "jury", "jury", members=["x", "y", "z"])


def test_a_jury_decides_by_plurality_of_its_members(lab, compared):
    members, jury = jury_of_three(lab)
    for member, winner in zip(members, ["a", "b", "a"], strict=True):
        record(member, compared, winner)

    assert decided(jury, compared).winner == "a"


def test_a_jury_without_a_quorum_is_undecided(lab, compared):
    members, jury = jury_of_three(lab)
    record(members[0], compared, "a")

    decision = decided(jury, compared)

    assert (decision.winner, decision.silence) == (None, Silence.MISSING)
    assert "1 of 2 votes needed" in decision.note


def test_a_jury_waits_for_people_and_goes_on_when_they_have_spoken(lab, compared):
    machine = factories.judge(lab, "recorded", "gpt", judge="gpt")
    record(machine, compared, "a")
    people = factories.judge(lab, "human", "people")
    jury = factories.judge(lab, "jury", "mixed", members=["gpt", "people"])
    assert decided(jury, compared).status == DecisionStatus.WAITING
    news = []

    def hear(decision_ids, **_):
        news.extend(decision_ids)

    comparison_decided.connect(hear)
    try:
        record(people, compared, "a")
        settle([Decision.objects.get(judge=people).pk])
    finally:
        comparison_decided.disconnect(hear)

    verdict = Decision.objects.get(judge=jury)
    assert (verdict.status, verdict.winner) == ("decided", "a")
    assert verdict.pk in news


def test_a_member_is_asked_once_though_two_juries_want_it(lab, compared):
    factories.judge(lab, "human", "people")
    for name in ("one", "two"):
        jury = factories.judge(lab, "jury", name, members=["people"])
        decisions.ask(jury, [compared.pk])

    assert Decision.objects.filter(judge__name="people").count() == 1


def test_settling_a_settled_decision_changes_nothing(lab, compared):
    judge = factories.judge(lab, "recorded", "gpt", judge="gpt")
    record(judge, compared, "a")
    before = decided(judge, compared)
    record(judge, compared, "b", "ba")

    settle([before.pk])

    after = Decision.objects.get(pk=before.pk)
    assert (after.winner, after.settled_at) == ("a", before.settled_at)


def test_a_worker_that_lost_its_lease_cannot_write(lab, compared):
    judge = factories.stub_judge(lab, "http://127.0.0.1:9/v1")
    decision = Decision.objects.create(
        judge=judge, comparison=compared, status="leased", lease="theirs"
    )

    settle([decision.pk], lease="mine", failures={decision.pk: "gone"})

    decision.refresh_from_db()
    assert (decision.status, decision.lease) == ("leased", "theirs")


def test_hold_takes_back_a_jury_with_its_members_and_ask_takes_it_up(lab, compared):
    factories.judge(lab, "human", "people")
    jury = factories.judge(lab, "jury", "jury", members=["people"])
    decisions.ask(jury, [compared.pk])

    decisions.hold(Decision.objects.filter(judge=jury))
    assert set(Decision.objects.values_list("status", flat=True)) == {"held"}

    decisions.ask(jury, [compared.pk])
    assert set(Decision.objects.values_list("status", flat=True)) == {"waiting"}
