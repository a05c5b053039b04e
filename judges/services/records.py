"""Importing judgments that were made elsewhere. They enter at the same door as all others."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction

from arena.common.bulk import Faults, batches
from arena.common.planner import refresh_statistics
from arena.datasets.records import JudgmentRecord
from arena.models import Comparison, Output, Project
from arena.services import comparisons
from arena.services.counts import Counts
from judges.contracts import Order, Winner
from judges.models import Decision, Judge, Judgment
from judges.services import decisions
from judges.services.judges import define
from judges.services.replies import storable
from judges.services.settling import settle_again

Line = tuple[int, JudgmentRecord]
Place = tuple[int, int, str]  # judge, comparison, order


@dataclass
class _Import:
    """The state of one import: what was resolved, what is wrong, what was counted."""

    project: Project
    judges: dict[str, Judge | None] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    counts: Counts = field(default_factory=Counts)
    seen: Counter[Place] = field(default_factory=Counter)
    touched: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))


def import_judgments(project: Project, records: Iterable[Line]) -> Counts:
    """Import outside judgments, all or nothing; a judge of kind `recorded` is made for each name.

    A record with an `id` is known by it; one without is the n-th of its judge on this pair in
    this order, so sending the same batch again changes nothing. A judgment on record is never
    changed: BulkInvalid names the line that would.
    """
    state = _Import(project)
    with transaction.atomic():
        for batch in batches(state.faults.watch(records), lambda record: len(record.rationale)):
            _import_batch(state, batch)
        state.faults.raise_if_any()
        refresh_statistics(Comparison, Judgment, rows=state.counts.created)
        for judge_id, compared in state.touched.items():
            _decide(Judge.objects.get(pk=judge_id), compared)
    return state.counts


def _decide(judge: Judge, compared: set[int]) -> None:
    """Rule on the pairs anew, for all judges that read this name."""
    decisions.ask(judge, compared)
    reading = Decision.objects.filter(
        judge__project=judge.project_id,
        judge__kind="recorded",
        judge__params__judge=judge.name,
        comparison__in=compared,
    )
    settle_again(reading.values_list("pk", flat=True))


def _import_batch(state: _Import, batch: list[Line]) -> None:
    outputs = _outputs(state.project, batch)
    resolved = []
    for line, record in batch:
        pair = _pair(state, line, record, outputs)
        judge = _judge(state, line, record)
        if pair and judge:
            resolved.append((line, record, judge, pair))
    compared = comparisons.ensure([pair for _, _, _, pair in resolved])
    rows = []
    for line, record, judge, pair in resolved:
        key = compared[min(pair), max(pair)]
        rows.append((line, _row(record, judge, key, swapped=pair[0] > pair[1])))
    _write(state, rows)


def _outputs(project: Project, batch: list[Line]) -> dict[tuple[str, str], int]:
    """{(prompt key, competitor name): output}; of several samples the first."""
    rows = (
        Output.objects.filter(
            prompt__project=project, prompt__key__in={record.prompt for _, record in batch}
        )
        .order_by("-sample", "-id")
        .values_list("prompt__key", "competitor__name", "pk")
    )
    return {(prompt, name): pk for prompt, name, pk in rows}


def _pair(
    state: _Import, line: int, record: JudgmentRecord, outputs: dict[tuple[str, str], int]
) -> tuple[int, int] | None:
    found = []
    for name in ("competitor_a", "competitor_b"):
        competitor = getattr(record, name)
        pk = outputs.get((record.prompt, competitor))
        if pk is None:
            said = f"no output of {competitor!r} to prompt {record.prompt!r} is known"
            state.faults.add(line, record.sent_as(name), said)
        else:
            found.append(pk)
    if record.competitor_a == record.competitor_b:
        state.faults.add(line, "competitor_b", "a competitor cannot meet itself")
        return None
    return (found[0], found[1]) if len(found) == 2 else None


def _judge(state: _Import, line: int, record: JudgmentRecord) -> Judge | None:
    name = record.judge
    if name not in state.judges:
        existing = state.project.judges.filter(name=name, is_current=True).first()
        if existing is None:
            existing = define(
                project=state.project, name=name, kind="recorded", params={"judge": name}
            )
        usable = existing.kind == "recorded" and existing.params["judge"] == name
        state.judges[name] = existing if usable else None
    judge = state.judges[name]
    if judge is None:
        state.faults.add(
            line, "judge", f"{name!r} is a judge of this project that was not imported"
        )
    return judge


def _row(record: JudgmentRecord, judge: Judge, comparison: int, *, swapped: bool) -> Judgment:
    """The judgment in terms of the comparison's own a and b."""
    order = Order(record.order) if record.order else Order.UNKNOWN
    winner = Winner(record.winner)
    scores = (record.score_a, record.score_b)
    if swapped:
        order = {Order.AB: Order.BA, Order.BA: Order.AB}.get(order, order)
        winner = {Winner.A: Winner.B, Winner.B: Winner.A}.get(winner, winner)
        scores = scores[::-1]
    details = {"judge_kind": record.judge_kind, **record.metadata}
    if record.score is not None:
        details["score"] = record.score
    return Judgment(
        judge=judge,
        comparison_id=comparison,
        order=order,
        sample=record.sample if record.sample is not None else -1,
        winner=winner,
        score_a=scores[0],
        score_b=scores[1],
        reason=storable(record.rationale or ""),
        details=details,
        external_key=record.id,
    )


def _write(state: _Import, rows: list[tuple[int, Judgment]]) -> None:
    """Write the rows that are new; refuse those that differ from what is on record."""
    by_key, by_place = _on_record([row for _, row in rows])
    new = []
    for line, row in rows:
        place = (row.judge_id, row.comparison_id, str(row.order))
        known = _known(state, row, place, by_key, by_place)
        if known is None:
            new.append(row)
            by_place[place][row.sample] = str(row.winner)
            if row.external_key:
                by_key[row.judge_id, row.external_key] = (*place, str(row.winner))
            state.touched[row.judge_id].add(row.comparison_id)
        elif known:
            state.counts.unchanged += 1
        else:
            state.faults.add(
                line, "winner", "another judgment stands on record here; send a new id"
            )
    Judgment.objects.bulk_create(new)
    state.counts.created += len(new)


def _known(
    state: _Import,
    row: Judgment,
    place: Place,
    by_key: dict[tuple[int, str], tuple[int, int, str, str]],
    by_place: defaultdict[Place, dict[int, str]],
) -> bool | None:
    """None: new (its sample number is then set). True: on record as it is. False: differs."""
    if row.external_key:
        recorded = by_key.get((row.judge_id, row.external_key))
        if recorded is not None:
            return recorded == (*place, str(row.winner))
        if row.sample < 0:
            row.sample = max(by_place[place], default=-1) + 1
    elif row.sample < 0:
        row.sample = state.seen[place]
        state.seen[place] += 1
    winner = by_place[place].get(row.sample)
    return None if winner is None else winner == row.winner


def _on_record(
    rows: list[Judgment],
) -> tuple[dict[tuple[int, str], tuple[int, int, str, str]], defaultdict[Place, dict[int, str]]]:
    """What stands on record: by the sender's id, and by place."""
    by_key: dict[tuple[int, str], tuple[int, int, str, str]] = {}
    by_place: defaultdict[Place, dict[int, str]] = defaultdict(dict)
    judges = {row.judge_id for row in rows}
    same = Judgment.objects.filter(judge__in=judges)
    fields = ("judge_id", "comparison_id", "order", "sample", "winner", "external_key")
    here = same.filter(comparison__in={row.comparison_id for row in rows})
    for judge, comparison, order, sample, winner, _key in here.values_list(*fields):
        by_place[judge, comparison, order][sample] = winner
    keys = {row.external_key for row in rows if row.external_key}
    for judge, comparison, order, _sample, winner, key in same.filter(
        external_key__in=keys
    ).values_list(*fields):
        by_key[judge, key] = (judge, comparison, order, winner)
    return by_key, by_place
