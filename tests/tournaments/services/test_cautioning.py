"""Goals and fields that a plan cannot reach."""

import pytest

from arena.common.errors import InvalidInput
from tests import factories
from tournaments.services.shapes.tournaments import TournamentShape

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    lab = factories.project()
    factories.field(lab, prompts=12, competitors=factories.NAMES[:5])
    factories.judge(lab, "human", "people")
    return lab


def draft(lab, kind="adaptive", slice_=None, **params):
    judge = lab.judges.get()
    return factories.tournament(lab, judge, kind, format_params=params, slice=slice_)


def warnings(cup):
    return TournamentShape.of(cup).estimate.warnings


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"until": "width", "width": 200}, "200 Elo points from end to end are asked for, 212"),
        ({"until": "tau", "target": 0.995}, "tau 0.995 is asked for, 0.79 expected"),
        ({"until": "separated"}, "a margin of 30 Elo points can take"),
        ({"games": 100_000}, "100,000 games are asked for, but there are only 120 to play"),
    ],
)
def test_a_goal_beyond_the_plan_is_warned_of(lab, params, said):
    (warning,) = warnings(draft(lab, **params))

    assert said in warning


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"until": "width", "width": 300},
        {"until": "tau", "target": 0.7},
        {"until": "separated", "margin": 600},
        {"until": "top", "best": 4},
        {"games": 120},
    ],
)
def test_a_goal_within_the_plan_is_not(lab, params):
    assert warnings(draft(lab, **params)) == []


def test_games_on_each_prompt_count_by_prompt(lab):
    assert "108 games are asked for" not in str(warnings(draft(lab, "random_pairs", games=9)))
    assert "132 games are asked for" in str(warnings(draft(lab, "random_pairs", games=11)))


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("adaptive", {"until": "top", "best": 5}),
        ("adaptive_top", {"best": 5}),
        ("adaptive_top", {"best": 9}),
    ],
)
def test_as_many_best_as_there_are_is_refused_by_name(lab, kind, params):
    with pytest.raises(InvalidInput) as refused:
        draft(lab, kind, **params)

    assert refused.value.fields == {"params.best": "must be fewer than the 5 competitors"}


def test_a_field_in_two_parts_is_warned_of_before_it_is_paid_for(lab):
    early, late = lab.prompts.all()[:6], lab.prompts.all()[6:]
    for prompts, names in ((early, ("cat", "dan", "eve")), (late, ("ann", "ben"))):
        for prompt in prompts:
            prompt.outputs.filter(competitor__name__in=names).delete()

    (warning,) = warnings(draft(lab))

    assert "never meet: cat, dan, eve; ann, ben." in warning


def test_one_who_answered_with_both_parts_joins_them(lab):
    for prompt in lab.prompts.all()[:6]:
        prompt.outputs.filter(competitor__name__in=("dan", "eve")).delete()
    for prompt in lab.prompts.all()[6:]:
        prompt.outputs.filter(competitor__name__in=("ann", "ben")).delete()

    assert warnings(draft(lab)) == []


@pytest.mark.parametrize(
    "slice_", [{"category": "sums"}, {"tags": ["x"]}, {"category": "odd", "language": "de"}]
)
def test_a_slice_without_a_prompt_is_refused(lab, slice_):
    with pytest.raises(InvalidInput) as refused:
        draft(lab, slice_=slice_)

    assert set(refused.value.fields) == {"slice"}
    assert draft(lab, slice_={"category": "odd"}).slice == {"category": "odd"}
