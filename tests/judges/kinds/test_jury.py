import pytest

from arena.common.errors import InvalidInput
from judges.aggregation import DEFAULT
from judges.kinds import registry


def jury(**params):
    return registry.build("jury", {"members": ["x", "y", "z"], **params})


def test_more_than_half_is_the_quorum_unless_told_otherwise():
    assert jury().quorum == 2
    assert jury(members=["x", "y", "z", "w"]).quorum == 3
    assert jury(quorum=1).quorum == 1


def test_the_default_rule_is_the_one_that_the_bench_chose():
    assert jury().params.aggregation == DEFAULT


def test_the_panel_has_all_that_deliberation_needs():
    panel = jury(stand_ins=["s"], escalate_to=["people"], sequential=True, certainty=0.8).panel

    assert (panel.members, panel.stand_ins, panel.escalate_to) == (
        ("x", "y", "z"),
        ("s",),
        ("people",),
    )
    assert (panel.quorum, panel.sequential, panel.certainty) == (2, True, 0.8)
    assert jury(stand_ins=["s"], escalate_to=["people"]).seats == ["x", "y", "z", "s", "people"]


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"quorum": 4}, "a quorum of 4"),
        ({"stand_ins": ["x"]}, "named twice: x"),
        ({"escalate_to": ["s"], "stand_ins": ["s"]}, "named twice: s"),
        ({"certainty": 0.5}, "greater than 0.5"),
    ],
)
def test_what_cannot_work_is_refused_with_a_reason(params, said):
    with pytest.raises(InvalidInput) as error:
        jury(**params)
    assert said in str(error.value.fields)


def test_params_of_the_rule_are_checked():
    assert jury(aggregation_params={"pooling": 0.5}).rule.params.pooling == 0.5
    with pytest.raises(InvalidInput, match="dawid_skene"):
        jury(aggregation_params={"poling": 0.5})
