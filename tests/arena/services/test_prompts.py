from __future__ import annotations

from typing import Any

import pytest

from arena.common.errors import BulkInvalid, LineError, NotFound
from arena.datasets.records import OutputRecord, PromptRecord, validated
from arena.models import Output, Project, Prompt
from arena.services import comparisons
from arena.services.counts import Counts
from arena.services.outputs import upsert_outputs
from arena.services.prompts import upsert_prompts

QUESTION = {"id": "p1", "text": "Why?", "category": "maths", "tags": ["a"], "metadata": {"n": 1}}


def upsert(project: Project, *rows: dict[str, Any]) -> Counts:
    return upsert_prompts(project, validated(enumerate(rows, start=1), PromptRecord))


def compare(project: Project, prompt: str) -> None:
    rows = [{"prompt": prompt, "competitor": name, "text": "x"} for name in ("owl", "fox")]
    upsert_outputs(project, validated(enumerate(rows, start=1), OutputRecord))
    first, second = Output.objects.filter(prompt__key=prompt).values_list("pk", flat=True)
    comparisons.ensure([(first, second)])


def test_a_prompt_is_created_then_unchanged_then_updated(project: Project) -> None:
    assert upsert(project, QUESTION) == Counts(created=1)
    assert upsert(project, QUESTION) == Counts(unchanged=1)
    assert upsert(project, {**QUESTION, "category": "logic"}) == Counts(updated=1)
    assert Prompt.objects.get().category == "logic"


def test_a_record_replaces_the_whole_prompt(project: Project) -> None:
    upsert(project, QUESTION)
    upsert(project, {"id": "p1", "text": "Why?"})

    prompt = Prompt.objects.get()
    assert (prompt.category, prompt.tags, prompt.metadata) == ("", [], {})


def test_an_update_keeps_the_row(project: Project) -> None:
    upsert(project, QUESTION)
    before = Prompt.objects.get()
    upsert(project, {**QUESTION, "text": "How?"})

    after = Prompt.objects.get()
    assert (after.pk, after.created_at) == (before.pk, before.created_at)
    assert after.messages == [{"role": "user", "content": "How?"}]


def test_projects_do_not_share_keys(project: Project) -> None:
    other = Project.objects.create(slug="other", name="Other")

    assert upsert(project, QUESTION) == upsert(other, QUESTION) == Counts(created=1)


def test_a_key_sent_twice_names_both_lines(project: Project) -> None:
    with pytest.raises(BulkInvalid) as caught:
        upsert(project, QUESTION, {"id": "p2", "text": "?"}, QUESTION)

    assert caught.value.errors == [LineError(3, "id", "this prompt is on line 1 already")]
    assert not Prompt.objects.exists()


def test_a_fault_names_the_key_as_it_was_sent(project: Project) -> None:
    native = {"prompt_id": "p1", "text": "Why?"}

    with pytest.raises(BulkInvalid) as caught:
        upsert(project, native, native)

    assert [fault.field for fault in caught.value.errors] == ["prompt_id"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": "How?"}, "text"),
        ({"text": None, "messages": [{"role": "user", "content": "How?"}]}, "messages"),
        ({"system": "Be brief."}, "system"),
        ({"contexts": [{"id": "c1", "text": "So."}]}, "contexts"),
        ({"images": ["https://example.org/a.png"]}, "images"),
    ],
)
def test_what_was_asked_is_frozen_once_compared(
    project: Project, change: dict[str, Any], field: str
) -> None:
    upsert(project, QUESTION)
    compare(project, "p1")

    with pytest.raises(BulkInvalid) as caught:
        upsert(project, {**QUESTION, **change})

    [fault] = caught.value.errors
    assert (fault.line, fault.field) == (1, field)
    assert "new id" in fault.message


def test_what_was_not_judged_may_change_after_a_comparison(project: Project) -> None:
    upsert(project, QUESTION)
    compare(project, "p1")

    assert upsert(project, {**QUESTION, "category": "logic", "rubric": "Be kind."}) == Counts(
        updated=1
    )


def test_a_deleted_project_is_not_found(project: Project) -> None:
    Project.objects.filter(pk=project.pk).delete()

    with pytest.raises(NotFound):
        upsert(project, QUESTION)
