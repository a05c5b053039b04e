"""Gold questions on pages for ranking: two answers among others, weighed by their places.

Where both stand on a page anyway, the gold question stands there too. Otherwise it gets a page with
as many answers as the rater's next one would have: a page of another size would tell it. What is
shown beside the two and waits for this rater is asked by the way; of the rest nobody is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from math import comb
from random import Random

from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from arena.models import Comparison, Output
from judges.contracts import Winner
from judges.models import Assignment, Decision, GoldQuestion, Participant
from judges.services.evidence import raters_of
from judges.services.people.places import handed_out, lock, taken, waiting_for
from judges.services.people.ranking import Pair, fill_up


@dataclass(frozen=True)
class Page:
    """What one order of answers says something of; `beside` are outputs in none of the pairs."""

    decisions: Sequence[Decision]
    gold: Sequence[GoldQuestion] = ()
    beside: Sequence[int] = ()

    @property
    def outputs(self) -> set[int]:
        return outputs_of([*self.decisions, *self.gold]) | set(self.beside)


def outputs_of(asked: Iterable[Decision | GoldQuestion]) -> set[int]:
    """The outputs that are compared."""
    return {output for one in asked for output in _pair(one.comparison)}


def among(
    decisions: Sequence[Decision], questions: QuerySet[GoldQuestion], room: float
) -> list[GoldQuestion]:
    """The gold questions whose two answers stand on a page with these decisions, `room` at most.

    A comparison that is asked there itself is none of them.
    """
    outputs, compared = outputs_of(decisions), {one.comparison_id for one in decisions}
    here = questions.filter(comparison__prompt=decisions[0].comparison.prompt_id)
    found = [
        one
        for one in here.exclude(expected=Winner.BOTH_BAD).select_related("comparison")
        if one.comparison_id not in compared and outputs.issuperset(_pair(one.comparison))
    ]
    return found[: max(int(min(room, len(found))), 0)]


def page_around(
    participant: Participant, questions: QuerySet[GoldQuestion], size: int, room: float, seed: str
) -> Page | None:
    """A page with so many answers around one of the gold questions; None where none can have it.

    Prompts that the rater was shown before are passed over, and a question whose prompt has fewer
    answers waits for a smaller page. An order cannot say "both bad".
    """
    prompt = Coalesce("decision__comparison__prompt", "gold__comparison__prompt")
    seen = handed_out(participant).annotate(prompt=prompt).values("prompt")
    fresh = questions.exclude(expected=Winner.BOTH_BAD).exclude(comparison__prompt__in=seen)
    drawn = list(fresh.select_related("comparison"))
    Random(seed).shuffle(drawn)
    for question in drawn:
        others = _others(question.comparison)
        if len(others) >= size - 2:
            return _page(participant, question, others, size, room)
    return None


def pairs_on(screen: Sequence[Assignment]) -> int:
    """How many pairs stand on a page, asked or not.

    Whatever a rater is told counts them all, for a page that counted less would be gold.
    """
    return len(screen) + sum(_unasked(row.beside) for row in screen)


def unasked(rows: QuerySet[Assignment]) -> int:
    """How many of the pairs that stood on these pages were asked of nobody."""
    return sum(map(_unasked, rows.exclude(beside=[]).values_list("beside", flat=True)))


def _unasked(beside: Sequence[int]) -> int:
    """The pairs that these make with each other and with the two of the gold question."""
    return comb(len(beside) + 2, 2) - 1


def _page(
    participant: Participant,
    question: GoldQuestion,
    others: Collection[int],
    size: int,
    room: float,
) -> Page:
    waiting = waiting_for(participant).filter(comparison__prompt=question.comparison.prompt_id)
    rows = waiting.exclude(comparison=question.comparison_id).select_related("comparison")
    free = {_pair(row.comparison): row for row in rows.order_by("pk")}
    shown = fill_up(_pair(question.comparison), free, others, size)
    wanted = [row for pair, row in free.items() if set(pair) <= shown]
    locked = _lock_all(participant, wanted, room - 1)
    return Page(locked, [question], sorted(shown - outputs_of([*locked, question])))


def _lock_all(participant: Participant, wanted: Iterable[Decision], room: float) -> list[Decision]:
    """Those of the decisions that have a place left, in ascending order."""
    raters, locked = raters_of(participant.campaign.judge), list[Decision]()
    for row in wanted:
        if len(locked) < room and lock(row) and taken(row.pk).count() < raters:
            locked.append(row)
    return locked


def _others(compared: Comparison) -> list[int]:
    """Outputs to the same prompt, of each other competitor the first sample."""
    two = (compared.output_a, compared.output_b)
    rows = Output.objects.filter(prompt=compared.prompt_id).order_by("competitor", "sample", "pk")
    rows = rows.exclude(competitor__in=[one.competitor_id for one in two])
    first: dict[int, int] = {}
    for competitor, output in rows.values_list("competitor", "pk"):
        first.setdefault(competitor, output)
    return list(first.values())


def _pair(compared: Comparison) -> Pair:
    a, b = sorted((compared.output_a_id, compared.output_b_id))
    return a, b
