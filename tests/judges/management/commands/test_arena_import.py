from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from arena.models import Competitor, Output, Project, Prompt
from judges.models import Judgment


def write(folder: Path, name: str, *rows: Any) -> None:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    (folder / name).write_text("\n".join(lines) + "\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "prompts.jsonl", *({"prompt_id": f"p{n}", "text": "Why?"} for n in range(3)))
    outputs = [
        {"prompt_id": f"p{n}", "model": name, "text": f"{name}: so."}
        for n in range(3)
        for name in ("owl", "fox")
    ]
    write(tmp_path, "outputs.jsonl", *outputs)
    names = {"model_a": "owl", "model_b": "fox", "judge": "gpt", "judge_kind": "llm"}
    verdicts = [{"prompt_id": f"p{n}", "winner": "b", "order_known": True} for n in range(3)]
    write(tmp_path, "judgments.jsonl", *(names | verdict for verdict in verdicts))
    return tmp_path


def run(folder: Path, *options: str) -> str:
    out = io.StringIO()
    call_command("arena_import", str(folder), "--project", "birds", *options, stdout=out)
    return out.getvalue()


def faults(folder: Path) -> tuple[str, str]:
    errors = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("arena_import", str(folder), "--project", "birds", stderr=errors)
    return str(caught.value), errors.getvalue()


def test_a_folder_becomes_a_project(db: None, folder: Path) -> None:
    printed = run(folder, "--name", "Birds")

    assert printed.splitlines() == [
        "prompts.jsonl: 3 created, 0 updated, 0 unchanged",
        "outputs.jsonl: 6 created, 0 updated, 0 unchanged",
        "judgments.jsonl: 3 created, 0 updated, 0 unchanged",
    ]
    project = Project.objects.get()
    assert (project.slug, project.name) == ("birds", "Birds")
    assert (Prompt.objects.count(), Competitor.objects.count(), Output.objects.count()) == (3, 2, 6)


def test_imported_again_nothing_is_doubled(db: None, folder: Path) -> None:
    run(folder)
    before = Output.objects.count(), Judgment.objects.count()

    assert "created, 0 updated, 3 unchanged" in run(folder)
    assert (Output.objects.count(), Judgment.objects.count()) == before


def test_judgments_may_be_missing(db: None, folder: Path) -> None:
    (folder / "judgments.jsonl").unlink()

    assert len(run(folder).splitlines()) == 2


def test_a_fault_names_file_line_and_field(db: None, folder: Path) -> None:
    write(folder, "outputs.jsonl", {"prompt_id": "p0", "model": "owl", "text": "x"}, "{")
    summary, lines = faults(folder)

    path = folder / "outputs.jsonl"
    assert summary == f"{path}: 1 faulty line; nothing was written"
    assert lines.startswith(f"{path}:2: : is not valid JSON")
    assert Prompt.objects.count() == 3
    assert not Output.objects.exists()


def test_a_project_whose_prompts_are_faulty_is_not_created(db: None, folder: Path) -> None:
    write(folder, "prompts.jsonl", {"prompt_id": "p0"})
    _, lines = faults(folder)

    assert ":1: text: is missing" in lines
    assert not Project.objects.exists()


def test_a_missing_file_is_found_before_anything_is_written(db: None, folder: Path) -> None:
    (folder / "outputs.jsonl").unlink()
    summary, _ = faults(folder)

    assert "outputs.jsonl" in summary
    assert not Project.objects.exists()


def test_an_unknown_format_is_refused(db: None, folder: Path) -> None:
    with pytest.raises(CommandError, match="papyrus"):
        run(folder, "--format", "papyrus")


def test_a_bad_slug_is_refused(db: None, folder: Path) -> None:
    with pytest.raises(CommandError, match="not valid"):
        call_command("arena_import", str(folder), "--project", "Two Words")
