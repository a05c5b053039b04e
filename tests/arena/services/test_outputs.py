from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from arena.common.errors import BulkInvalid
from arena.datasets.records import OutputRecord, PromptRecord, validated
from arena.models import Competitor, Output, Project
from arena.services import comparisons
from arena.services.counts import Counts
from arena.services.outputs import upsert_outputs
from arena.services.prompts import upsert_prompts
from tests.threads import all_at_once


@pytest.fixture
def project(project: Project) -> Project:
    """With prompts p0 to p9."""
    rows = [{"id": f"p{number}", "text": "Why?"} for number in range(10)]
    upsert_prompts(project, validated(enumerate(rows, start=1), PromptRecord))
    return project


def upsert(project: Project, *rows: dict[str, Any]) -> Counts:
    return upsert_outputs(project, validated(enumerate(rows, start=1), OutputRecord))


def answer(number: int = 0, competitor: str = "owl", **more: Any) -> dict[str, Any]:
    return {"prompt": f"p{number}", "competitor": competitor, "text": "So.", **more}


def compared(project: Project) -> None:
    upsert(project, answer(), answer(competitor="fox"))
    first, second = Output.objects.values_list("pk", flat=True)
    comparisons.ensure([(first, second)])


def test_an_output_is_created_then_unchanged_then_updated(project: Project) -> None:
    full = answer(tokens_in=3, tokens_out=4, latency_ms=5.6, cost_usd=0.1, metrics={"f1": 1})

    assert upsert(project, full) == Counts(created=1)
    assert upsert(project, full) == Counts(unchanged=1)
    assert upsert(project, {**full, "text": "Thus."}) == Counts(updated=1)
    output = Output.objects.get()
    assert (output.turns, output.tokens_in, output.tokens_out) == (["Thus."], 3, 4)
    assert (output.latency_ms, output.cost_usd, output.metrics) == (6, 0.1, {"f1": 1})


def test_competitors_are_created_when_new(project: Project) -> None:
    Competitor.objects.create(project=project, name="owl", metadata={"kept": True})

    upsert(project, answer(0), answer(1), answer(0, "fox"))

    assert list(project.competitors.values_list("name", "metadata")) == [
        ("owl", {"kept": True}),
        ("fox", {}),
    ]


def test_the_sample_is_part_of_the_key(project: Project) -> None:
    assert upsert(project, answer(sample=0), answer(sample=1)) == Counts(created=2)


def test_an_unknown_prompt_is_a_fault_of_its_line(project: Project) -> None:
    with pytest.raises(BulkInvalid) as caught:
        upsert(project, answer(0), answer(99))

    [fault] = caught.value.errors
    assert (fault.line, fault.field) == (2, "prompt")
    assert "'p99'" in fault.message


def test_a_prompt_of_another_project_is_unknown(project: Project) -> None:
    other = Project.objects.create(slug="other", name="Other")

    with pytest.raises(BulkInvalid):
        upsert(other, answer(0))


def test_an_output_sent_twice_names_both_lines(project: Project) -> None:
    with pytest.raises(BulkInvalid) as caught:
        upsert(project, answer(0), answer(0, text="Thus."))

    assert caught.value.errors[0].message == "this output is on line 1 already"


def test_nothing_is_written_when_one_line_is_faulty(project: Project) -> None:
    upsert(project, answer(0))
    before = list(Output.objects.values()), list(Competitor.objects.values())
    rows = [answer(number % 10, f"c{number // 10}") for number in range(2500)]
    rows[0] = answer(0, text="Changed.")
    rows[998] = answer(99, "nobody")

    with pytest.raises(BulkInvalid) as caught:
        upsert(project, *rows)

    assert [fault.line for fault in caught.value.errors] == [999]
    assert (list(Output.objects.values()), list(Competitor.objects.values())) == before


def test_a_hundred_faults_are_named_and_the_rest_is_not_looked_at(project: Project) -> None:
    with pytest.raises(BulkInvalid, match="100 or more") as caught:
        upsert(project, *(answer(99, sample=number) for number in range(500)))

    assert len(caught.value.errors) == 100


def test_the_text_of_a_compared_output_is_frozen(project: Project) -> None:
    compared(project)

    for name in ("owl", "fox"):
        with pytest.raises(BulkInvalid) as caught:
            upsert(project, answer(competitor=name, text="Thus."))
        assert caught.value.errors[0].field == "text"
        assert "sample" in caught.value.errors[0].message


def test_the_rest_of_a_compared_output_may_change(project: Project) -> None:
    compared(project)

    assert upsert(project, answer(tokens_out=9, metadata={"run": 2})) == Counts(updated=1)


def test_another_sample_of_a_compared_output_is_welcome(project: Project) -> None:
    compared(project)

    assert upsert(project, answer(text="Thus.", sample=1)) == Counts(created=1)


def test_only_rows_of_the_batch_are_fetched(project: Project) -> None:
    """One query finds the stored rows of a batch, however prompts and competitors mix."""
    rows = [answer(number, f"c{number}") for number in range(10)]

    def queries(count: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            upsert(project, *rows[:count])
        return len(captured)

    upsert(project, *rows)
    assert queries(1) == queries(10)


def test_an_unknown_prompt_is_faulted_by_the_name_that_was_sent(project: Project) -> None:
    with pytest.raises(BulkInvalid) as caught:
        upsert(project, {"prompt_id": "p10", "model": "owl", "text": "So."})

    assert [fault.field for fault in caught.value.errors] == ["prompt_id"]


@pytest.mark.django_db(transaction=True)
def test_uploads_of_the_same_outputs_at_once_create_them_once(project: Project) -> None:
    rows = [answer(number, f"c{place}") for number in range(10) for place in range(30)]
    orders = [rows, rows[::-1], rows[100:] + rows[:100]]

    counts = all_at_once(lambda mine: upsert(project, *mine), orders)

    assert sum(count.created for count in counts) == Output.objects.count() == 300
    assert sum(count.unchanged for count in counts) == 600
