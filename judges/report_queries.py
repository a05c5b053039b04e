"""What the reports on judges read: whole columns at once, in a constant number of queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import islice
from typing import Any

import numpy as np
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Count, Exists, F, FloatField, Func, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.sql.compiler import SQLCompiler
from numpy.typing import NDArray

from arena.models import Comparison, Output, Project
from arena.queries import prompts_where
from judges.contracts import Order, Silence
from judges.models import SETTLED, Decision, DecisionStatus, Judge, Judgment
from judges.stats.bootstrap import BoolArray, FloatArray, IntArray
from judges.stats.position import AB, BA, UNKNOWN
from judges.stats.verdicts import CODES, NONE, Verdicts

CHUNK = 10_000
ORDERS = {Order.AB: AB, Order.BA: BA, Order.UNKNOWN: UNKNOWN}
SILENCES = {silence: number for number, silence in enumerate(Silence)}
JUDGMENT = (
    "comparison_id", "order", "sample", "winner", "silence", "probability", "score_a", "score_b",
    "calls", "tokens_in", "tokens_out", "usd", "latency_ms",
)  # fmt: skip


@dataclass(frozen=True)
class Selection:
    """Which comparisons a report is about; what is empty does not narrow it."""

    tournament: int | None = None
    category: str = ""
    tag: str = ""
    language: str = ""


@dataclass(frozen=True)
class Compared:
    """Comparisons (C,) in order of their ids; `prompt` numbers the prompts from 0.

    outputs, competitors: (C, 2) ids, of a and of b.
    """

    ids: IntArray
    prompt: IntArray
    prompts: int
    outputs: IntArray
    competitors: IntArray

    def rows(self, ids: IntArray) -> tuple[IntArray, BoolArray]:
        """The place of each id, and whether it is here at all."""
        place = np.searchsorted(self.ids, ids)
        place[place == len(self.ids)] = 0
        known = self.ids[place] == ids if len(self.ids) else np.zeros(len(ids), dtype=bool)
        return place, known


@dataclass(frozen=True)
class Decided:
    """What judges made of comparisons, each (C, J): verdict, silence (or NONE), a's share (or nan).

    A comparison that a judge has not settled has neither verdict nor silence.
    """

    verdicts: Verdicts
    silences: NDArray[np.int8]
    shares: FloatArray


@dataclass(frozen=True)
class Given:
    """Judgments (N,) on comparisons of these rows; not-a-number where something is not known."""

    row: IntArray
    order: IntArray
    sample: IntArray
    verdict: Verdicts
    silence: NDArray[np.int8]
    probability: FloatArray
    score_a: FloatArray
    score_b: FloatArray
    calls: FloatArray
    tokens_in: FloatArray
    tokens_out: FloatArray
    usd: FloatArray
    latency_ms: FloatArray


class _Characters(Func):
    """The length of all texts in a JSON array, together."""

    arity = 1
    output_field = FloatField()

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, tuple[Any, ...]]:
        template = "(SELECT SUM(LENGTH(turn.value)) FROM json_each(%(expressions)s) AS turn)"
        return self.as_sql(compiler, connection, template=template, **context)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, tuple[Any, ...]]:
        texts = "jsonb_array_elements_text(%(expressions)s) AS turn(text)"
        template = f"(SELECT SUM(LENGTH(turn.text)) FROM {texts})"  # noqa: S608  # no input
        return self.as_sql(compiler, connection, template=template, **context)


def current_judges(project: Project, limit: int) -> list[Judge]:
    """The current judges that decided anything, those with most verdicts first."""
    counted = project.judges.filter(is_current=True).annotate(
        verdict_count=Count("decisions", filter=Q(decisions__status=DecisionStatus.DECIDED))
    )
    return list(counted.filter(verdict_count__gt=0).order_by("-verdict_count", "pk")[:limit])


def imported_as_people(project: Project) -> set[int]:
    """The judges under whose names judgments of people were imported."""
    first = Judgment.objects.filter(judge=OuterRef("pk")).order_by("pk")
    kind = first.annotate(by=KeyTextTransform("judge_kind", "details")).values("by")[:1]
    imported = Judge.objects.filter(project=project, kind="recorded")
    return set(imported.annotate(by=Subquery(kind)).filter(by="human").values_list("pk", flat=True))


def compared(project: Project, selection: Selection) -> Compared:
    """The comparisons of a project that the selection leaves."""
    columns = (
        "pk", "prompt_id", "output_a_id", "output_b_id",
        "output_a__competitor_id", "output_b__competitor_id",
    )  # fmt: skip
    rows = _selected(project, selection).order_by("pk").values_list(*columns)
    table = np.array(list(rows.iterator(CHUNK)), dtype=np.int64).reshape(-1, len(columns))
    prompts, prompt = np.unique(table[:, 1], return_inverse=True)
    return Compared(table[:, 0], prompt, len(prompts), table[:, 2:4], table[:, 4:6])


def decided(judges: Sequence[Judge], at: Compared) -> Decided:
    """What each of the judges decided on these comparisons."""
    columns = {judge.pk: number for number, judge in enumerate(judges)}
    shape = (len(at.ids), len(judges))
    verdicts = np.full(shape, NONE, dtype=np.int8)
    silences, shares = verdicts.copy(), np.full(shape, np.nan)
    rows = Decision.objects.filter(judge__in=columns, status__in=SETTLED).values_list(
        "comparison_id", "judge_id", "winner", "silence", "share"
    )
    for chunk in _chunks(rows):
        comparison, judge, winner, silence, share = zip(*chunk, strict=True)
        place, known = at.rows(np.array(comparison))
        cell = place[known], np.array([columns[pk] for pk in judge])[known]
        verdicts[cell] = _coded(winner, CODES)[known]
        silences[cell] = _coded(silence, SILENCES)[known]
        shares[cell] = np.array(share, dtype=float)[known]
    return Decided(verdicts, silences, shares)


def given(judges: Collection[int], at: Compared) -> Given:
    """The judgments of these judges on these comparisons."""
    rows = Judgment.objects.filter(judge__in=judges).order_by("pk").values_list(*JUDGMENT)
    parts = [_given(chunk, at) for chunk in _chunks(rows)] or [_nothing()]
    names = [item.name for item in fields(Given)]
    return Given(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    )


def characters(project: Project, at: Compared) -> FloatArray:
    """(C, 2): the characters of both outputs, all turns together."""
    rows = Output.objects.filter(competitor__project=project).order_by("pk")
    lengths = rows.annotate(characters=_Characters(F("turns"))).values_list("pk", "characters")
    table = np.array(list(lengths.iterator(CHUNK)), dtype=float).reshape(-1, 2)
    place = np.searchsorted(table[:, 0], at.outputs)
    found: FloatArray = np.nan_to_num(table[place, 1]) if len(table) else np.zeros(place.shape)
    return found


def _selected(project: Project, selection: Selection) -> QuerySet[Comparison]:
    names = ("category", "tag", "language")
    filters = {name: getattr(selection, name) for name in names if getattr(selection, name)}
    rows = Comparison.objects.filter(prompt__project=project)
    rows = rows.filter(prompts_where(filters, prefix="prompt__"))
    if selection.tournament is None:
        return rows
    # Matches belong to the app above; here they are known by the name of the relation only.
    played = Decision.objects.filter(
        comparison=OuterRef("pk"), matches__tournament=selection.tournament
    )
    return rows.filter(Exists(played))


def _given(chunk: Iterable[tuple[Any, ...]], at: Compared) -> Given:
    comparison, order, sample, winner, silence, *numbers = zip(*chunk, strict=True)
    row, known = at.rows(np.array(comparison))
    return Given(
        row[known],
        _coded(order, ORDERS)[known].astype(np.int64),
        np.array(sample)[known],
        _coded(winner, CODES)[known],
        _coded(silence, SILENCES)[known],
        *(np.array(column, dtype=float)[known] for column in numbers),
    )


def _nothing() -> Given:
    whole, small, real = np.empty(0, np.int64), np.empty(0, np.int8), np.empty(0)
    return Given(whole, whole, whole, small, small, *[real] * 8)


def _chunks(rows: QuerySet[Any, Any]) -> Iterator[list[Any]]:
    """The rows as they stream in, so that columns and not rows pile up."""
    stream = rows.iterator(CHUNK)
    while chunk := list(islice(stream, CHUNK)):
        yield chunk


def _coded(names: Iterable[str | None], codes: Mapping[Any, int]) -> NDArray[np.int8]:
    return np.array([NONE if name is None else codes[name] for name in names], dtype=np.int8)
