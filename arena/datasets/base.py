"""What a data set format offers."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from arena.common.plugins import Params, Plugin
from arena.datasets.jsonl import Source
from arena.datasets.records import JudgmentRecord, OutputRecord, PromptRecord


class FolderParams(Params):
    """Where the data set is."""

    folder: Path


class Dataset(Plugin, Protocol):
    """A data set that is being read. Each source is a stream to be read once.

    Raises InvalidInput when a file is missing; a stream ends with BulkInvalid when lines are bad.
    """

    def prompts(self) -> Source[PromptRecord]: ...

    def outputs(self) -> Source[OutputRecord]: ...

    def judgments(self) -> Source[JudgmentRecord] | None:
        """The recorded judgments, or None when the data set has none."""
        ...
