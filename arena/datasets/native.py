"""The native folder: prompts, outputs, judgments and rationales as JSON lines, plain or gzipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

from arena.common.errors import BulkInvalid, InvalidInput
from arena.datasets import formats
from arena.datasets.base import FolderParams
from arena.datasets.jsonl import Source, records_of
from arena.datasets.records import (
    JudgmentRecord,
    OutputRecord,
    PromptRecord,
    RationaleRecord,
)


@formats.register("native")
class Native:
    """`prompts.jsonl`, `outputs.jsonl`, and where there are any `judgments.jsonl` and
    `rationales.jsonl` (the words of judges, by `judgment_id`); each may end in `.gz`."""

    label: ClassVar[str] = "Native folder (JSON lines)"
    Params: ClassVar[type[FolderParams]] = FolderParams

    def __init__(self, params: FolderParams) -> None:
        self._folder = params.folder
        if not self._folder.is_dir():
            raise InvalidInput(f"{self._folder} is not a folder")

    def prompts(self) -> Source[PromptRecord]:
        return records_of(self._required("prompts"), PromptRecord)

    def outputs(self) -> Source[OutputRecord]:
        return records_of(self._required("outputs"), OutputRecord)

    def judgments(self) -> Source[JudgmentRecord] | None:
        path = self._find("judgments")
        if path is None:
            return None
        source = records_of(path, JudgmentRecord)

        def with_reasons(progress: Callable[[int], object]) -> Iterator[tuple[int, JudgmentRecord]]:
            reasons = self._rationales()
            for line, record in source.open(progress):
                if record.id is not None and not record.rationale:
                    record.rationale = reasons.get(record.id, "")
                yield line, record

        return Source(path, with_reasons)

    def _rationales(self) -> dict[str, str]:
        path = self._find("rationales")
        if path is None:
            return {}
        source = records_of(path, RationaleRecord)
        try:
            return {record.judgment_id: record.text for _, record in source.open(lambda _: None)}
        except BulkInvalid as error:
            first = error.errors[0]
            raise InvalidInput(f"{path}:{first.line}: {first.field} {first.message}") from None

    def _find(self, stem: str) -> Path | None:
        paths = [self._folder / f"{stem}.jsonl", self._folder / f"{stem}.jsonl.gz"]
        found = [path for path in paths if path.is_file()]
        if len(found) > 1:
            raise InvalidInput(f"{self._folder} holds both {found[0].name} and {found[1].name}")
        return found[0] if found else None

    def _required(self, stem: str) -> Path:
        path = self._find(stem)
        if path is None:
            raise InvalidInput(f"{self._folder} holds no {stem}.jsonl or {stem}.jsonl.gz")
        return path
