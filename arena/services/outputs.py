"""Writing outputs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from arena.datasets.records import OutputRecord
from arena.models import Output, Project
from arena.services.competitors import ensure_competitors
from arena.services.counts import Counts
from arena.services.upserts import Upsert, outputs_compared, rows_by_key


def upsert_outputs(project: Project, records: Iterable[tuple[int, OutputRecord]]) -> Counts:
    """Create or replace outputs by (prompt, competitor, sample), all or nothing.

    A record replaces the whole output; a field left out gets its default. The prompt must exist,
    the competitor is created when new. Raises BulkInvalid, also when the text of an output changes
    that has been compared: judgments would then speak of a text that nobody judged.
    """
    return _Outputs(project).run(records)


class _Outputs(Upsert[OutputRecord, Output]):
    model = Output
    noun = "output"
    key_field = "prompt"
    fields = (
        "turns", "tokens_in", "tokens_out", "latency_ms", "cost_usd", "metrics", "metadata",
    )  # fmt: skip
    columns = fields
    frozen = ("turns",)
    remedy = "send the changed text under a new sample number, or as a new competitor"

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self._competitors: dict[str, int] = {}

    def rows(self, batch: Sequence[tuple[int, OutputRecord]]) -> list[tuple[int, Output]]:
        keys = {record.prompt for _, record in batch}
        prompts = dict(self.project.prompts.filter(key__in=keys).values_list("key", "pk"))
        self._learn({record.competitor for _, record in batch})
        rows = []
        for line, record in batch:
            prompt = prompts.get(record.prompt)
            if prompt is None:
                self.fault(line, "prompt", f"no prompt has the id {record.prompt!r}")
            else:
                rows.append((line, _row(prompt, self._competitors[record.competitor], record)))
        return rows

    def _learn(self, names: set[str]) -> None:
        if new := names - self._competitors.keys():
            self._competitors |= ensure_competitors(self.project, new)

    def key(self, row: Output) -> tuple[int, int, int]:
        return row.prompt_id, row.competitor_id, row.sample

    def stored(self, rows: Collection[Output]) -> Iterable[Output]:
        columns = ("prompt_id", "competitor_id", "sample")
        return rows_by_key(Output, columns, [self.key(row) for row in rows])

    def compared(self, pks: Collection[int]) -> set[int]:
        return outputs_compared(pks)


def _row(prompt: int, competitor: int, record: OutputRecord) -> Output:
    return Output(
        prompt_id=prompt,
        competitor_id=competitor,
        sample=record.sample,
        turns=record.turns,
        tokens_in=record.tokens_in,
        tokens_out=record.tokens_out,
        latency_ms=None if record.latency_ms is None else round(record.latency_ms),
        cost_usd=record.cost_usd,
        metrics=record.metrics,
        metadata=record.metadata,
    )
