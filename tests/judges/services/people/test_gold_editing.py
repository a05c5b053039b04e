import pytest
from pydantic import ValidationError

from arena.common.errors import BulkInvalid, Conflict, InvalidInput, NotFound
from arena.datasets.records import field_faults
from arena.models import AuditEntry
from judges.contracts import Order, Preference
from judges.models import Assignment, Decision, GoldQuestion
from judges.services import decisions
from judges.services.people import adjudicating, gold_editing, progress, quarantine
from judges.services.people.gold_editing import GoldRecord
from tests import factories, raters

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    made = factories.project()
    factories.field(made, prompts=3, competitors=["ann", "ben"])
    return made


@pytest.fixture
def campaign(lab):
    return factories.judge(lab, "human", "people", raters=2).campaign


def record(prompt="p0", a="ann", b="ben", expected="a", **more):
    return GoldRecord(prompt=prompt, competitor_a=a, competitor_b=b, expected=expected, **more)


def upload(campaign, *records):
    return gold_editing.import_gold(campaign, enumerate(records, start=1), by=raters.user("olga"))


def answered(question, preference="first", order="ab", name="rita"):
    return Assignment.objects.create(
        campaign=question.campaign, gold=question, rater=raters.user(name), order=order,
        lease_until="2030-01-01T00:00Z", answered_at="2026-01-01T00:00Z",
        answer={"preference": preference},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("a", "b", "expected", "stored"),
    [("ann", "ben", "a", "a"), ("ben", "ann", "a", "b"), ("ben", "ann", "b", "a"),
     ("ben", "ann", "tie", "tie"), ("ann", "ben", "both_bad", "both_bad")],
)  # fmt: skip
def test_what_is_expected_is_kept_in_terms_of_the_comparison(campaign, a, b, expected, stored):
    made = gold_editing.put(campaign, record(a=a, b=b, expected=expected), by=None)

    made.refresh_from_db()
    assert (made.expected, made.comparison.output_a.competitor.name) == (stored, "ann")


def test_a_file_is_written_and_the_same_again_changes_nothing(campaign):
    lines = [record(), record("p1", expected="tie", warm_up=True, explanation="Same.")]

    assert upload(campaign, *lines).as_dict() == {"created": 2, "updated": 0, "unchanged": 0}
    assert upload(campaign, *lines).as_dict() == {"created": 0, "updated": 0, "unchanged": 2}
    assert upload(campaign, record(explanation="New.")).as_dict()["updated"] == 1
    assert list(AuditEntry.objects.values_list("act", flat=True)) == ["gold.uploaded"] * 2


def test_faults_are_named_by_line_and_nothing_is_written(campaign, lab):
    asked = factories.all_comparisons(lab)[2]
    decisions.ask(campaign.judge, [asked.pk])

    with pytest.raises(BulkInvalid) as refused:
        upload(campaign, record(), record("p9"), record("p1", b="zoe"), record("p2"), record())

    found = [(item.line, item.field) for item in refused.value.errors]
    assert found == [
        (2, "competitor_a"), (2, "competitor_b"), (3, "competitor_b"), (4, "prompt"), (5, "prompt"),
    ]  # fmt: skip
    assert "must not see it twice" in refused.value.errors[3].message
    assert not GoldQuestion.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"b": "ann"}, "competitor_b"), ({"expected": "c"}, "expected"), ({"colour": 1}, "colour"),
     ({"explanation": "x" * 20_001}, "explanation")],
)  # fmt: skip
def test_a_record_checks_itself(fields, field):
    with pytest.raises(ValidationError) as refused:
        record(**fields)

    assert [name for name, _ in field_faults(refused.value)] == [field]


def test_what_raters_were_held_to_stays(campaign):
    made = gold_editing.put(campaign, record(), by=None)
    answered(made)

    for changed in ({"expected": "b"}, {"warm_up": True}):
        with pytest.raises(InvalidInput, match="not valid") as refused:
            gold_editing.put(campaign, record(**changed), by=None)
        assert set(refused.value.fields) == set(changed)
    gold_editing.put(campaign, record(explanation="Why."), by=None)

    made.refresh_from_db()
    assert (made.expected, made.explanation) == ("a", "Why.")


def test_what_was_decided_here_may_become_gold_and_what_waits_may_not(campaign, lab):
    first, second = factories.all_comparisons(lab)[:2]
    decisions.ask(campaign.judge, [first.pk, second.pk])
    Decision.objects.filter(comparison=first).update(status="decided", winner="a")

    gold_editing.put(campaign, record("p0"), by=None)
    with pytest.raises(InvalidInput) as refused:
        gold_editing.put(campaign, record("p1"), by=None)

    assert set(refused.value.fields) == {"prompt"}


def test_retiring_is_logged_once_and_putting_it_again_brings_it_back(campaign):
    made = gold_editing.put(campaign, record(), by=None)
    for _ in range(2):
        gold_editing.retire(campaign, made.pk, by=raters.user("olga"))
    made.refresh_from_db()
    assert made.retired_at is not None

    gold_editing.put(campaign, record(), by=None)

    made.refresh_from_db()
    assert made.retired_at is None
    acts = list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))
    assert acts == ["gold.added", "gold.retired", "gold.changed"]


def test_a_question_of_another_campaign_is_not_found(campaign, lab):
    other = factories.judge(lab, "human", "others").campaign
    made = gold_editing.put(other, record(), by=None)

    with pytest.raises(NotFound):
        gold_editing.retire(campaign, made.pk, by=None)


@pytest.mark.parametrize(
    ("expected", "preference", "order", "right"),
    [("a", "first", "ab", 1), ("a", "first", "ba", 0), ("a", "second", "ba", 1),
     ("b", "second", "ab", 1), ("b", "first", "ba", 1), ("tie", "tie", "ba", 1),
     ("both_bad", "tie", "ab", 0), ("both_bad", "both_bad", "ba", 1)],
)  # fmt: skip
def test_the_list_counts_answers_as_expected(campaign, expected, preference, order, right):
    made = gold_editing.put(campaign, record(expected=expected), by=None)
    answered(made, preference, order)

    row = gold_editing.gold_of(campaign).get()

    assert (row.answered, row.right, row.is_also_asked) == (1, right, False)


def test_the_list_tells_what_a_tournament_has_asked_for_since(campaign):
    made = gold_editing.put(campaign, record(), by=None)
    decisions.ask(campaign.judge, [made.comparison_id])

    assert gold_editing.gold_of(campaign).get().is_also_asked


def judged(campaign, lab, *winners):
    """Have rita and raul judge the first comparisons, each as `winners` say: "ab", "aa", ..."""
    every = factories.all_comparisons(lab)
    decisions.ask(campaign.judge, [row.pk for row in every])
    for comparison, votes in zip(every, winners, strict=False):
        others = Decision.objects.exclude(comparison=comparison).filter(status="waiting")
        held = list(others.values_list("pk", flat=True))
        Decision.objects.filter(pk__in=held).update(status="held")
        for name, winner in zip(("rita", "raul"), votes, strict=True):
            raters.vote(campaign, name, {"t": "tie"}.get(winner, winner))
        Decision.objects.filter(pk__in=held).update(status="waiting")
    return every


@pytest.fixture
def at_once(settings):
    settings.UNDO_SECONDS = 0


@pytest.mark.usefixtures("at_once")
def test_where_all_raters_agreed_a_click_makes_gold(campaign, lab):
    agreed, tied, _ = judged(campaign, lab, "bb", "tt", "ab")
    other = factories.judge(lab, "human", "others").campaign

    found = [(item.comparison.pk, item.winner, item.raters)
             for item in gold_editing.unanimous(other, 9)]  # fmt: skip
    assert found == [(agreed.pk, "b", 2), (tied.pk, "tie", 2)]
    made = gold_editing.make_gold(other, agreed.pk, by=raters.user("olga"))

    assert (made.expected, made.is_warm_up) == ("b", False)
    assert [item.comparison.pk for item in gold_editing.unanimous(other, 9)] == [tied.pk]
    with pytest.raises(Conflict):
        gold_editing.make_gold(other, agreed.pk, by=None)


@pytest.mark.usefixtures("at_once")
def test_judgments_in_quarantine_agree_with_nobody(campaign, lab):
    judged(campaign, lab, "bb")
    quarantine.impose(campaign.judge, raters.user("raul"), reason="", by=None)

    assert gold_editing.unanimous(campaign, 9) == []


def test_an_owner_who_ruled_is_no_rater():
    lab = factories.project()
    factories.field(lab, prompts=1, competitors=["ann", "ben"])
    judge = factories.judge(lab, "human", "people", raters=1)
    decisions.ask(judge, [row.pk for row in factories.all_comparisons(lab)])
    raters.vote(judge.campaign, "x", "a")

    adjudicating.adjudicate(
        Decision.objects.get(judge=judge), Preference.FIRST, Order.AB, by=raters.user("boss")
    )

    assert gold_editing.unanimous(judge.campaign, 5) == []
    done = progress.progress_of([judge.campaign])[judge.campaign.pk]
    assert (done.judgments, done.raters) == (1, 1)
