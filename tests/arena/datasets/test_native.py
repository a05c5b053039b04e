from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from arena.common.errors import InvalidInput
from arena.datasets import formats
from arena.datasets.base import Dataset


def write(folder: Path, name: str, *rows: dict[str, Any]) -> None:
    text = "".join(json.dumps(row) + "\n" for row in rows).encode()
    (folder / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)


def judgment(**changes: Any) -> dict[str, Any]:
    names = {"prompt_id": "p1", "model_a": "owl", "model_b": "fox", "winner": "tie"}
    return {**names, "judge": "gpt", "judge_kind": "llm", **changes}


def opened(folder: Path) -> Dataset:
    return formats.build("native", {"folder": folder})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "prompts.jsonl", {"prompt_id": "p1", "text": "Why?", "src": 1})
    write(tmp_path, "outputs.jsonl.gz", {"prompt_id": "p1", "model": "owl", "text": "So."})
    return tmp_path


def test_reads_prompts_and_outputs(folder: Path) -> None:
    data = opened(folder)

    [(line, prompt)] = data.prompts().open(lambda _: None)
    assert (line, prompt.id, prompt.metadata) == (1, "p1", {"src": 1})
    [(_, output)] = data.outputs().open(lambda _: None)
    assert (output.prompt, output.competitor, output.turns) == ("p1", "owl", ["So."])


def test_judgments_may_be_missing(folder: Path) -> None:
    assert opened(folder).judgments() is None


def test_rationales_join_their_judgments(folder: Path) -> None:
    write(
        folder,
        "judgments.jsonl",
        judgment(judgment_id="j1"),
        judgment(judgment_id="j2", rationale="my own"),
        judgment(judgment_id="j3"),
        judgment(),
    )
    write(
        folder,
        "rationales.jsonl.gz",
        {"judgment_id": "j2", "text": "other"},
        {"judgment_id": "j1", "text": "shorter"},
    )
    source = opened(folder).judgments()

    assert source is not None
    read = [record.rationale for _, record in source.open(lambda _: None)]
    assert read == ["shorter", "my own", "", ""]


def test_a_faulty_rationale_names_its_file(folder: Path) -> None:
    write(folder, "judgments.jsonl", judgment(judgment_id="j1"))
    write(folder, "rationales.jsonl", {"judgment_id": "j1"})
    source = opened(folder).judgments()

    assert source is not None
    with pytest.raises(InvalidInput, match=r"rationales\.jsonl:1: text is missing"):
        list(source.open(lambda _: None))


@pytest.mark.parametrize("missing", ["prompts.jsonl", "outputs.jsonl.gz"])
def test_a_missing_file_is_named(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    data = opened(folder)

    with pytest.raises(InvalidInput, match=missing.removesuffix(".gz")):
        _ = (data.prompts(), data.outputs())


def test_a_file_that_is_there_twice_is_refused(folder: Path) -> None:
    write(folder, "prompts.jsonl.gz", {"prompt_id": "p2", "text": "How?"})

    with pytest.raises(InvalidInput, match="both"):
        opened(folder).prompts()


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="not a folder"):
        opened(tmp_path / "nowhere")


def test_an_unknown_format_lists_the_known() -> None:
    with pytest.raises(InvalidInput, match="native"):
        formats.build("papyrus", {"folder": "."})
