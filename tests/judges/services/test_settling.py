"""From judgments on record to verdicts, juries and news."""

import pytest

from judges.contracts import Silence
from judges.models import Decision, DecisionStatus, Judgment
from judges.services import decisions
from judges.services.settling import settle, settle_again, settle_waiting_juries
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


def called(lab, compared, first, second, **params):
    """An LLM judge with one answer in each order on record; None is an unparsable reply."""
    judge = factories.stub_judge(lab, "http://127.0.0.1:9/v1", **params)
    for order, winner in (("ab", first), ("ba", second)):
        Judgment.objects.create(
            judge=judge,
            comparison=compared,
            order=order,
            winner=winner,
            silence=None if winner else "unparsable",
        )
    decision = Decision.objects.create(judge=judge, comparison=compared, status="open")
    settle([decision.pk])
    decision.refresh_from_db()
    return decision


@pytest.mark.parametrize(
    ("first", "second", "policy", "winner", "share"),
    [
        ("a", "b", "tie", "tie", 0.5),
        ("a", "tie", "tie", "tie", 0.5),
        ("a", "tie", "half", "a", 0.75),
        ("b", "tie", "modelled", "b", 0.25),
        ("b", "b", "tie", "b", 0.0),
        ("a", "a", "half", "a", 1.0),
    ],
)
def test_a_called_judge_makes_its_verdict_by_its_policy(
    lab, compared, first, second, policy, winner, share
):
    decision = called(lab, compared, first, second, flip_policy=policy)

    assert (decision.winner, decision.share) == (winner, share)


def test_a_silent_order_leaves_it_undecided_unless_the_judge_says_otherwise(lab, compared):
    decision = called(lab, compared, "a", None)
    assert (decision.status, decision.silence, decision.share) == ("undecided", "unparsable", None)
    assert "ba #0: unparsable" in decision.note

    decision = called(lab, compared, "a", None, name="other", silent_order="other")
    assert (decision.winner, decision.share) == ("a", 1.0)
    assert "ba #0: unparsable; the rest decides" in decision.note


def test_the_share_of_recorded_votes_is_their_mean(lab, compared):
    judge = factories.judge(lab, "recorded", "crowd", judge="crowd")
    for sample, winner in enumerate(["a", "a", "tie", "b"]):
        record(judge, compared, winner, sample=sample)

    decision = decided(judge, compared)

    assert (decision.winner, decision.share) == ("a", 0.625)


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
    params = {"members": ["x", "y", "z"], "aggregation": "plurality"}
    return members, factories.judge(lab, "jury", "jury", **params)


def test_a_jury_decides_by_plurality_of_its_members(lab, compared):
    members, jury = jury_of_three(lab)
    for member, winner in zip(members, ["a", "b", "a"], strict=True):
        record(member, compared, winner)

    decision = decided(jury, compared)

    assert (decision.winner, decision.note) == ("a", "votes: 2 a, 1 b")
    assert decision.share == pytest.approx(2 / 3)


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


def people(lab, *names):
    return [factories.judge(lab, "human", name) for name in names]


def asked_of(*names):
    """{judge: status} of what has been asked."""
    rows = Decision.objects.filter(judge__name__in=names)
    return dict(rows.values_list("judge__name", "status"))


def speak(judge, winner):
    """A rater's verdict; silent when None."""
    decision = Decision.objects.get(judge=judge)
    record(judge, decision.comparison, winner)
    settle([decision.pk])


def test_a_sequential_jury_asks_the_next_when_one_has_spoken(lab, compared):
    x, y, _ = people(lab, "x", "y", "z")
    params = {"members": ["x", "y", "z"], "sequential": True}
    jury = factories.judge(lab, "jury", "jury", **params)

    assert decided(jury, compared).status == "waiting"
    assert asked_of("x", "y", "z") == {"x": "waiting"}
    speak(x, "a")
    assert asked_of("x", "y", "z") == {"x": "decided", "y": "waiting"}
    speak(y, "a")

    verdict = Decision.objects.get(judge=jury)
    assert (verdict.status, verdict.winner) == ("decided", "a")
    assert asked_of("z") == {}
    assert "not asked: z" in verdict.note


def test_a_stand_in_is_asked_when_a_member_failed(lab, compared):
    factories.stub_judge(lab, "http://127.0.0.1:9/v1", "down")
    (up,) = people(lab, "up")
    params = {"members": ["down"], "stand_ins": ["up"]}
    jury = factories.judge(lab, "jury", "jury", **params)
    decisions.ask(jury, [compared.pk])
    assert asked_of("down", "up") == {"down": "open"}

    failed = Decision.objects.get(judge__name="down")
    settle([failed.pk], failures={failed.pk: "connection refused"})
    assert asked_of("down", "up") == {"down": "undecided", "up": "waiting"}
    speak(up, "b")

    assert Decision.objects.get(judge=jury).winner == "b"


def test_people_are_asked_only_when_the_panel_is_split(lab, compared):
    members, _ = jury_of_three(lab)
    people(lab, "crowd")
    params = {"members": ["x", "y"], "escalate_to": ["crowd"]}
    split = factories.judge(lab, "jury", "split", **params)
    for member, winner in zip(members, ["a", "b", "b"], strict=True):
        record(member, compared, winner)

    agreed = factories.judge(lab, "jury", "agreed", members=["y", "z"], escalate_to=["crowd"])
    assert decided(agreed, compared).winner == "b"
    assert asked_of("crowd") == {}
    assert decided(split, compared).status == "waiting"
    assert asked_of("crowd") == {"crowd": "waiting"}


def test_a_jury_in_a_jury_is_asked_and_read(lab, compared):
    members, _ = jury_of_three(lab)
    for member in members:
        record(member, compared, "b")
    outer = factories.judge(lab, "jury", "outer", members=["jury", "x"], sequential=True)

    assert decided(outer, compared).winner == "b"
    assert Decision.objects.get(judge__name="jury").winner == "b"


def test_a_held_jury_asks_nobody_and_goes_on_when_it_is_wanted_again(lab, compared):
    x, _ = people(lab, "x", "y")
    jury = factories.judge(lab, "jury", "jury", members=["x", "y"], sequential=True)
    decision = decided(jury, compared)
    Decision.objects.filter(pk=decision.pk).update(status="held")

    speak(x, "a")
    assert asked_of("x", "y") == {"x": "decided"}

    decisions.ask(jury, [compared.pk])
    assert asked_of("x", "y") == {"x": "decided", "y": "waiting"}


def test_the_sweep_goes_on_with_a_jury_that_waits_for_nobody(lab, compared):
    x, _ = people(lab, "x", "y")
    jury = factories.judge(lab, "jury", "jury", members=["x", "y"], sequential=True)
    decided(jury, compared)
    record(x, compared, "a")
    # As if the process had died between the member's verdict and the jury's next step.
    Decision.objects.filter(judge=x).update(status="decided", winner="a")

    settle_waiting_juries()

    assert asked_of("y") == {"y": "waiting"}


def test_the_sweep_takes_up_members_that_another_has_held(lab, compared):
    people(lab, "x")
    jury = factories.judge(lab, "jury", "jury", members=["x"])
    decided(jury, compared)
    Decision.objects.filter(judge__name="x").update(status="held")

    settle_waiting_juries()

    assert asked_of("x") == {"x": "waiting"}


def test_settling_again_changes_and_tells_only_what_is_another_verdict_now(lab, compared):
    members, jury = jury_of_three(lab)
    for member, winner in zip(members, ["a", "b", "a"], strict=True):
        record(member, compared, winner)
    decision = decided(jury, compared)
    news = []

    def hear(decision_ids, **_):
        news.extend(decision_ids)

    comparison_decided.connect(hear)
    try:
        settle_again([decision.pk])
        assert news == []
        record(members[0], compared, "b", "ba")
        record(members[0], compared, "b", "ba", 1)
        settle_again([Decision.objects.get(judge=members[0]).pk])
    finally:
        comparison_decided.disconnect(hear)

    decision.refresh_from_db()
    assert decision.winner == "b"
    assert set(news) == {Decision.objects.get(judge=members[0]).pk, decision.pk}
