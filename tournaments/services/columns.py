"""Decided comparisons as the columns that rating methods read."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from arena.models import Output
from judges.contracts import Order, Winner
from judges.models import Adjudication, Decision, Judge, Judgment, Quarantine
from judges.queries import evidence_of
from judges.services.evidence import raters_of
from tournaments.ratings.base import Comparisons, FloatArray, IntArray
from tournaments.ratings.grades import SLIGHT
from tournaments.ratings.noise_share import Repeats
from tournaments.ratings.style import Look, differences, look_of

CHUNK = 10_000
REPEATS_FROM = 200
"""Prompts whose repeated calls are read; of more prompts an even sample stands for all."""

SURROGATE = "surrogate"
PEOPLE = "human"
NOT_REPEATED = (SURROGATE, PEOPLE)
"""Kinds whose verdicts on one comparison are not one judge asked again."""

COVARIATES = "covariates."
SCORES: dict[str | None, float] = {Winner.A: 1.0, Winner.B: 0.0}
SLIGHTLY = 1
"""The strength of a judgment that calls the winner slightly better; 2 is much."""

SHOWN_FIRST = {Order.AB: 1, Order.BA: -1}
CALLED = (Order.AB, Order.BA, Order.UNKNOWN)
"""The columns of `Repeats`."""


@dataclass(frozen=True)
class _Ids:
    """(N,) columns of database ids, in no order that matters."""

    judge: IntArray
    comparison: IntArray
    prompt: IntArray
    output_a: IntArray
    output_b: IntArray
    a: IntArray
    b: IntArray
    score: FloatArray


def comparisons_of(
    decided: QuerySet[Decision],
    names: Mapping[int, str],
    judges: Collection[Judge],
    wanted: Collection[str],
) -> Comparisons:
    """Decisions as columns, numbered as a new import of the same data would number them.

    names: competitors by id. judges: those who decided. wanted: the optional columns to fill, see
    `RatingMethod.columns`.
    """
    ids = _ids(decided)
    competitors = tuple(sorted(names.values()))
    competitor = _places(names, competitors)
    columns: dict[str, IntArray | FloatArray] = {}
    if {"first", "share"} & set(wanted):
        columns = {k: v for k, v in _presented(ids, judges).items() if k in wanted}
    if SURROGATE in wanted:
        predicting = [judge.pk for judge in judges if judge.kind == SURROGATE]
        columns[SURROGATE] = np.isin(ids.judge, predicting).astype(np.int64)
    if "clarity" in wanted and (clarity := _clarity(ids, judges)) is not None:
        columns["clarity"] = clarity
    if "rater" in wanted and (raters := _raters(ids, judges)) is not None:
        columns["rater"] = raters
    called = {judge.pk: str(judge) for judge in judges}
    judge_names = tuple(sorted(set(called.values()))) if "judge" in wanted else ()
    if judge_names:
        columns["judge"] = _look_up(ids.judge, _places(called, judge_names))
    covariates = {name.removeprefix(COVARIATES) for name in wanted if name.startswith(COVARIATES)}
    return Comparisons(
        competitors=competitors,
        a=_look_up(ids.a, competitor),
        b=_look_up(ids.b, competitor),
        score=ids.score,
        prompt=_prompts(decided, ids.prompt),
        judges=judge_names,
        covariates=_styles(ids, covariates) if covariates else {},
        **columns,  # type: ignore[arg-type]  # each under the name of its column
    )


def by_prompt(decided: QuerySet[Decision], field: str) -> tuple[str, ...]:
    """A field of the prompts, in the order in which `comparisons_of` numbers them."""
    rows = decided.order_by().values_list("comparison__prompt__key", f"comparison__prompt__{field}")
    return tuple(value for _, value in sorted(rows.distinct()))


def repeats_of(decided: QuerySet[Decision], judges: Collection[Judge]) -> Repeats:
    """The comparisons that one of the judges, or of those they rest on, judged more than once.

    A statistical model repeats itself, so it is left out; so are people, whose repeated calls are
    verdicts of different persons.
    """
    asked = [judge for judge in judges if judge.kind not in NOT_REPEATED]
    mine = decided.filter(judge__in=asked)
    prompts = list(
        mine.order_by("comparison__prompt").values_list("comparison__prompt", flat=True).distinct()
    )
    mine = mine.filter(comparison__prompt__in=prompts[:: -(-len(prompts) // REPEATS_FROM) or 1])
    rows = Judgment.objects.filter(
        comparison__in=mine.values("comparison"),
        judge__in=set().union(*evidence_of(asked).values()) if asked else [],
        winner__isnull=False,
    ).exclude(judge__kind__in=NOT_REPEATED)
    of_people = Q(details__judge_kind=PEOPLE, details__judge_kind__isnull=False)
    machines = rows.filter(Q(details__judge_kind__isnull=True) | ~of_people)
    return _repeats(machines.order_by())


def _repeats(judgments: QuerySet[Judgment]) -> Repeats:
    names = ("judge", "comparison", "comparison__prompt", *_SIDES, "order", "winner")
    calls: defaultdict[tuple[int, ...], FloatArray] = defaultdict(lambda: np.zeros((3, 3)))
    for *key, order, winner, n in judgments.values_list(*names).annotate(Count("pk")).iterator():
        score = SCORES.get(winner, 0.5)
        counted = n * (score == 1.0), n * (score == 0.5), n
        calls[tuple(key)][:, CALLED.index(Order(order))] += counted
    repeated = sorted(key for key, cell in calls.items() if cell[2].sum() > 1)
    keys = np.array(repeated, dtype=np.int64).reshape(-1, 5)
    cells = np.array([calls[key] for key in repeated]).reshape(-1, 3, 3)
    competitors, place = np.unique(keys[:, 3:], return_inverse=True)
    a, b = place.reshape(-1, 2).T
    return Repeats(len(competitors), a, b, keys[:, 2], *cells.swapaxes(0, 1))


_SIDES = ("comparison__output_a__competitor", "comparison__output_b__competitor")


def _ids(decided: QuerySet[Decision]) -> _Ids:
    rows = decided.order_by().values_list(
        "judge_id",
        "comparison_id",
        "comparison__prompt_id",
        "comparison__output_a_id",
        "comparison__output_b_id",
        "comparison__output_a__competitor_id",
        "comparison__output_b__competitor_id",
        "winner",
    )
    blocks = [np.empty((0, 8))]
    block: list[tuple[float, ...]] = []
    for *ids, winner in rows.iterator(chunk_size=CHUNK):
        block.append((*ids, SCORES.get(winner, 0.5)))
        if len(block) == CHUNK:
            blocks.append(np.array(block, dtype=np.float64))
            block = []
    blocks.append(np.array(block, dtype=np.float64).reshape(-1, 8))
    table = np.concatenate(blocks)
    judge, comparison, prompt, output_a, output_b, a, b = table.T[:7].astype(np.int64)
    return _Ids(judge, comparison, prompt, output_a, output_b, a, b, table[:, 7])


def _places(names: Mapping[int, str], order: tuple[str, ...]) -> dict[int, int]:
    """{id: place of its name in the order}."""
    place = {name: i for i, name in enumerate(order)}
    return {pk: place[name] for pk, name in names.items()}


def _look_up(ids: IntArray, place: Mapping[int, int]) -> IntArray:
    known, index = np.unique(ids, return_inverse=True)
    return np.array([place[pk] for pk in known.tolist()], dtype=np.int64)[index]


def _prompts(decided: QuerySet[Decision], ids: IntArray) -> IntArray:
    """Prompts numbered in the order of their keys."""
    keys = decided.order_by().values_list("comparison__prompt_id", "comparison__prompt__key")
    by_key = {pk: i for i, (pk, _) in enumerate(sorted(keys.distinct(), key=lambda row: row[1]))}
    return _look_up(ids, by_key)


def _presented(ids: _Ids, judges: Collection[Judge]) -> dict[str, IntArray | FloatArray]:
    """`first`: 1 or -1 where all judgments behind a decision saw one order. `share`: their mean.

    The share counts only where every judgment gave a probability.
    """
    readers = _readers(judges)
    seen: defaultdict[tuple[int, int], list[tuple[int, float | None]]] = defaultdict(list)
    for judge, comparison, order, probability in _judgments(readers, ids.comparison):
        for reader in readers[judge]:
            shown = SHOWN_FIRST.get(Order(order), 0)
            seen[reader, comparison].append((shown, probability))
    first = np.zeros(len(ids.judge), dtype=np.int64)
    share = np.full(len(ids.judge), np.nan)
    for row, key in enumerate(zip(ids.judge.tolist(), ids.comparison.tolist(), strict=True)):
        orders = {order for order, _ in seen[key]}
        if len(orders) == 1:
            first[row] = orders.pop()
        probabilities = [given for _, given in seen[key] if given is not None]
        if probabilities and len(probabilities) == len(seen[key]):
            share[row] = min(max(float(np.mean(probabilities)), 0.0), 1.0)
    found: dict[str, IntArray | FloatArray] = {}
    if first.any():
        found["first"] = first
    if not np.isnan(share).all():
        found["share"] = share
    return found


def _clarity(ids: _Ids, judges: Collection[Judge]) -> FloatArray | None:
    """(N,): how clear a win is, by the mean of those behind the decision who named the winner and
    said so; NaN where nobody did. None if nobody ever did.
    """
    readers = _readers(judges)
    said: defaultdict[tuple[int, int, float], list[float]] = defaultdict(list)
    for judge, comparison, winner, strength in _strengths(readers):
        clarity = SLIGHT if strength == SLIGHTLY else 1.0
        for reader in readers[judge]:
            said[reader, comparison, SCORES[winner]].append(clarity)
    keys = zip(ids.judge.tolist(), ids.comparison.tolist(), ids.score.tolist(), strict=True)
    found = np.array([np.mean(said[key]) if key in said else np.nan for key in keys])
    return None if np.isnan(found).all() else found


def _strengths(judges: Collection[int]) -> Iterator[tuple[int, int, str, int]]:
    """Judge, comparison, winner and strength of judgments that say how clear the win is."""
    people = _people_heard(judges, "winner", "strength")
    told = Judgment.objects.filter(
        judge__in=list(judges), winner__in=list(SCORES), strength__isnull=False
    ).exclude(judge__kind=PEOPLE)
    fields = ("judge_id", "comparison_id", "winner", "strength")
    yield from told.order_by().values_list(*fields).iterator(chunk_size=CHUNK)
    yield from (row for row in people if row[2] in SCORES and row[3] is not None)


def _people_heard(judges: Collection[int], *fields: str) -> Iterator[tuple[Any, ...]]:
    """Judge, comparison and these fields of what people said, as far as verdicts rest on it.

    That is what `votes_on` counts: the first, as many as raters are wanted, of people who are not
    in quarantine. One that came late must change neither a verdict nor how it is rated.
    """
    people = Judge.objects.filter(pk__in=judges, kind=PEOPLE)
    most = {judge.pk: raters_of(judge) for judge in people}
    banned = Quarantine.objects.filter(
        judge=OuterRef("judge"), rater=OuterRef("rater"), lifted_at=None
    )
    ruled = Adjudication.objects.filter(judgment=OuterRef("pk"))
    rows = Judgment.objects.filter(~Exists(banned), ~Exists(ruled), judge__in=list(most))
    heard: Counter[tuple[int, int]] = Counter()
    wanted = rows.order_by("pk").values_list("judge_id", "comparison_id", *fields)
    for row in wanted.iterator(chunk_size=CHUNK):
        judge, comparison = row[:2]
        heard[judge, comparison] += 1
        if heard[judge, comparison] <= most[judge]:
            yield row


def _readers(judges: Collection[Judge]) -> dict[int, list[int]]:
    """{judge who says something: those of the judges whose verdicts rest on it}."""
    readers: defaultdict[int, list[int]] = defaultdict(list)
    for judge, read in evidence_of(judges).items():
        for other in read:
            readers[other].append(judge)
    return dict(readers)


def _raters(ids: _Ids, judges: Collection[Judge]) -> IntArray | None:
    """(N,): the person behind a decision, -1 where there were none or several; None if always."""
    people = [judge.pk for judge in judges if judge.kind == PEOPLE]
    if not people:
        return None
    behind: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
    for judge, comparison, winner, name in _people_heard(people, "winner", "rater__username"):
        if winner and name:
            behind[judge, comparison].add(name)
    alone = {key: min(names) for key, names in behind.items() if len(names) == 1}
    place = {name: i for i, name in enumerate(sorted(set(alone.values())))}
    keys = zip(ids.judge.tolist(), ids.comparison.tolist(), strict=True)
    found = [place[alone[key]] if key in alone else -1 for key in keys]
    return np.array(found, dtype=np.int64) if place else None


def _judgments(
    judges: Iterable[int], comparisons: IntArray
) -> Iterable[tuple[int, int, str, float | None]]:
    """Judgments with a preference, those of other comparisons left out."""
    wanted = set(comparisons.tolist())
    rows = (
        Judgment.objects.filter(judge__in=list(judges), winner__isnull=False)
        .order_by()
        .values_list("judge_id", "comparison_id", "order", "probability")
    )
    return (row for row in rows.iterator(chunk_size=CHUNK) if row[1] in wanted)


def _styles(ids: _Ids, names: Collection[str]) -> dict[str, FloatArray]:
    """{covariate: (N,)} from the texts, each read once."""
    looks: dict[int, Look] = {}
    wanted = np.unique(np.concatenate([ids.output_a, ids.output_b])).tolist()
    for start in range(0, len(wanted), 500):
        rows = Output.objects.filter(pk__in=wanted[start : start + 500]).values_list("pk", "turns")
        looks |= {pk: look_of("\n\n".join(turns)) for pk, turns in rows.iterator()}
    pairs = zip(ids.output_a.tolist(), ids.output_b.tolist(), strict=True)
    found = [differences(looks[a], looks[b]) for a, b in pairs]
    return {name: np.array([row[name] for row in found], dtype=np.float64) for name in names}
