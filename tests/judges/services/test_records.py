import pytest

from arena.common.errors import BulkInvalid
from arena.datasets.records import JudgmentRecord
from judges.models import Decision, Judge, Judgment
from judges.services.records import import_judgments
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    lab = factories.project()
    factories.field(lab, prompts=2, competitors=["ann", "ben", "cat"])
    return lab


def record(**more):
    base = {
        "prompt": "p0", "competitor_a": "ann", "competitor_b": "ben", "winner": "a",
        "judge": "gpt", "judge_kind": "llm",
    }  # fmt: skip
    return JudgmentRecord.model_validate({**base, **more})


def send(lab, *records):
    return import_judgments(lab, enumerate(records, start=1)).as_dict()


def counts(created=0, unchanged=0):
    return {"created": created, "updated": 0, "unchanged": unchanged}


def test_an_import_makes_a_recorded_judge_and_decides(lab):
    assert send(lab, record(order="ab", rationale="why")) == counts(created=1)

    judge = Judge.objects.get()
    judgment = Judgment.objects.get()
    assert (judge.name, judge.kind, judge.params) == ("gpt", "recorded", {"judge": "gpt"})
    assert (judgment.winner, judgment.order, judgment.reason) == ("a", "ab", "why")
    assert Decision.objects.get().winner == "a"


def test_the_other_way_round_is_turned_to_the_comparison(lab):
    send(lab, record(competitor_a="ben", competitor_b="ann", winner="a", order="ab",
                     score={"a": 9, "b": 2}))  # fmt: skip

    judgment = Judgment.objects.get()
    assert (judgment.winner, judgment.order) == ("b", "ba")
    assert (judgment.score_a, judgment.score_b) == (2, 9)


def test_sending_a_batch_again_records_nothing_twice(lab):
    batch = [record(winner="a"), record(winner="b"), record(winner="a"), record(id="k", winner="b")]
    assert send(lab, *batch) == counts(created=4)

    assert send(lab, *batch) == counts(unchanged=4)


def test_several_votes_on_one_pair_are_all_kept(lab):
    send(lab, *[record(id=f"v{n}", winner=w, order="ab") for n, w in enumerate("aab")])

    assert Judgment.objects.count() == 3
    assert Decision.objects.get().winner == "a"


def test_a_judgment_on_record_is_never_changed(lab):
    send(lab, record(id="k", winner="a"))

    with pytest.raises(BulkInvalid) as error:
        send(lab, record(id="new", winner="b"), record(id="k", winner="b"))

    assert [(e.line, e.field) for e in error.value.errors] == [(2, "winner")]
    assert Judgment.objects.count() == 1


def test_faults_name_line_and_field_and_nothing_is_written(lab):
    with pytest.raises(BulkInvalid) as error:
        send(lab, record(), record(prompt="nope"), record(competitor_b="zoe"))

    found = {(e.line, e.field) for e in error.value.errors}
    assert found == {(2, "competitor_a"), (2, "competitor_b"), (3, "competitor_b")}
    assert not Judgment.objects.exists()
    assert not Judge.objects.exists()


def test_the_name_of_a_judge_of_ours_is_refused(lab):
    factories.judge(lab, "human", "gpt")

    with pytest.raises(BulkInvalid) as error:
        send(lab, record())

    assert error.value.errors[0].field == "judge"


def test_later_votes_change_the_verdict_however_they_are_batched(lab):
    send(lab, record(id="1", winner="a"))
    send(lab, *[record(id=f"later{n}", winner="b", order="ab") for n in range(3)])

    assert Decision.objects.get().winner == "b"


def test_broken_text_is_stored_readable(lab):
    send(lab, record(rationale="a\x00b"))

    assert Judgment.objects.get().reason == "a\ufffdb"
