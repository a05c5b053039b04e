"""Which comparisons people are asked about, and what each of them tells for a minute of theirs.

Every way of selecting is a question to the tables; nothing is written before `asking.add`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations
from math import comb, gcd, log2
from random import Random
from typing import Annotated

from django.db.models import Avg, Count, Exists, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Length, Replace
from pydantic import BaseModel, ConfigDict, Field

from arena.common.errors import InvalidInput
from arena.models import Comparison, Output, Prompt
from judges.models import (
    Battle,
    Campaign,
    Decision,
    DecisionStatus,
    Judge,
    Judgment,
)
from judges.models.battle import LIVE

CHARACTERS_A_MINUTE = 1400
"""Silent reading of English non-fiction: 238 words of 5.9 characters and a space.

Marc Brysbaert: How many words do we read per minute? A review and meta-analysis of reading rate.
Journal of Memory and Language 109, 2019.
"""

DECIDING = 0.25
"""Minutes that a verdict takes beside the reading."""

MOST = 5000

Pair = tuple[int, int]


class How(StrEnum):
    """A way of selecting."""

    SAMPLE = "sample"
    DECIDED = "decided"
    SPLIT = "split"
    UNSURE = "unsure"
    FLIPPED = "flipped"

    @property
    def takes_judge(self) -> bool:
        return self is not How.SAMPLE


class Wanted(BaseModel):
    """What is to be selected."""

    model_config = ConfigDict(extra="forbid")

    how: How = Field(
        description="sample: of all pairs; decided: of what `judge` has decided; split: members of "
        "the jury `judge` named different winners; unsure: the probability that `judge` gives is "
        "near one half; flipped: `judge` named different winners when asked again or in the other "
        "order"
    )
    judge: str = Field("", max_length=100, description="its name; for every way but sample")
    count: Annotated[int, Field(ge=1, le=MOST)] = Field(100, description="at most so many")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="of the sample")
    margin: float = Field(0.2, gt=0, le=0.5, description="of unsure: how near to one half")
    category: str = Field("", max_length=100, description="only prompts of this category")
    language: str = Field("", max_length=35, description="only prompts in this language")


@dataclass(frozen=True)
class Candidate:
    """A comparison that people could be asked about.

    `information` is what a verdict tells, from 0 (it is known) to 1 (it is open); `minutes` what
    one rater needs; `priority` in [0, 1] says what is asked first.
    """

    prompt: int
    pair: Pair
    information: float = 1.0
    minutes: float = 0.0
    priority: float = 0.0


@dataclass(frozen=True)
class Selection:
    """What was found (`found` of them) and chosen, `raters` for each."""

    found: int
    chosen: tuple[Candidate, ...]
    raters: int

    @property
    def minutes(self) -> float:
        """Of attention, of all raters together."""
        return self.raters * sum(candidate.minutes for candidate in self.chosen)

    @property
    def judgments(self) -> int:
        return self.raters * len(self.chosen)

    @property
    def prompts(self) -> int:
        return len({candidate.prompt for candidate in self.chosen})


def select(campaign: Campaign, wanted: Wanted, *, raters: int) -> Selection:
    """Find comparisons that this campaign neither asks yet nor knows the answer of (gold).

    Samples are even over prompts and pairs of competitors, and asked in the order in which they
    were drawn, so that what is judged when people stop is such a sample too. The other ways take
    those first that tell the most for a minute. Raises InvalidInput when a judge is missing,
    unknown or of the wrong sort.
    """
    judge = _judge(campaign, wanted)
    if judge is None or wanted.how is How.DECIDED:
        return _sampled(campaign, wanted, judge, raters)
    found = list(_fresh(campaign, _of_judge(judge, wanted)))
    ranked = sorted(_timed(found), key=lambda item: (-item.priority, item.pair))
    return Selection(len(found), tuple(ranked[: wanted.count]), raters)


def _judge(campaign: Campaign, wanted: Wanted) -> Judge | None:
    if not wanted.how.takes_judge:
        return None
    if not wanted.judge:
        raise InvalidInput("the selection is not valid", {"judge": "is missing"})
    judge = campaign.judge.project.judges.filter(name=wanted.judge, is_current=True).first()
    if judge is None:
        raise InvalidInput("the selection is not valid", {"judge": "there is no such judge"})
    if wanted.how is How.SPLIT and not judge.seats.exists():
        raise InvalidInput("the selection is not valid", {"judge": f"{judge.name} is no jury"})
    return judge


@dataclass(frozen=True)
class _Pool:
    """What a sample is drawn from: `find` gives the pair of outputs of two competitors to a
    prompt, or None where there is none to be asked about. `size` counts all that there are."""

    prompts: list[int]
    competitors: list[Pair]
    find: Callable[[int, Pair], Pair | None]
    size: int


def _sampled(campaign: Campaign, wanted: Wanted, judge: Judge | None, raters: int) -> Selection:
    drawn = Random(wanted.seed)
    known = known_to(campaign)
    pool = _decided(judge, wanted, known) if judge else _all_pairs(campaign, wanted, known)
    chosen = _timed(_evenly(pool, wanted.count, drawn))
    in_order = (
        replace(candidate, priority=1 - place / len(chosen))
        for place, candidate in enumerate(chosen)
    )
    return Selection(pool.size, tuple(in_order), raters)


def _all_pairs(campaign: Campaign, wanted: Wanted, known: AbstractSet[Pair]) -> _Pool:
    """Every pair of outputs to a prompt: of each competitor the first sample.

    What raters wrote in battles is left out unless their category is wanted.
    """
    outputs: defaultdict[int, dict[int, int]] = defaultdict(dict)
    rows = Output.objects.filter(_slice(wanted, ""), prompt__project=campaign.judge.project_id)
    if wanted.category != LIVE:
        rows = rows.exclude(Exists(Battle.objects.filter(comparison__prompt=OuterRef("prompt"))))
    for prompt, competitor, pk in rows.order_by("prompt", "sample", "pk").values_list(
        "prompt_id", "competitor_id", "pk"
    ):
        outputs[prompt].setdefault(competitor, pk)

    def find(prompt: int, competitors: Pair) -> Pair | None:
        found = sorted(outputs[prompt][item] for item in competitors if item in outputs[prompt])
        return (found[0], found[1]) if len(found) == 2 and tuple(found) not in known else None

    first = {pk for by_competitor in outputs.values() for pk in by_competitor.values()}
    everyone = sorted({item for by_competitor in outputs.values() for item in by_competitor})
    size = sum(comb(len(by_competitor), 2) for by_competitor in outputs.values())
    size -= sum(first.issuperset(pair) for pair in known)
    return _Pool(sorted(outputs), list(combinations(everyone, 2)), find, size)


def _decided(judge: Judge, wanted: Wanted, known: AbstractSet[Pair]) -> _Pool:
    """What the judge has decided; of several samples of two competitors to a prompt the first."""
    chosen = _slice(wanted, "comparison__")
    rows = Decision.objects.filter(chosen, judge=judge, status=DecisionStatus.DECIDED)
    found: dict[tuple[int, Pair], Pair] = {}
    for prompt, a, b, one, two in rows.order_by("comparison").values_list(
        "comparison__prompt_id",
        "comparison__output_a_id",
        "comparison__output_b_id",
        "comparison__output_a__competitor_id",
        "comparison__output_b__competitor_id",
    ):
        if (a, b) not in known:
            found.setdefault((prompt, (min(one, two), max(one, two))), (a, b))
    prompts = sorted({prompt for prompt, _ in found})
    competitors = sorted({pair for _, pair in found})
    return _Pool(prompts, competitors, lambda *place: found.get(place), len(found))


def _of_judge(judge: Judge, wanted: Wanted) -> Iterator[Candidate]:
    if wanted.how is How.UNSURE:
        return _candidates(_unsure(judge, wanted))
    if wanted.how is How.SPLIT:
        return _candidates(_split(Decision.objects.filter(judge__in=judge.members.all()), wanted))
    return _candidates(_split(Judgment.objects.filter(judge=judge), wanted))


def _split(
    votes: QuerySet[Decision] | QuerySet[Judgment], wanted: Wanted
) -> Iterator[tuple[int, float]]:
    """Comparisons on which these name more than one winner, and the entropy of their votes."""
    chosen = votes.filter(_slice(wanted, "comparison__"), winner__isnull=False).order_by()
    counts: defaultdict[int, list[int]] = defaultdict(list)
    rows = chosen.values_list("comparison_id", "winner").annotate(n=Count("pk"))
    for pk, _winner, n in rows.iterator():
        counts[pk].append(n)
    for pk, cast in counts.items():
        if len(cast) > 1:
            yield pk, _entropy(cast)


def _entropy(counts: Iterable[int]) -> float:
    """Of a vote on four verdicts, from 0 (unanimous) to 1 (a quarter each)."""
    cast = list(counts)
    total = sum(cast)
    return -sum(n / total * log2(n / total) for n in cast) / 2


def _unsure(judge: Judge, wanted: Wanted) -> Iterator[tuple[int, float]]:
    """Comparisons whose probability (mean of both orders) is near 1/2, with 4 p (1 - p)."""
    said = Judgment.objects.filter(
        _slice(wanted, "comparison__"), judge=judge, probability__isnull=False
    )
    near = Q(p__gte=0.5 - wanted.margin, p__lte=0.5 + wanted.margin)
    rows = said.order_by().values("comparison_id").annotate(p=Avg("probability")).filter(near)
    for pk, p in rows.values_list("comparison_id", "p"):
        yield pk, 4 * p * (1 - p)


def _slice(wanted: Wanted, path: str) -> Q:
    chosen = Q()
    if wanted.category:
        chosen &= Q(**{f"{path}prompt__category": wanted.category})
    if wanted.language:
        chosen &= Q(**{f"{path}prompt__language": wanted.language})
    return chosen


def _candidates(informed: Iterable[tuple[int, float]]) -> Iterator[Candidate]:
    """Comparisons with what they tell, by their outputs."""
    information = dict(informed)
    for part in _parts(sorted(information)):
        rows = Comparison.objects.filter(pk__in=part).order_by("pk")
        for pk, prompt, a, b in rows.values_list("pk", "prompt_id", "output_a_id", "output_b_id"):
            yield Candidate(prompt, (a, b), information[pk])


def _fresh(campaign: Campaign, candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    """Those that the campaign does not ask already, and that are no gold question of it."""
    known = known_to(campaign)
    return (candidate for candidate in candidates if candidate.pair not in known)


def known_to(campaign: Campaign) -> set[Pair]:
    """The pairs of outputs that the campaign asks, has asked, or uses as gold questions."""
    asked = Decision.objects.filter(judge=campaign.judge_id, comparison=OuterRef("pk"))
    asked = asked.exclude(status=DecisionStatus.HELD)
    gold = campaign.gold.filter(comparison=OuterRef("pk"))
    rows = Comparison.objects.filter(Exists(asked) | Exists(gold))
    return set(rows.values_list("output_a_id", "output_b_id"))


def _evenly(pool: _Pool, count: int, drawn: Random) -> list[Candidate]:
    """Draw `count` of the pool, as evenly over prompts and over pairs of competitors as it allows.

    Prompts are passed through in rounds, in random order. The pair of competitors goes on by one
    with each prompt, so where the pool is complete no prompt and no pair is ahead by more than one.
    """
    prompts, competitors = pool.prompts[:], pool.competitors[:]
    drawn.shuffle(prompts)
    drawn.shuffle(competitors)
    chosen: list[Candidate] = []
    for row, column in _diagonals(len(prompts), len(competitors)):
        if len(chosen) == count:
            break
        if pair := pool.find(prompts[row], competitors[column]):
            chosen.append(Candidate(prompts[row], pair))
    return chosen


def _diagonals(rows: int, columns: int) -> Iterator[tuple[int, int]]:
    """Every cell of a table once, row after row; columns go on by one, and by two where they would
    come back to a cell that was named before."""
    period = columns // gcd(rows, columns) if columns else 1
    for turn in range(columns):
        for row in range(rows):
            yield row, (row + turn * rows + turn // period) % columns


def _timed(candidates: Collection[Candidate]) -> list[Candidate]:
    """The same with minutes, and as priority what they tell for a minute, from 0 to 1."""
    outputs = _lengths(Output, "turns", {pk for item in candidates for pk in item.pair})
    prompts = _prompt_lengths({item.prompt for item in candidates})
    timed = []
    for item in candidates:
        length = prompts[item.prompt] + sum(outputs[pk] for pk in item.pair)
        minutes = DECIDING + length / CHARACTERS_A_MINUTE
        priority = item.information * DECIDING / minutes
        timed.append(replace(item, minutes=minutes, priority=priority))
    return timed


def _prompt_lengths(prompts: Collection[int]) -> dict[int, int]:
    asked, given = _lengths(Prompt, "messages", prompts), _lengths(Prompt, "contexts", prompts)
    return {pk: asked[pk] + given[pk] for pk in prompts}


def _lengths(
    model: type[Output] | type[Prompt], field: str, pks: Collection[int]
) -> dict[int, int]:
    """{row: characters of this JSON field}, without reading it. SQLite keeps other letters than
    English ones as six characters (\\u00e9), which count as one here."""
    text = Cast(field, TextField())
    escaped = Length(text) - Length(Replace(text, Value("\\u"), Value("")))
    size = Length(text) - escaped * 5 / 2
    found: dict[int, int] = {}
    for part in _parts(sorted(pks)):
        rows = model.objects.filter(pk__in=part).annotate(size=size)
        found.update(rows.values_list("pk", "size"))
    return found


def _parts(pks: list[int], size: int = 5000) -> Iterator[list[int]]:
    return (pks[start : start + size] for start in range(0, len(pks), size))
