"""What speaks for a verdict: the judgments on record that count for a judge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from django.db.models import Exists, OuterRef, QuerySet

from judges.aggregation.base import Ruling, Vote
from judges.contracts import Silence, Source, Winner
from judges.kinds.human import Human
from judges.models import Adjudication, Judge, Judgment, Quarantine


def votes_on(
    judge: Judge, source: Source, comparison_ids: Collection[int]
) -> dict[int, list[Vote]]:
    """{comparison: the votes on it}, oldest first; comparisons without a vote are not in it.

    Of people's votes the first count, as many as the judge wants raters: one that came late, after
    the verdict, must not change it whenever it is ruled anew.
    """
    most = raters_of(judge) if source is Source.PEOPLE else None
    votes: defaultdict[int, list[Vote]] = defaultdict(list)
    rows = _evidence(judge, source).filter(comparison_id__in=comparison_ids).order_by("id")
    fields = ("comparison_id", "order", "sample", "winner", "silence")
    for comparison_id, order, sample, winner, silence in rows.values_list(*fields):
        if most is None or len(votes[comparison_id]) < most:
            votes[comparison_id].append(_vote(f"{order} #{sample}", winner, silence))
    return votes


def adjudicated(judge: Judge, source: Source, comparison_ids: Collection[int]) -> dict[int, Ruling]:
    """{comparison: the ruling of an owner} where raters could not agree and an owner has ruled."""
    if source is not Source.PEOPLE:
        return {}
    rows = Adjudication.objects.filter(
        decision__judge=judge, decision__comparison__in=comparison_ids
    ).order_by("pk")
    found = rows.values_list("decision__comparison_id", "judgment__winner")
    return {
        compared: Ruling(Winner(str(winner)), None, "adjudicated: an owner has ruled")
        for compared, winner in found
    }


def raters_of(judge: Judge) -> int:
    """How many people a judge of the kind `human` wants to hear on a comparison."""
    raters: int = Human.Params.model_validate(judge.params).raters
    return raters


def _evidence(judge: Judge, source: Source) -> QuerySet[Judgment]:
    """The judgments that decide: its own, or those imported under the name that it reads."""
    if source is Source.RECORD:
        return Judgment.objects.filter(
            judge__project=judge.project_id,
            judge__kind="recorded",
            judge__name=judge.params["judge"],
        )
    mine = Judgment.objects.filter(judge=judge)
    if source is not Source.PEOPLE:
        return mine
    banned = Quarantine.objects.filter(judge=judge, lifted_at=None)
    ruled = Adjudication.objects.filter(judgment=OuterRef("pk"))
    return mine.filter(~Exists(ruled)).exclude(rater__in=banned.values("rater"))


def _vote(voter: str, winner: str | None, silence: str | None) -> Vote:
    return Vote(voter, Winner(winner) if winner else None, Silence(silence) if silence else None)
