from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

from arena.common.errors import BulkInvalid, LineError
from arena.common.strictjson import JsonError
from arena.datasets.records import (
    MAX_TEXT,
    CompetitorRecord,
    JudgmentRecord,
    OutputRecord,
    PromptRecord,
    Record,
    SentPrompt,
    validated,
)

OUTPUT = {"prompt": "p1", "competitor": "owl"}
JUDGMENT = {
    "prompt": "p1",
    "competitor_a": "owl",
    "competitor_b": "fox",
    "winner": "a",
    "judge": "gpt",
    "judge_kind": "llm",
}


def one(model: type[Record], data: Any) -> Any:
    [(line, record)] = validated([(1, data)], model)
    assert line == 1
    return record


def faults(model: type[Record], data: Any) -> list[tuple[str, str]]:
    with pytest.raises(BulkInvalid) as caught:
        list(validated([(1, data)], model))
    return [(error.field, error.message) for error in caught.value.errors]


@pytest.mark.parametrize(
    ("model", "api", "native"),
    [
        (PromptRecord, {"id": "p1", "text": "Why?"}, {"prompt_id": "p1", "text": "Why?"}),
        (
            OutputRecord,
            {**OUTPUT, "text": "So."},
            {"prompt_id": "p1", "model": "owl", "text": "So."},
        ),
        (
            JudgmentRecord,
            {"id": "j1", **JUDGMENT},
            {
                "judgment_id": "j1", "prompt_id": "p1", "model_a": "owl", "model_b": "fox",
                "winner": "a", "judge": "gpt", "judge_kind": "llm",
            },
        ),
    ],
)  # fmt: skip
def test_names_of_the_api_and_of_native_files_mean_the_same(
    model: type[Record], api: dict[str, Any], native: dict[str, Any]
) -> None:
    assert one(model, api).model_dump() == one(model, native).model_dump()


def test_unknown_fields_are_kept_as_metadata() -> None:
    record = one(PromptRecord, {"id": "p1", "text": "Why?", "src": {"n": 1}, "metadata": {"a": 2}})

    assert record.metadata == {"src": {"n": 1}, "a": 2}


def test_a_null_is_a_field_left_out() -> None:
    record = one(OutputRecord, {**OUTPUT, "text": "So.", "sample": None, "metrics": None})

    assert (record.sample, record.metrics) == (0, {})


def test_a_text_becomes_one_message_of_the_user() -> None:
    record = one(PromptRecord, {"id": 7, "text": "Why?"})

    assert record.id == "7"
    assert [(m.role, m.content) for m in record.messages] == [("user", "Why?")]


def test_a_leading_system_message_becomes_the_system_field() -> None:
    said = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}]
    record = one(PromptRecord, {"id": "p1", "messages": said})

    assert record.system == "Be brief."
    assert [m.role for m in record.messages] == ["user"]
    assert faults(PromptRecord, {"id": "p1", "messages": said, "system": "Be long."}) == [
        ("system", "differs from the system message in `messages`")
    ]


def test_references_of_several_turns_are_joined() -> None:
    assert (
        one(PromptRecord, {"id": "p", "text": "?", "reference": ["a", "b"]}).reference == "a\n\nb"
    )


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "id"),
        ({"id": ""}, "id"),
        ({"id": " "}, "id"),
        ({"id": True}, "id"),
        ({"prompt_id": "x" * 201}, "prompt_id"),
        ({"text": None}, "text"),
        ({"text": 5}, "text"),
        ({"text": " \n"}, "text"),
        ({"text": "x" * (MAX_TEXT + 1)}, "text"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": "x" * 1_500_000}] * 2}, "messages"),
        ({"tags": "a"}, "tags"),
        ({"tags": ["a", ""]}, "tags.1"),
        ({"contexts": [{"id": "c"}]}, "contexts.0.text"),
        ({"language": "x" * 36}, "language"),
        ({"metadata": [1]}, "metadata"),
        ({"metadata": {"x": "y" * 200_001}}, "metadata"),
    ],
)
def test_a_faulty_prompt_names_the_field(data: dict[str, Any], field: str) -> None:
    base = {} if {"id", "prompt_id"} & data.keys() or not data else {"id": "p1"}
    text = {} if "messages" in data or "text" in data else {"text": "Why?"}

    assert [name for name, _ in faults(PromptRecord, {**base, **text, **data})] == [field]


@pytest.mark.parametrize(
    ("data", "turns"),
    [
        ({"text": ""}, [""]),
        ({"text": "a"}, ["a"]),
        ({"text": "a\n\nb", "turns": ["a", "b"]}, ["a", "b"]),
        (
            {"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": "a"}]},
            ["a"],
        ),
    ],
)
def test_the_turns_of_an_output(data: dict[str, Any], turns: list[str]) -> None:
    assert one(OutputRecord, OUTPUT | data).turns == turns


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "text"),
        ({"messages": [{"role": "user", "content": "?"}]}, "messages"),
        ({"text": "x", "sample": -1}, "sample"),
        ({"text": "x", "sample": 2**31}, "sample"),
        ({"text": "x", "tokens_in": 1.5}, "tokens_in"),
        ({"text": "x", "cost_usd": -0.1}, "cost_usd"),
        ({"text": "x", "latency_ms": 1e12}, "latency_ms"),
        ({"text": "x", "metrics": {"f1": "high"}}, "metrics.f1"),
        ({"turns": ["x" * MAX_TEXT, "y"]}, "turns"),
        ({"text": "x", "competitor": "y" * 201}, "competitor"),
        ({"text": "x", "competitor": " "}, "competitor"),
    ],
)
def test_a_faulty_output_names_the_field(data: dict[str, Any], field: str) -> None:
    assert [name for name, _ in faults(OutputRecord, OUTPUT | data)] == [field]


def test_scores_come_as_a_number_or_as_a_pair() -> None:
    assert one(JudgmentRecord, {**JUDGMENT, "score": 0.7}).score == 0.7
    for pair in ({"score": {"a": 8, "b": 6}}, {"score_a": 8, "score_b": 6}):
        record = one(JudgmentRecord, JUDGMENT | pair)
        assert (record.score, record.score_a, record.score_b) == (None, 8, 6)
    assert faults(JudgmentRecord, {**JUDGMENT, "score": "high"}) == [
        ("score", "must be a number, or {a, b} of two numbers")
    ]


@pytest.mark.parametrize(
    ("data", "order"),
    [
        ({}, None),
        ({"order_known": False}, None),
        ({"order_known": True}, "ab"),
        ({"order": "ba"}, "ba"),
    ],
)
def test_the_order_shown(data: dict[str, Any], order: str | None) -> None:
    assert one(JudgmentRecord, JUDGMENT | data).order == order


def test_a_competitor_does_not_meet_itself() -> None:
    assert faults(JudgmentRecord, {**JUDGMENT, "competitor_b": "owl"}) == [
        ("competitor_b", "is the same competitor as the first")
    ]


@pytest.mark.parametrize("kind", ["human", "llm", "gold", "metric", "reward_model"])
def test_all_kinds_of_native_judges_are_taken(kind: str) -> None:
    assert one(JudgmentRecord, {**JUDGMENT, "judge_kind": kind}).judge_kind == kind


@pytest.mark.parametrize("data", [[], "x", 5, None, True])
def test_what_is_no_object_is_refused(data: Any) -> None:
    assert faults(CompetitorRecord, data) == [("", "must be a JSON object")]


def test_good_records_come_before_the_faults_are_raised() -> None:
    items = [(1, {"name": "owl"}), (2, {}), (3, {"name": "fox"}), (4, JsonError("is not JSON"))]
    records = validated(items, CompetitorRecord)

    assert [(line, record.name) for line, record in islice(records, 2)] == [(1, "owl"), (3, "fox")]
    with pytest.raises(BulkInvalid) as caught:
        next(records)
    assert caught.value.errors == [
        LineError(2, "name", "is missing"),
        LineError(4, "", "is not JSON"),
    ]


def test_reading_stops_after_a_hundred_faults() -> None:
    read = []

    def items() -> Any:
        for line in range(1, 1000):
            read.append(line)
            yield line, {}

    with pytest.raises(BulkInvalid, match="100 or more"):
        list(validated(items(), CompetitorRecord))
    assert len(read) == 101


@pytest.mark.parametrize("field", ["model", "competitor"])
def test_a_prompt_that_comes_by_itself_may_not_be_an_output(field: str) -> None:
    output = {"prompt_id": "p1", field: "owl", "text": "So."}

    [(named, message)] = faults(SentPrompt, output)

    assert named == field
    assert "upload it on the Outputs tab" in message
    assert one(PromptRecord, output).metadata == {field: "owl"}, "a folder's file says what it is"


@pytest.mark.parametrize(
    "extra", [{"metadata": {"model": "owl"}}, {"model": None}, {"src": "web"}, {"models": ["owl"]}]
)
def test_a_prompt_may_say_more(extra: dict[str, Any]) -> None:
    assert one(SentPrompt, {"prompt_id": "p1", "text": "Why?", **extra}).id == "p1"


def test_a_prompt_by_its_own_id_keeps_a_model_as_metadata() -> None:
    record = one(SentPrompt, {"id": "p1", "text": "Why?", "model": "owl"})

    assert record.metadata == {"model": "owl"}, "no output is sent without naming its prompt"


def test_faults_use_the_names_that_were_sent() -> None:
    native = {"prompt_id": "p1", "model_a": "owl", "model_b": "owl"}
    rest = {"winner": "a", "judge": "gpt", "judge_kind": "llm"}

    assert [name for name, _ in faults(JudgmentRecord, {**native, **rest})] == ["model_b"]
    assert one(PromptRecord, {"prompt_id": "p1", "text": "Why?"}).sent_as("messages") == "text"
    assert one(PromptRecord, {"prompt_id": "p1", "text": "Why?"}).sent_as("id") == "prompt_id"
    assert one(OutputRecord, {**OUTPUT, "turns": ["So."]}).sent_as("turns") == "turns"
