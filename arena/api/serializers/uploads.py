"""The bodies of bulk uploads: one record or an array of them (or, as JSON lines, one a line)."""

from __future__ import annotations

from pydantic import RootModel

from arena.datasets.records import CompetitorRecord, OutputRecord, PromptRecord


class PromptUpload(RootModel[PromptRecord | list[PromptRecord]]):
    """One prompt, or many."""


class CompetitorUpload(RootModel[CompetitorRecord | list[CompetitorRecord]]):
    """One competitor, or many."""


class OutputUpload(RootModel[OutputRecord | list[OutputRecord]]):
    """One output, or many."""
