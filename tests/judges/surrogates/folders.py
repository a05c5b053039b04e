"""Small native data set folders, made up: the fuller answer wins."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ANSWERS = {
    "full": "First weigh the {0}, then rinse it in cold water, dry it, and slice it thinly.",
    "fair": "Rinse the {0} and slice it.",
    "curt": "Slice {0}",
}
ORDER = list(ANSWERS)
THINGS = ("apple", "leek", "plum", "beet", "pear", "kale", "fig", "bean", "corn", "lime", "dill")


def write(folder: Path, stem: str, rows: Sequence[dict[str, Any]], gz: bool = False) -> None:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    if gz:
        (folder / f"{stem}.jsonl.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    else:
        (folder / f"{stem}.jsonl").write_text(text)


def judgment(prompt: str, a: str, b: str, winner: str, **more: Any) -> dict[str, Any]:
    row = {"prompt_id": prompt, "model_a": a, "model_b": b, "winner": winner}
    return {**row, "judge": "eve", "judge_kind": "human", **more}


def make_folder(parent: Path, name: str, gz: bool = False) -> Path:
    folder = parent / name
    folder.mkdir()
    asked = [
        {"prompt_id": thing, "messages": [{"role": "user", "content": f"Prepare a {thing}?"}]}
        for thing in THINGS
    ]
    outputs = [
        {"prompt_id": thing, "model": model, "text": text.format(thing)}
        for thing in THINGS
        for model, text in ANSWERS.items()
    ]
    judged = [
        judgment(thing, one, two, "a" if ORDER.index(one) < ORDER.index(two) else "b")
        for thing in THINGS
        for one in ORDER
        for two in ORDER
        if one != two
    ]
    write(folder, "prompts", asked)
    write(folder, "outputs", outputs, gz)
    write(folder, "judgments", judged, gz)
    return folder
