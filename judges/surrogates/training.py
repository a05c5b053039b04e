"""From folders of recorded judgments to a fitted surrogate with its card. Deterministic.

One comparison is one prompt and one pair of systems, whoever judged it and however often. Its
target is the share of votes for system a: first the mean over all votes of a judge (both orders
and repetitions; a tie or "both bad" is half a vote), then over the judges of a kind, then over the
kinds, so that people and machines weigh the same. The fit uses this share as it is, hence ties
and disagreement pull towards even odds instead of being dropped.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from arena.common.errors import InvalidInput
from judges.surrogates.features import FloatArray, Text, describe
from judges.surrogates.logistic import PairwiseLogistic
from judges.surrogates.model_card import ModelCard, TrainingSet
from judges.surrogates.validation import Comparison, fit, validate

VOTES = {"a": 1.0, "b": 0.0, "tie": 0.5, "both_bad": 0.5}

FIELDS = {
    "prompts": ("prompt_id",),
    "outputs": ("prompt_id", "model", "text"),
    "judgments": ("prompt_id", "model_a", "model_b", "winner", "judge", "judge_kind"),
}

Row = dict[str, Any]


@dataclass(frozen=True)
class DataSet:
    """A native data set folder, read: its line on the card and its comparisons."""

    summary: TrainingSet
    comparisons: tuple[Comparison, ...]


def fit_pretrained(folders: Sequence[Path], name: str) -> ModelCard:
    """Read the folders, measure held out, and fit on all. InvalidInput for unusable data."""
    data_sets = [read_data_set(folder) for folder in sorted(folders, key=lambda path: path.name)]
    names = [item.summary.name for item in data_sets]
    if len(data_sets) < 2 or len(set(names)) < len(names):
        raise InvalidInput("give at least two data set folders with different names")
    comparisons = [item for data_set in data_sets for item in data_set.comparisons]
    model = PairwiseLogistic.from_json(fit(comparisons).to_json())
    summaries = tuple(data_set.summary for data_set in data_sets)
    return ModelCard(name, model, summaries, validate(comparisons))


def read_data_set(folder: Path) -> DataSet:
    """Read one folder of prompts, outputs and judgments (JSON lines, plain or gzip).

    Judgments on a prompt or an output that the folder does not have are left out: there is no
    text to learn from. Raises InvalidInput when a file is missing or a line is faulty.
    """
    prompts = {row["prompt_id"]: Text(prompt_text(row)) for row in _rows(folder, "prompts")}
    outputs = {
        (row["prompt_id"], row["model"]): row["text"]
        for row in _rows(folder, "outputs")
        if row["prompt_id"] in prompts
    }
    judgments = [
        row
        for row in _rows(folder, "judgments")
        if all((row["prompt_id"], row[side]) in outputs for side in ("model_a", "model_b"))
    ]
    if not judgments:
        raise InvalidInput(f"{folder}: no judgment on a known pair of outputs")
    described = {key: describe(prompts[key[0]], Text(text)) for key, text in outputs.items()}
    comparisons = tuple(
        _comparison(folder.name, pair, share, described, outputs)
        for pair, share in sorted(vote_shares(judgments).items())
    )
    return DataSet(_summary(folder, judgments, comparisons), comparisons)


def prompt_text(row: Row) -> str:
    """What the user asked: the text, or all user turns."""
    if "messages" in row:
        return "\n\n".join(m["content"] for m in row["messages"] if m["role"] == "user")
    return str(row["text"])


def vote_shares(judgments: Sequence[Row]) -> dict[tuple[str, str, str], float]:
    """Share of votes for a, per (prompt, a, b) with a before b in the order of names."""
    kinds: dict[tuple[str, str, str], dict[str, dict[str, list[float]]]] = {}
    for row in judgments:
        a, b = sorted((row["model_a"], row["model_b"]))
        vote = VOTES[row["winner"]] if row["model_a"] == a else 1 - VOTES[row["winner"]]
        judges = kinds.setdefault((row["prompt_id"], a, b), {}).setdefault(row["judge_kind"], {})
        judges.setdefault(row["judge"], []).append(vote)
    return {
        pair: fmean(fmean(map(fmean, judges.values())) for judges in by_kind.values())
        for pair, by_kind in kinds.items()
    }


def _comparison(
    data_set: str,
    pair: tuple[str, str, str],
    share: float,
    described: Mapping[tuple[str, str], FloatArray],
    outputs: Mapping[tuple[str, str], str],
) -> Comparison:
    prompt_id, a, b = pair
    return Comparison(
        data_set=data_set,
        prompt_id=prompt_id,
        models=(a, b),
        share=share,
        difference=described[prompt_id, a] - described[prompt_id, b],
        longer=len(outputs[prompt_id, a]) - len(outputs[prompt_id, b]),
    )


def _summary(
    folder: Path, judgments: Sequence[Row], comparisons: Sequence[Comparison]
) -> TrainingSet:
    licence, sources = _origin(folder)
    return TrainingSet(
        name=folder.name,
        licence=licence,
        sources=sources,
        judges=tuple(sorted({row["judge"] for row in judgments})),
        prompts=len({item.prompt_id for item in comparisons}),
        models=len({model for item in comparisons for model in item.models}),
        judgments=len(judgments),
        comparisons=len(comparisons),
        decisive=sum(item.decisive for item in comparisons),
    )


def _origin(folder: Path) -> tuple[str, tuple[str, ...]]:
    """Licence and sources (repository at commit) as far as a SOURCE.md beside the data says."""
    path = folder / "SOURCE.md"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    licence = re.search(r"^## Licence\s+([\w.+-]+)", text, re.MULTILINE)
    sources = re.findall(r"(https://\S+) at commit `([0-9a-f]+)`", text)
    return (
        licence[1].rstrip(".") if licence else "not stated",
        tuple(f"{url}@{commit}" for url, commit in sources),
    )


def _rows(folder: Path, stem: str) -> Iterator[Row]:
    """Yield the rows of FOLDER/STEM.jsonl or .jsonl.gz, checked for the fields used here."""
    path = next((p for p in _candidates(folder, stem) if p.is_file()), None)
    if path is None:
        raise InvalidInput(f"{folder}: {stem}.jsonl or {stem}.jsonl.gz is missing")
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _row(stem, line, f"{path}, line {number}")


def _candidates(folder: Path, stem: str) -> tuple[Path, Path]:
    return (folder / f"{stem}.jsonl", folder / f"{stem}.jsonl.gz")


def _row(stem: str, line: str, where: str) -> Row:
    try:
        row: Row = json.loads(line)
    except ValueError as error:
        raise InvalidInput(f"{where}: not JSON ({error})") from None
    if not isinstance(row, dict):
        raise InvalidInput(f"{where}: not a JSON object")
    missing = [name for name in FIELDS[stem] if name not in row]
    if stem == "prompts" and not {"text", "messages"} & set(row):
        missing.append("text or messages")
    if missing:
        raise InvalidInput(f"{where}: {', '.join(missing)} is missing")
    if stem == "judgments" and row["winner"] not in VOTES:
        raise InvalidInput(f"{where}: winner must be one of {', '.join(VOTES)}")
    return row
