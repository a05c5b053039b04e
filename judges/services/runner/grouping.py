"""Gathering comparisons of one prompt into groups that a kind judges in one call."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from arena.models import Comparison, Output
from judges.contracts import GroupKind, Order, Presentation
from judges.services.cases import place_in_group, seed_of_prompt
from judges.services.runner.work import GroupQuestion, PairQuestion, Question, Work


def presentations(kind: GroupKind, comparison: Comparison) -> dict[Presentation, Presentation]:
    """{how the pair is shown: which order of the whole prompt shows it so}.

    Presentation AB of a prompt is an order drawn for its sample, BA the same order reversed.
    """
    wanted = kind.presentations(seed_of_prompt(comparison.prompt))
    return {_as_shown(comparison, whole): whole for whole in wanted}


def _as_shown(comparison: Comparison, whole: Presentation) -> Presentation:
    prompt, sample = comparison.prompt, whole.sample
    a = place_in_group(prompt, comparison.output_a, sample)
    b = place_in_group(prompt, comparison.output_b, sample)
    a_first = (a < b) == (whole.order is not Order.BA)
    return Presentation(Order.AB if a_first else Order.BA, sample)


def questions(kind: GroupKind, works: Sequence[Work]) -> list[Question]:
    """The calls by which these comparisons of one prompt are judged; few, and each at most once."""
    by_whole: defaultdict[Presentation, list[tuple[Work, Presentation]]] = defaultdict(list)
    for work in works:
        wholes = presentations(kind, work.comparison)
        for shown in work.missing:
            by_whole[wholes[shown]].append((work, shown))
    found: list[Question] = []
    for whole, parts in by_whole.items():
        shown_as = dict(parts)
        for members, covered in _groups(list(shown_as), kind.group_size):
            if len(members) in kind.group_size:
                ordered = _in_order(members, whole)
                found.append(GroupQuestion(kind, covered, ordered, whole.sample))
            else:
                found += [PairQuestion(kind, work, shown_as[work]) for work in covered]
    return found


def _in_order(outputs: Sequence[Output], whole: Presentation) -> list[Output]:
    prompt = outputs[0].prompt
    return sorted(
        outputs,
        key=lambda output: place_in_group(prompt, output, whole.sample),
        reverse=whole.order is Order.BA,
    )


def _groups(works: list[Work], sizes: range) -> Iterator[tuple[list[Output], list[Work]]]:
    """Cover all comparisons by groups of outputs, greedily: one that covers many comes first."""
    left = works
    while left:
        members: dict[int, Output] = {}
        while len(members) < sizes.stop - 1 and (found := _next_member(members, left)):
            members[found.pk] = found
        covered = [work for work in left if _ids(work) <= members.keys()]
        left = [work for work in left if work not in covered]
        yield list(members.values()), covered


def _next_member(members: Mapping[int, Output], works: Iterable[Work]) -> Output | None:
    """The output with most open comparisons with members, then with any; None if it adds none."""
    links: Counter[int] = Counter()
    outputs: dict[int, Output] = {}
    total: Counter[int] = Counter()
    for work in works:
        for output in (work.comparison.output_a, work.comparison.output_b):
            total[output.pk] += 1
            if output.pk not in members:
                outputs[output.pk] = output
                links[output.pk] += len(_ids(work) & members.keys())
    best = max(outputs, key=lambda pk: (links[pk], total[pk], -pk), default=None)
    return None if best is None or (members and not links[best]) else outputs[best]


def _ids(work: Work) -> set[int]:
    return {work.comparison.output_a_id, work.comparison.output_b_id}
