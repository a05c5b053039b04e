import pytest

from arena.common.errors import InvalidInput
from judges.models import Judgment
from judges.services import decisions
from tests import factories
from tournaments.models import RatingRun
from tournaments.services import advancing, lifecycle
from tournaments.services.rating import rate

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    lab = factories.project()
    factories.field(lab, prompts=4, competitors=["ann", "ben", "cat"])
    return lab


def recorded(lab, name="gpt", kind="llm", winner="b"):
    """A recorded judge that says the same of every pair."""
    judge = factories.judge(lab, "recorded", name, judge=name)
    compared = factories.all_comparisons(lab)
    Judgment.objects.bulk_create(
        Judgment(judge=judge, comparison=c, order="ab", winner=winner, details={"judge_kind": kind})
        for c in compared
    )
    decisions.ask(judge, [c.pk for c in compared])
    return judge


def played(lab, judge):
    cup = factories.tournament(lab, judge)
    lifecycle.start(cup)
    advancing.advance(cup.pk)
    return cup


def order(run):
    return [row["competitor"] for row in run.rows]


def test_the_later_competitor_wins_every_time(lab):
    run = rate(project=lab, tournament=played(lab, recorded(lab)))

    assert order(run) == ["cat", "ben", "ann"]
    assert (run.n_comparisons, run.n_prompts) == (12, 4)
    assert sum(row["rating"] for row in run.rows) == pytest.approx(3000)


def test_the_same_data_give_the_same_run(lab):
    cup = played(lab, recorded(lab))

    first, again = rate(project=lab, tournament=cup), rate(project=lab, tournament=cup)

    assert first == again
    assert RatingRun.objects.count() == 1


def test_other_params_make_another_run(lab):
    cup = played(lab, recorded(lab))
    rate(project=lab, tournament=cup)

    rate(project=lab, tournament=cup, params={"bootstrap": 50})

    assert RatingRun.objects.count() == 2


def test_a_project_is_rated_by_what_its_tournaments_decided(lab):
    played(lab, recorded(lab, "gpt", winner="b"))
    recorded(lab, "crowd", winner="a")

    assert order(rate(project=lab)) == ["cat", "ben", "ann"]
    assert order(rate(project=lab, filters={"judge": "crowd"})) == ["ann", "ben", "cat"]


def test_before_any_tournament_the_imported_judgments_are_rated_and_that_is_said(lab):
    recorded(lab)

    run = rate(project=lab)

    assert order(run) == ["cat", "ben", "ann"]
    assert "imported judgments" in run.warnings[0]


def test_slices(lab):
    recorded(lab, "gpt", "llm", "b")
    recorded(lab, "crowd", "human", "a")

    assert rate(project=lab, filters={"category": "even"}).n_prompts == 2
    assert order(rate(project=lab, filters={"judge_kind": "human"})) == ["ann", "ben", "cat"]


def test_an_unknown_filter_is_refused_instead_of_passed_over(lab):
    with pytest.raises(InvalidInput):
        rate(project=lab, filters={"categroy": "even"})


def test_an_empty_project_gets_a_board_that_says_so(lab):
    run = rate(project=lab)

    assert run.n_comparisons == 0
    assert run.warnings
    assert {row["rating"] for row in run.rows} == {None}
