"""Fitting the rule of a jury on what its members have said, and ruling anew by the fit."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import TypeVar

from django.db import transaction
from django.db.models import Q

from arena.common.errors import InvalidInput
from judges.aggregation import registry as aggregations
from judges.aggregation.base import Ballot, Unfit, Vote
from judges.aggregation.validation import held_out
from judges.contracts import Winner
from judges.kinds.jury import Jury
from judges.models import SETTLED, Decision, Judge, Judgment, JuryFit
from judges.services.panels import Bench, bench_of, fit_is_due, hear, heard_by, latest_fit
from judges.services.settling import settle_again

MOST_BALLOTS = 20_000
"""Comparisons that a fit learns from, newest first; more would hardly change it."""

BATCH = 500

PLURALITY = aggregations.build("plurality")
T = TypeVar("T")


def refit_when_due(judge_id: int) -> None:
    """Refit the jury when its verdicts have doubled since the last attempt."""
    jury = Judge.objects.filter(pk=judge_id, kind="jury").first()
    if jury is not None and fit_is_due(jury):
        refit(jury)


def refit(jury: Judge) -> JuryFit:
    """Fit the jury's rule on all its members' verdicts so far, and rule anew on its decisions.

    Nobody is asked. Where there is too little to learn from, the row that is returned has no
    state and says what is missing, and the rulings stay. On the same ballots as last time the
    last fit is returned. Raises InvalidInput when the judge is no jury, or its rule does not learn.
    """
    if jury.kind != "jury":
        raise InvalidInput(f"{jury.name} is not a jury", fields={"judge": "must be a jury"})
    bench = bench_of(jury)
    if not bench.jury.rule.learns:
        rule = bench.jury.params.aggregation
        raise InvalidInput(f"{rule} learns nothing", fields={"judge": "has a rule without a fit"})
    fit = _kept(_fitted(bench))
    if fit.state is not None:
        _rule_anew(jury)
    return fit


def _kept(made: JuryFit) -> JuryFit:
    """Write the fit down, unless somebody has just made the same."""
    with transaction.atomic():
        # Not the key: who writes decisions of this jury meanwhile need not wait.
        Judge.objects.select_for_update(no_key=True).get(pk=made.jury_id)
        last = latest_fit(made.jury)
        if last and (last.data_hash, last.decided) == (made.data_hash, made.decided):
            return last
        made.save(force_insert=True)
    return made


def _rule_anew(jury: Judge) -> None:
    """In transactions of their own: a crash between two leaves verdicts that name their fit."""
    settled = Decision.objects.filter(judge=jury, status__in=SETTLED)
    ids = list(settled.order_by("pk").values_list("pk", flat=True))
    for batch in _batches(ids):
        settle_again(batch)


def _fitted(bench: Bench) -> JuryFit:
    """The fit of the jury's rule on its ballots, not saved yet."""
    decided = Decision.objects.filter(judge=bench.judge, status__in=SETTLED).count()
    ballots = _ballots(bench)
    fit = JuryFit(
        jury=bench.judge,
        method=bench.jury.params.aggregation,
        decided=decided,
        n_ballots=len(ballots),
        n_labels=sum(ballot.label is not None for ballot in ballots),
        data_hash=_hash(bench.jury, ballots),
    )
    try:
        fit.state = dict(bench.jury.rule.fit(ballots))
    except Unfit as reason:
        fit.note = str(reason)
    else:
        fit.held_out = _figures(bench.jury, ballots)
    return fit


def _figures(jury: Jury, ballots: Collection[Ballot]) -> dict[str, float | int | str] | None:
    try:
        figures = held_out(jury.rule, PLURALITY, list(ballots), jury.quorum)
    except Unfit:  # all of it is enough to learn from, but not what a fold leaves
        return None
    return figures.to_json() if figures else None


def _ballots(bench: Bench) -> list[Ballot]:
    """What at least two members (or their stand-ins) have decided, newest comparisons first."""
    voters = {*bench.jury.params.members, *bench.jury.params.stand_ins}
    sitting = heard_by(bench, voters)
    rows = Decision.objects.filter(judge=bench.judge).order_by("-comparison_id")
    fields = (
        "comparison_id", "comparison__prompt_id",
        "comparison__output_a__competitor_id", "comparison__output_b__competitor_id",
    )  # fmt: skip
    found: list[Ballot] = []
    for batch in _batches(list(rows.values_list(*fields)[:MOST_BALLOTS])):
        ids = [row[0] for row in batch]
        votes, labels = hear(bench, ids).votes, _labels(bench, ids, sitting)
        for pk, prompt, a, b in batch:
            cast = _spoken(votes[pk], voters)
            if len(cast) > 1:
                found.append(Ballot(prompt, a, b, cast, labels.get(pk)))
    return found


def _spoken(votes: dict[str, Vote], voters: Collection[str]) -> tuple[Vote, ...]:
    return tuple(vote for name, vote in sorted(votes.items()) if name in voters and vote.winner)


def _labels(
    bench: Bench, comparison_ids: Collection[int], sitting: Collection[int]
) -> dict[int, Winner]:
    """The plurality of what people said, here or elsewhere; not of those who are `sitting`."""
    people = Q(judge__kind="human") | Q(judge__kind="recorded", details__judge_kind="human")
    rows = Judgment.objects.filter(
        people,
        judge__project=bench.judge.project_id,
        comparison__in=comparison_ids,
        winner__isnull=False,
    ).exclude(judge__in=sitting)
    said: defaultdict[int, list[Vote]] = defaultdict(list)
    for pk, comparison, winner in rows.values_list("pk", "comparison_id", "winner"):
        said[comparison].append(Vote(str(pk), Winner(winner or "")))
    rulings = {pk: PLURALITY.combine(votes, quorum=1) for pk, votes in said.items()}
    return {pk: ruling.winner for pk, ruling in rulings.items() if ruling.winner}


def _hash(jury: Jury, ballots: Collection[Ballot]) -> str:
    rule = (jury.params.aggregation, jury.rule.params.model_dump_json())  # type: ignore[attr-defined]
    digest = hashlib.sha256(repr(rule).encode())
    for ballot in ballots:
        digest.update(repr(ballot).encode())
    return digest.hexdigest()


def _batches(rows: list[T]) -> Iterator[list[T]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]
