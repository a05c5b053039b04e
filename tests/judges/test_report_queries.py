from __future__ import annotations

import numpy as np
import pytest

from arena.models import Output, Project
from judges.report_queries import (
    Selection,
    characters,
    compared,
    current_judges,
    decided,
    given,
    imported_as_people,
)
from judges.stats.verdicts import NONE, TIE, A, B
from tests import factories
from tests.judges.panels import both_orders, record
from tournaments.services import advancing, lifecycle

pytestmark = pytest.mark.django_db


def test_columns_of_comparisons(project: Project) -> None:
    factories.field(project, prompts=2, competitors=["ann", "ben", "cat"])
    rows = factories.all_comparisons(project)
    factories.field(factories.project(), prompts=1)

    found = compared(project, Selection())

    assert found.ids.tolist() == [row.pk for row in rows]
    assert found.prompts == 2
    assert found.prompt.tolist() == [0, 0, 0, 1, 1, 1]
    assert found.outputs.tolist() == [[row.output_a_id, row.output_b_id] for row in rows]
    assert found.competitors[0].tolist() == [
        rows[0].output_a.competitor_id, rows[0].output_b.competitor_id
    ]  # fmt: skip


def test_a_selection_narrows_them(project: Project) -> None:
    factories.field(project, prompts=4, competitors=["ann", "ben"])
    project.prompts.filter(key="p1").update(tags=["hard"], language="ko")
    rows = factories.all_comparisons(project)

    def ids(**only: str) -> list[int]:
        return [int(pk) for pk in compared(project, Selection(**only)).ids]  # type: ignore[arg-type]

    assert ids(category="even") == [rows[0].pk, rows[2].pk]
    assert ids(tag="hard") == ids(language="ko") == [rows[1].pk]
    assert ids(tag="hard", category="even") == []


def test_a_tournament_selects_what_it_plays(project: Project) -> None:
    factories.field(project, prompts=2, competitors=["ann", "ben", "cat"])
    judge = factories.judge(project, "recorded", "rex", judge="rex")
    cup = factories.tournament(project, judge, competitors=["ann", "ben"])
    factories.all_comparisons(project)
    lifecycle.start(cup)
    advancing.advance(cup.pk)

    assert len(compared(project, Selection(tournament=cup.pk)).ids) == 2
    assert len(compared(project, Selection()).ids) == 6


def test_verdicts_silences_and_judgments(project: Project) -> None:
    factories.field(project, prompts=4, competitors=["ann", "ben"])
    one, two, three, four = factories.all_comparisons(project)
    judge = factories.judge(project, "llm", "mini", model="m")
    other = factories.judge(project, "llm", "maxi", model="m")
    both_orders(judge, [one], "a", calls=1, usd=0.5, tokens_in=7, latency_ms=30)
    both_orders(judge, [two], "a", "b")
    record(judge, [(three, "ab", "refused")], probability=None)
    both_orders(other, [one], "b")
    at = compared(project, Selection())

    made = decided([judge, other], at)
    said = given([judge.pk], at)

    assert made.verdicts.tolist() == [[A, B], [TIE, NONE], [NONE, NONE], [NONE, NONE]]
    assert (made.silences[:, 0] != NONE).tolist() == [False, False, True, False]
    assert said.row.tolist() == [0, 0, 1, 1, 2]
    assert said.order.tolist() == [0, 1, 0, 1, 0]
    assert said.verdict.tolist() == [A, A, A, B, NONE]
    assert said.calls.tolist() == [1, 1, 0, 0, 0]
    np.testing.assert_equal(said.usd, [0.5, 0.5, np.nan, np.nan, np.nan])
    assert four.pk not in at.ids[said.row]


def test_what_is_outside_the_selection_is_left_out(project: Project) -> None:
    factories.field(project, prompts=2, competitors=["ann", "ben"])
    judge = factories.judge(project, "llm", "mini", model="m")
    both_orders(judge, factories.all_comparisons(project), "a")
    at = compared(project, Selection(category="odd"))
    nothing = compared(project, Selection(category="none"))

    assert decided([judge], at).verdicts.tolist() == [[A]]
    assert len(given([judge.pk], at).row) == 2
    assert len(given([judge.pk], nothing).row) == 0
    assert decided([judge], nothing).verdicts.shape == (0, 1)
    assert given([], at).row.tolist() == []


def test_lengths_are_characters_of_all_turns(project: Project) -> None:
    factories.field(project, prompts=1, competitors=["ann", "ben"])
    factories.all_comparisons(project)
    ann, ben = Output.objects.order_by("pk")
    Output.objects.filter(pk=ann.pk).update(turns=["한국어", 'say "hi"\n'])
    Output.objects.filter(pk=ben.pk).update(turns=[])

    assert characters(project, compared(project, Selection())).tolist() == [[12, 0]]


def test_people_are_told_by_what_was_imported(project: Project) -> None:
    factories.field(project, prompts=1, competitors=["ann", "ben"])
    (one,) = factories.all_comparisons(project)
    turk = factories.judge(project, "recorded", "turk", judge="turk")
    model = factories.judge(project, "recorded", "model", judge="model")
    record(turk, [(one, "unknown", "a")], details={"judge_kind": "human"})
    record(model, [(one, "unknown", "a")], details={"judge_kind": "llm"})

    assert imported_as_people(project) == {turk.pk}


def test_current_judges_with_verdicts_busiest_first(project: Project) -> None:
    factories.field(project, prompts=2, competitors=["ann", "ben"])
    one, two = factories.all_comparisons(project)
    old = factories.judge(project, "llm", "mini", model="old")
    both_orders(old, [one, two], "a")
    new = factories.judge(project, "llm", "mini", model="new")
    busy = factories.judge(project, "llm", "busy", model="m")
    factories.judge(project, "llm", "idle", model="m")
    both_orders(new, [one], "a")
    both_orders(busy, [one, two], "a")

    assert current_judges(project, 5) == [busy, new]
    assert current_judges(project, 1) == [busy]
