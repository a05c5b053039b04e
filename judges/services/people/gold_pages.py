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

from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Coalesce

from arena.models import Comparison, Output
from judges.contracts import Winner
from judges.models import Assignment, Decision, GoldQuestion, Participant
from judges.services.evidence import raters_of
from judges.services.people.places import handed_out, lock, pair_of, taken, waiting_for
from judges.services.people.ranking import fill_up

PAIRS = F("unasked") + 1
"""What a row of a page counts: its own pair, and on the first row those that nobody is asked about.

So a page counts all pairs of its answers. One that counted fewer than another with as many answers
would tell what is gold.
"""


@dataclass(frozen=True)
class Page:
    """What one order of answers says something of; `beside` are outputs in none of the pairs."""

    decisions: Sequence[Decision]
    gold: GoldQuestion | None = None
    beside: Sequence[int] = ()

    @property
    def outputs(self) -> set[int]:
        return outputs_of(self.asked) | set(self.beside)

    @property
    def asked(self) -> list[Decision | GoldQuestion]:
        """Gold first: it is weighed before what else was said there is recorded."""
        return [*([self.gold] if self.gold else []), *self.decisions]

    @property
    def unasked(self) -> int:
        """How many pairs of its outputs nobody is asked about."""
        return comb(len(self.outputs), 2) - len(self.asked)


def outputs_of(asked: Iterable[Decision | GoldQuestion]) -> set[int]:
    """The outputs that are compared."""
    return {output for one in asked for output in pair_of(one)}


def among(
    decisions: Sequence[Decision], questions: QuerySet[GoldQuestion], seed: str
) -> GoldQuestion | None:
    """One of the gold questions whose two answers stand on a page with these decisions, drawn.

    One order that was skipped or put upside down is one thing said, so it is weighed once. A
    comparison that is asked there itself is none of them.
    """
    outputs, compared = outputs_of(decisions), {one.comparison_id for one in decisions}
    here = questions.filter(comparison__prompt=decisions[0].comparison.prompt_id)
    found = [
        one
        for one in here.exclude(expected=Winner.BOTH_BAD).select_related("comparison")
        if one.comparison_id not in compared and outputs.issuperset(pair_of(one))
    ]
    return Random(seed).choice(found) if found else None


def page_around(
    participant: Participant, questions: QuerySet[GoldQuestion], size: int, seed: str
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
            return _page(participant, question, others, size)
    return None


def pairs_on(screen: Sequence[Assignment]) -> int:
    """How many pairs stand on a page, asked or not."""
    return sum(1 + row.unasked for row in screen)


def pairs_of(rows: QuerySet[Assignment]) -> int:
    """How many pairs stood on the pages of these, asked or not."""
    return int(rows.aggregate(n=Sum(PAIRS, default=0))["n"])


def _page(
    participant: Participant, question: GoldQuestion, others: Collection[int], size: int
) -> Page:
    waiting = waiting_for(participant).filter(comparison__prompt=question.comparison.prompt_id)
    rows = waiting.exclude(comparison=question.comparison_id).select_related("comparison")
    free = {pair_of(row): row for row in rows.order_by("pk")}
    shown = fill_up(pair_of(question), free, others, size)
    wanted = [row for pair, row in free.items() if set(pair) <= shown]
    locked = _lock_all(participant, wanted)
    return Page(locked, question, sorted(shown - outputs_of([*locked, question])))


def _lock_all(participant: Participant, wanted: Iterable[Decision]) -> list[Decision]:
    """Those of the decisions that have a place left, in ascending order."""
    raters = raters_of(participant.campaign.judge)
    return [row for row in wanted if lock(row) and taken(row.pk).count() < raters]


def _others(compared: Comparison) -> list[int]:
    """Outputs to the same prompt, of each other competitor the first sample."""
    two = (compared.output_a, compared.output_b)
    rows = Output.objects.filter(prompt=compared.prompt_id).order_by("competitor", "sample", "pk")
    rows = rows.exclude(competitor__in=[one.competitor_id for one in two])
    first: dict[int, int] = {}
    for competitor, output in rows.values_list("competitor", "pk"):
        first.setdefault(competitor, output)
    return list(first.values())
