from __future__ import annotations

import json
import os
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from arena.common.errors import InvalidInput
from judges.surrogates.model_card import POOLED, ModelCard, Split, load
from judges.surrogates.training import fit_pretrained, read_data_set, vote_shares
from judges.surrogates.validation import (
    Comparison,
    clustered_mean,
    prompt_weights,
    validate,
)
from tests.judges.surrogates.folders import ANSWERS, THINGS, judgment, make_folder, write

ROOT = Path(__file__).resolve().parents[3]


def comparison(prompt: str, share: float, data_set: str = "one") -> Comparison:
    return Comparison(data_set, prompt, ("a", "b"), share, np.array([share - 0.5]), 0)


def test_votes_are_averaged_by_judge_then_by_kind() -> None:
    rows = [
        judgment("p", "a", "b", "a", judge="eve", judge_kind="human"),
        judgment("p", "a", "b", "a", judge="ann", judge_kind="human"),
        judgment("p", "b", "a", "a", judge="ann", judge_kind="human"),
        judgment("p", "b", "a", "b", judge="llm-1", judge_kind="llm"),
        judgment("p", "b", "a", "tie", judge="llm-2", judge_kind="llm"),
        judgment("p", "b", "a", "both_bad", judge="llm-3", judge_kind="llm"),
    ]
    people = (1 + 0.5) / 2
    machines = (1 + 0.5 + 0.5) / 3
    assert vote_shares(rows) == {("p", "a", "b"): pytest.approx((people + machines) / 2)}


def test_a_folder_becomes_one_comparison_for_each_prompt_and_pair(tmp_path: Path) -> None:
    data = read_data_set(make_folder(tmp_path, "kitchen"))
    assert len(data.comparisons) == len(THINGS) * 3
    assert data.summary.judgments == len(THINGS) * 6
    assert (data.summary.prompts, data.summary.models) == (len(THINGS), len(ANSWERS))
    assert data.summary.licence == "not stated"
    for item in data.comparisons:
        assert item.models[0] < item.models[1]
        assert item.share in {0.0, 1.0}
        assert (item.longer > 0) == (item.share == 1)


def test_gzip_reads_like_plain(tmp_path: Path) -> None:
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    plain.mkdir()
    packed.mkdir()
    one = read_data_set(make_folder(plain, "kitchen"))
    two = read_data_set(make_folder(packed, "kitchen", gz=True))
    assert one.summary == two.summary
    assert [c.share for c in one.comparisons] == [c.share for c in two.comparisons]


def test_licence_and_source_come_from_the_folder(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, "kitchen")
    source = "- https://example.org/x at commit `0a1b` (2024)\n\n## Licence\n\nMIT (by us).\n"
    (folder / "SOURCE.md").write_text(source)
    summary = read_data_set(folder).summary
    assert summary.licence == "MIT"
    assert summary.sources == ("https://example.org/x@0a1b",)


def test_judgments_without_their_texts_are_left_out(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, "kitchen")
    write(
        folder,
        "judgments",
        [
            judgment("fig", "full", "curt", "a"),
            judgment("fig", "full", "lost", "a"),
            judgment("yam", "full", "curt", "a"),
        ],
    )
    orphan = {"prompt_id": "yam", "model": "full", "text": "Peel the yam."}
    with (folder / "outputs.jsonl").open("a") as file:
        file.write(json.dumps(orphan) + "\n")
    assert read_data_set(folder).summary.judgments == 1


def test_a_prompt_needs_a_text(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, "kitchen")
    write(folder, "prompts", [{"prompt_id": "fig"}])
    with pytest.raises(InvalidInput, match="text or messages"):
        read_data_set(folder)


@pytest.mark.parametrize(
    ("line", "said"),
    [("{", "line 1: not JSON"), ("{}", "is missing"), ("[]", "not a JSON object")],
)
def test_a_faulty_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    folder = make_folder(tmp_path, "kitchen")
    (folder / "judgments.jsonl").write_text(line + "\n")
    with pytest.raises(InvalidInput, match=said):
        read_data_set(folder)


def test_an_unknown_winner_and_a_missing_file_are_named(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, "kitchen")
    write(folder, "judgments", [judgment("fig", "full", "curt", "c")])
    with pytest.raises(InvalidInput, match="winner must be one of"):
        read_data_set(folder)
    (folder / "outputs.jsonl").unlink()
    with pytest.raises(InvalidInput, match=r"outputs\.jsonl"):
        read_data_set(folder)


def test_prompts_weigh_the_same_within_and_data_sets_across() -> None:
    rows = [comparison("p", 1), comparison("p", 0), comparison("q", 1), comparison("r", 1, "two")]
    assert prompt_weights(rows).tolist() == [0.375, 0.375, 0.75, 1.5]


def test_the_table_covers_all_three_splits_and_leaves_ties_out(tmp_path: Path) -> None:
    one = read_data_set(make_folder(tmp_path, "one")).comparisons
    two = read_data_set(make_folder(tmp_path, "two")).comparisons
    tied = [Comparison("one", "tied", ("curt", "full"), 0.5, one[0].difference, 1)]
    table = {(row.split, row.scope): row for row in validate([*one, *two, *tied])}
    assert table[Split.PROMPT, POOLED].comparisons == len(one) + len(two)
    assert table[Split.DATA_SET, "two"].comparisons == len(two)
    assert table[Split.MODEL, "one / full"].comparisons == len(THINGS) * 2
    assert table[Split.MODEL, POOLED].comparisons == 2 * (len(one) + len(two))
    row = table[Split.PROMPT, POOLED]
    assert row.surrogate.value == row.longer.value == 1
    assert row.lead.value == 0


def test_nothing_is_learnt_when_the_votes_are_noise() -> None:
    rng = np.random.default_rng(3)
    rows = [
        Comparison(f"set {i % 2}", str(i), ("a", "b"), float(rng.random() < 0.5), x, 0)
        for i, x in enumerate(rng.normal(size=(600, 8)))
    ]
    for row in validate(rows):
        assert row.surrogate.low < 0.5 < row.surrogate.high or abs(row.surrogate.value - 0.5) < 0.06


def test_intervals_count_prompts_and_not_rows() -> None:
    values = np.repeat([1.0, 0.0, 1.0, 1.0], 100)
    prompts = [("one", str(i)) for i in range(400)]
    wide = clustered_mean(values, [("one", str(i // 100)) for i in range(400)])
    narrow = clustered_mean(values, prompts)
    assert wide.value == narrow.value == 0.75
    assert (wide.high - wide.low) / (narrow.high - narrow.low) > 8


def test_the_order_of_folders_and_a_rerun_change_no_byte(tmp_path: Path) -> None:
    folders = [make_folder(tmp_path, "one"), make_folder(tmp_path, "two", gz=True)]
    card = fit_pretrained(folders, "tiny")
    text = card.to_json()
    assert fit_pretrained(folders[::-1], "tiny").to_json() == text
    assert ModelCard.from_json(text).to_json() == text
    assert "rinse" not in text


def test_the_committed_model_is_what_its_data_and_this_code_give() -> None:
    shared = Path(os.environ.get("ARENA_SHARED_DATA", ROOT.parent / "shared" / "data"))
    committed = load("general")
    folders = [shared / item.name for item in committed.training_sets]
    if not all(folder.is_dir() for folder in folders):
        pytest.skip(f"the training sets are not at {shared} (ARENA_SHARED_DATA)")
    refit = fit_pretrained(folders, "general")
    np.testing.assert_allclose(refit.model.coef_, committed.model.coef_, rtol=1e-4)
    np.testing.assert_allclose(refit.model.scale_, committed.model.scale_, rtol=1e-4)
    assert refit.training_sets == committed.training_sets
    for new, old in zip(refit.held_out, committed.held_out, strict=True):
        assert (new.split, new.scope, new.comparisons) == (old.split, old.scope, old.comparisons)
        assert new.surrogate.value == pytest.approx(old.surrogate.value, abs=0.002)


def test_one_folder_is_too_few(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="two"):
        fit_pretrained([make_folder(tmp_path, "one")], "tiny")


def test_the_command_writes_the_model_and_prints_its_accuracy(tmp_path: Path) -> None:
    folders = [str(make_folder(tmp_path, name)) for name in ("one", "two")]
    arguments = ["--name", "tiny", "--output", str(tmp_path)]
    for folder in folders:
        arguments += ["--data", folder]
    out = StringIO()
    call_command("arena_fit_surrogate", *arguments, stdout=out)
    assert json.loads((tmp_path / "tiny.json").read_text())["name"] == "tiny"
    assert "prompt: pooled" in out.getvalue()
    with pytest.raises(CommandError, match="name"):
        call_command("arena_fit_surrogate", "--data", folders[0], "--name", "../x")
    with pytest.raises(CommandError, match="two"):
        call_command("arena_fit_surrogate", "--data", folders[0], "--name", "x")
