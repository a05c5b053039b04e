from __future__ import annotations

from itertools import combinations

import pytest

from arena.common.errors import InvalidInput
from arena.models import Comparison, Competitor, Output, Project, Prompt
from arena.services.comparisons import ensure


@pytest.fixture
def outputs(project: Project) -> list[Output]:
    """Of owl, fox and elk to p0, then to p1; and a second sample of owl to p0."""
    names = ("owl", "fox", "elk")
    people = [Competitor.objects.create(project=project, name=name) for name in names]
    rows = []
    for key in ("p0", "p1"):
        asked = [{"role": "user", "content": "Why?"}]
        prompt = Prompt.objects.create(project=project, key=key, messages=asked)
        rows += [
            Output.objects.create(prompt=prompt, competitor=who, turns=["x"]) for who in people
        ]
    again = Output.objects.create(
        prompt=rows[0].prompt, competitor=people[0], turns=["y"], sample=1
    )
    return [*rows, again]


def test_pairs_become_comparisons_in_canonical_order(outputs: list[Output]) -> None:
    a, b, c = (output.pk for output in outputs[:3])

    found = ensure([(b, a), (a, c), (a, b)])

    assert set(found) == {(a, b), (a, c)}
    row = Comparison.objects.get(pk=found[a, b])
    assert (row.output_a_id, row.output_b_id, row.prompt_id) == (a, b, outputs[0].prompt_id)
    assert Comparison.objects.count() == 2


def test_what_exists_is_found_again(outputs: list[Output]) -> None:
    first = ensure(combinations([output.pk for output in outputs[:2]], 2))
    again = ensure(combinations([output.pk for output in outputs[:3]], 2))

    assert first.items() <= again.items()
    assert len(again) == Comparison.objects.count() == 3


def test_nothing_asked_nothing_made(db: None) -> None:
    assert ensure([]) == {}


@pytest.mark.parametrize(
    ("places", "message"),
    [((0, 0), "same competitor"), ((0, 6), "same competitor"), ((0, 4), "different prompts")],
)
def test_what_cannot_be_compared_is_refused(
    outputs: list[Output], places: tuple[int, int], message: str
) -> None:
    good = (outputs[0].pk, outputs[1].pk)

    with pytest.raises(InvalidInput, match=message):
        ensure([good, (outputs[places[0]].pk, outputs[places[1]].pk)])
    assert not Comparison.objects.exists()


def test_an_unknown_output_is_refused(outputs: list[Output]) -> None:
    with pytest.raises(InvalidInput, match="no output 987654"):
        ensure([(outputs[0].pk, 987654)])


def test_the_number_of_queries_does_not_grow_with_the_pairs(
    outputs: list[Output], django_assert_max_num_queries: object
) -> None:
    pairs = list(combinations([output.pk for output in outputs[:3]], 2))

    with django_assert_max_num_queries(6):  # type: ignore[operator]
        ensure(pairs)
