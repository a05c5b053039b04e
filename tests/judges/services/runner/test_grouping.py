from itertools import combinations

import pytest

from arena.models import Comparison, Competitor, Output, Prompt
from judges.contracts import (
    Abstention,
    Answer,
    GroupAnswer,
    Order,
    Preference,
    Presentation,
    Silence,
    Usage,
)
from judges.models import Decision
from judges.services.cases import group_case_of
from judges.services.runner import grouping
from judges.services.runner.work import GroupQuestion, PairQuestion, Work, one_by_one

pytestmark = pytest.mark.pure


class Kind:
    group_size = range(3, 9)

    def __init__(self, *orders, samples=1):
        self.orders, self.samples = orders, samples

    def presentations(self, seed):
        return tuple(Presentation(o, s) for s in range(self.samples) for o in self.orders)


def comparisons_of(count):
    prompt = Prompt(pk=1, key="p1", messages=[{"role": "user", "content": "Why?"}])
    outputs = [
        Output(
            pk=n, prompt=prompt, competitor=Competitor(pk=n, name=f"c{n}"), turns=[f"answer {n}"]
        )
        for n in range(1, count + 1)
    ]
    pairs = enumerate(combinations(outputs, 2), start=1)
    return [Comparison(pk=n, prompt=prompt, output_a=a, output_b=b) for n, (a, b) in pairs]


def works_of(kind, count):
    return [
        Work(Decision(pk=c.pk, judge_id=5, comparison=c), set(grouping.presentations(kind, c)))
        for c in comparisons_of(count)
    ]


def covered(questions):
    return [(work.decision.pk, shown) for q in questions for work, shown in q.parts]


@pytest.mark.parametrize("count", [3, 5, 8, 9, 12])
def test_every_presentation_of_every_pair_is_asked_exactly_once(count):
    kind = Kind(Order.AB, Order.BA, samples=2)
    works = works_of(kind, count)

    parts = covered(grouping.questions(kind, works))

    assert len(parts) == len(set(parts)) == 4 * len(works)
    assert {(w.decision.pk, shown) for w in works for shown in w.missing} == set(parts)


def test_up_to_eight_outputs_take_one_call_an_order():
    kind = Kind(Order.AB, Order.BA)

    there, back = grouping.questions(kind, works_of(kind, 8))

    assert len(there.works) == len(back.works) == 28
    assert [o.pk for o in there.outputs] == [o.pk for o in back.outputs][::-1]
    # An order drawn for the prompt, not the one of the table.
    assert [o.pk for o in there.outputs] != sorted(o.pk for o in there.outputs)


def test_groups_keep_to_the_size_that_the_kind_takes():
    kind = Kind(Order.AB)

    for question in grouping.questions(kind, works_of(kind, 20)):
        size = len(question.outputs) if isinstance(question, GroupQuestion) else 2
        assert size in (2, *kind.group_size)


def test_what_is_too_small_for_a_group_is_asked_as_a_pair_in_the_drawn_order():
    kind = Kind(Order.AB)
    [work] = works_of(kind, 2)

    [question] = grouping.questions(kind, [work])

    assert isinstance(question, PairQuestion)
    assert {question.shown} == work.missing


def test_a_part_of_the_pairs_is_shown_in_the_same_order_as_the_whole():
    kind = Kind(Order.AB)
    works = works_of(kind, 6)
    whole = [o.pk for o in grouping.questions(kind, works)[0].outputs]

    part = [w for w in works if {w.comparison.output_a_id, w.comparison.output_b_id} <= {1, 3, 5}]
    [question] = grouping.questions(kind, part)

    assert [o.pk for o in question.outputs] == [pk for pk in whole if pk in {1, 3, 5}]


def test_ranks_become_a_judgment_for_each_pair_and_the_usage_is_told_once():
    kind = Kind(Order.AB)
    works = works_of(kind, 3)
    [question] = grouping.questions(kind, works)
    shown = [o.pk for o in question.outputs]
    # The last shown is best, the other two share the second place.
    reply = GroupAnswer(ranks=((2,), (0, 1)), raw="raw", usage=Usage(1, 0, 90, 9, 0.5, 200))

    rows = question.rows(reply)

    winners = {
        frozenset((w.comparison.output_a_id, w.comparison.output_b_id)): row["winner"]
        for w, row in zip(question.works, rows, strict=True)
    }
    assert winners[frozenset(shown[:2])] == "tie"
    for loser in shown[:2]:
        assert winners[frozenset((loser, shown[2]))] == ("a" if shown[2] < loser else "b")
    assert [row["calls"] for row in rows] == [1, 0, 0]
    assert sum(row["tokens_in"] for row in rows) == 90
    assert sum(row["usd"] for row in rows) == 0.5
    assert {row["raw"] for row in rows} == {"raw"}
    orders = {
        frozenset((w.comparison.output_a_id, w.comparison.output_b_id)): row["order"]
        for w, row in zip(question.works, rows, strict=True)
    }
    for first, second in combinations(shown, 2):
        assert orders[frozenset((first, second))] == ("ab" if first < second else "ba")


def test_the_case_shows_the_answers_in_the_order_of_the_group():
    kind = Kind(Order.BA)
    works = works_of(kind, 4)
    [question] = grouping.questions(kind, works)

    case = group_case_of(works[0].comparison.prompt, question.outputs, 0)

    assert case.answers == tuple((f"answer {o.pk}",) for o in question.outputs)


@pytest.mark.parametrize("why", [Silence.REFUSED, Silence.UNPARSABLE])
def test_a_group_without_a_verdict_is_asked_pair_by_pair_and_its_price_is_told_once(why):
    kind = Kind(Order.AB)
    [question] = grouping.questions(kind, works_of(kind, 4))
    silent = Abstention(why, "not this", usage=Usage(1, 0, 90, 9, 0.5, 200))

    pairs = one_by_one(question, silent)

    assert covered(pairs) == covered([question])
    assert pairs[0].owner == question.owner
    said = Answer(Preference.FIRST, usage=Usage(1, 0, 10, 1, 0.25, 50))
    rows = [row for pair in pairs for row in pair.rows(said)]
    assert [row["calls"] for row in rows] == [2, 1, 1, 1, 1, 1]
    assert sum(row["tokens_in"] for row in rows) == 90 + 6 * 10
    assert sum(row["usd"] for row in rows) == 0.5 + 6 * 0.25
    assert all('"group_before"' in row["details"] for row in rows)


def test_other_replies_are_not_asked_again():
    kind = Kind(Order.AB)
    [question] = grouping.questions(kind, works_of(kind, 3))
    [pair, *_] = one_by_one(question, Abstention(Silence.REFUSED))

    assert one_by_one(question, GroupAnswer(ranks=((0, 1, 2),))) == []
    assert one_by_one(question, Abstention(Silence.ABSTAINED)) == []
    assert one_by_one(pair, Abstention(Silence.REFUSED)) == []
