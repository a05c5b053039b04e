import pytest

from arena.common.errors import Conflict, InvalidInput, NotFound
from judges.models import Judge
from judges.services.judges import define, jury_of, named, planned_calls
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    return factories.project()


def test_defining_the_same_judge_again_changes_nothing(lab):
    first = define(project=lab, name="j", kind="human", params={"raters": 2})

    again = define(project=lab, name="j", kind="human", params={"raters": 2})

    assert again == first
    assert Judge.objects.count() == 1


def test_other_params_make_a_new_version_and_keep_the_old_one(lab):
    old = define(project=lab, name="j", kind="human", params={"raters": 1, "page": "pairs"})

    new = define(project=lab, name="j", kind="human", params={"raters": 2})

    old.refresh_from_db()
    assert (new.version, new.is_current, old.is_current, old.params) == (
        2,
        True,
        False,
        {"raters": 1, "page": "pairs"},
    )
    assert named(lab, "j") == new


def test_an_unknown_param_is_refused_by_name(lab):
    with pytest.raises(InvalidInput) as error:
        define(project=lab, name="j", kind="human", params={"raterz": 1})

    assert error.value.fields == {"params.raterz": "unknown parameter"}
    assert not Judge.objects.exists()


def test_a_wrong_version_number_is_a_conflict(lab):
    define(project=lab, name="j", kind="human")

    with pytest.raises(Conflict, match="version 2, not 7"):
        define(project=lab, name="j", kind="human", params={"raters": 3}, version=7)


def test_an_unknown_judge_is_answered_with_those_that_exist(lab):
    define(project=lab, name="alice", kind="human")

    with pytest.raises(NotFound, match="judges: alice"):
        named(lab, "bob")


def test_a_jury_seats_the_current_versions_of_its_members(lab):
    define(project=lab, name="a", kind="human", params={"raters": 1, "page": "pairs"})
    second = define(project=lab, name="a", kind="human", params={"raters": 2})
    other = define(project=lab, name="b", kind="recorded", params={"judge": "b"})

    jury = define(project=lab, name="both", kind="jury", params={"members": ["a", "b"]})

    assert [seat.member for seat in jury.seats.all()] == [second, other]


@pytest.mark.parametrize("members", [["a", "a"], ["a", "nobody"]])
def test_a_jury_of_twins_or_strangers_is_refused(lab, members):
    define(project=lab, name="a", kind="human")

    with pytest.raises((InvalidInput, NotFound)):
        define(project=lab, name="both", kind="jury", params={"members": members})

    assert not Judge.objects.filter(name="both").exists()


def test_one_name_is_no_jury(lab):
    judge = define(project=lab, name="a", kind="human")

    assert jury_of(lab, ["a"]) == judge


def test_planned_calls_of_a_jury_are_those_of_its_members(lab):
    factories.stub_judge(lab, "http://127.0.0.1:9/v1", "both", orders="both")
    factories.stub_judge(lab, "http://127.0.0.1:9/v1", "one", orders="ab", samples=3)
    define(project=lab, name="people", kind="human")

    jury = jury_of(lab, ["both", "one", "people"])

    assert planned_calls(jury) == 2 + 3


def test_stand_ins_and_higher_judges_are_seated_but_not_planned_for(lab):
    for name in ("one", "two", "spare", "chief"):
        factories.stub_judge(lab, "http://127.0.0.1:9/v1", name, orders="ab")
    params = {"members": ["one", "two"], "stand_ins": ["spare"], "escalate_to": ["chief"]}

    jury = define(project=lab, name="jury", kind="jury", params=params)

    assert [seat.member.name for seat in jury.seats.all()] == ["one", "two", "spare", "chief"]
    assert planned_calls(jury) == 2
