from __future__ import annotations

import pytest

from arena.common.errors import NotFound
from arena.models import Comparison, Project
from judges.models import Judge
from judges.report_queries import Selection
from judges.services import decisions
from judges.services.judge_panel import Panel, assemble
from judges.services.settling import settle
from judges.stats.verdicts import NONE, TIE, A, B
from tests import factories
from tests.judges.panels import both_orders, record

pytestmark = pytest.mark.django_db


@pytest.fixture
def compared(project: Project) -> list[Comparison]:
    factories.field(project, prompts=4, competitors=["ann", "ben"])
    return factories.all_comparisons(project)


def names(panel: Panel, columns: tuple[int, ...] | list[int]) -> list[str]:
    return [panel.names[column].name for column in columns]


def test_a_jury_and_its_members_are_not_counted_twice(
    project: Project, compared: list[Comparison]
) -> None:
    for name in ("mini", "maxi", "solo"):
        both_orders(factories.judge(project, "llm", name, model="m"), compared, "a")
    jury = factories.judge(project, "jury", "panel", members=["mini", "maxi"])
    settle(decisions.ask(jury, [c.pk for c in compared]).values())

    panel = assemble(project, Selection(), jury)

    assert sorted(names(panel, range(len(panel.judges)))) == ["maxi", "mini", "panel", "solo"]
    assert sorted(names(panel, panel.base)) == ["maxi", "mini", "solo"]
    assert names(panel, panel.others(panel.column(jury))) == ["solo"]
    assert names(panel, panel.seats) == ["mini", "maxi"]


def test_two_that_read_the_same_record_are_one_voice(
    project: Project, compared: list[Comparison]
) -> None:
    rex = factories.judge(project, "recorded", "rex", judge="rex")
    record(rex, [(c, "ab", "a") for c in compared], details={"judge_kind": "human"})
    replay = factories.judge(project, "recorded", "replay", judge="rex")
    settle(decisions.ask(replay, [c.pk for c in compared]).values())

    panel = assemble(project, Selection())

    assert len(panel.judges) == 2
    assert len(panel.base) == 1
    assert all(name.is_people for name in panel.names)
    assert panel.people(panel.column(replay)) is None


def test_an_older_version_is_no_witness_of_the_newer(
    project: Project, compared: list[Comparison]
) -> None:
    old = factories.judge(project, "llm", "mini", model="old")
    both_orders(old, compared, "a")
    new = factories.judge(project, "llm", "mini", model="new")
    both_orders(new, compared, "a")

    panel = assemble(project, Selection(), old)

    assert [name.version for name in panel.names] == [2, 1]
    assert panel.others(panel.column(old)) == []


def test_people_decide_by_plurality_and_never_judge_themselves(
    project: Project, compared: list[Comparison]
) -> None:
    judges: list[Judge] = []
    for name, winners in (("one", "aab"), ("two", "abb"), ("three", "aba")):
        judge = factories.judge(project, "recorded", name, judge=name)
        said = zip(compared, winners, strict=False)
        record(judge, [(c, "ab", w) for c, w in said], details={"judge_kind": "human"})
        judges.append(judge)

    panel = assemble(project, Selection())
    everybody = panel.people()
    without = panel.people(panel.column(judges[2]))

    assert everybody is not None
    assert everybody.tolist() == [A, B, B, NONE]
    assert without is not None
    assert without.tolist() == [A, TIE, B, NONE]


def test_a_tournament_of_another_project_is_not_here(project: Project) -> None:
    factories.field(lab := factories.project(), prompts=1)
    cup = factories.tournament(lab, factories.judge(lab, "human", "people"))

    with pytest.raises(NotFound, match=f"no tournament {cup.pk} in haiku"):
        assemble(project, Selection(tournament=cup.pk))


def test_a_project_without_anything_has_an_empty_panel(project: Project) -> None:
    panel = assemble(project, Selection())

    assert panel.judges == panel.base == ()
    assert panel.verdicts.shape == (0, 0)
    assert panel.people() is None


def test_two_that_were_told_the_same_stored_replies_are_one_voice(
    project: Project, compared: list[Comparison]
) -> None:
    paid, found, other = (factories.judge(project, "llm", name, model="m") for name in "pfo")
    said, question = [(c, "ab", "a") for c in compared], {"model": "m", "prompt_hash": "9f"}
    record(paid, said, raw="A", calls=1, details=question)
    record(found, said, raw="A", cache_hits=1, details=question)
    record(other, said, raw="A", calls=1, details={**question, "model": "n"})
    jury = factories.judge(project, "jury", "panel", members=["f", "o"])
    settle(decisions.ask(jury, [c.pk for c in compared]).values())

    panel = assemble(project, Selection(), jury)

    one, two, three = (panel.column(judge) for judge in (paid, found, other))
    assert panel.related(one, two)
    assert panel.related(two, one)
    assert not panel.related(one, three)
    assert not panel.related(two, three)
    assert panel.related(panel.column(jury), one)
    assert len(panel.base) == 2
    assert three in panel.base
