"""Writing prompts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from arena.datasets.records import PromptRecord
from arena.models import Comparison, Project, Prompt
from arena.services.counts import Counts
from arena.services.upserts import Upsert


def upsert_prompts(project: Project, records: Iterable[tuple[int, PromptRecord]]) -> Counts:
    """Create or replace prompts by their ids, all or nothing.

    A record replaces the whole prompt; a field left out gets its default. Raises BulkInvalid, also
    when the question of a prompt changes whose outputs have been compared.
    """
    return _Prompts(project).run(records)


class _Prompts(Upsert[PromptRecord, Prompt]):
    model = Prompt
    noun = "prompt"
    key_field = "id"
    fields = (
        "messages", "category", "tags", "language", "reference", "rubric", "system", "contexts",
        "images", "metadata",
    )  # fmt: skip
    columns = fields
    frozen = ("messages", "system", "contexts", "images")
    remedy = "send the changed prompt under a new id"

    def rows(self, batch: Sequence[tuple[int, PromptRecord]]) -> list[tuple[int, Prompt]]:
        return [(line, _row(self.project, record)) for line, record in batch]

    def key(self, row: Prompt) -> str:
        return row.key

    def stored(self, rows: Collection[Prompt]) -> Iterable[Prompt]:
        return Prompt.objects.filter(project=self.project, key__in={row.key for row in rows})

    def compared(self, pks: Collection[int]) -> set[int]:
        return set(
            Comparison.objects.filter(prompt__in=pks).values_list("prompt_id", flat=True).distinct()
        )


def _row(project: Project, record: PromptRecord) -> Prompt:
    return Prompt(
        project=project,
        key=record.id,
        messages=[message.model_dump() for message in record.messages],
        category=record.category,
        tags=record.tags,
        language=record.language,
        reference=record.reference,
        rubric=record.rubric,
        system=record.system,
        contexts=[context.model_dump(exclude_none=True) for context in record.contexts],
        images=record.images,
        metadata=record.metadata,
    )
