import numpy as np
import pytest

from judges.aggregation import registry
from judges.aggregation.base import Ballot, Ruling, Unfit, Vote
from judges.aggregation.validation import codes, cross_ruled, folds, held_out, kappa
from judges.contracts import Winner
from tests.judges.aggregation.panels import ballots

A, B, TIE = codes([Winner.A, Winner.B, Winner.TIE])


def test_kappa_of_a_worked_example():
    # 20 + 15 of 50 agree; margins 25/25 and 30/20: the textbook value 0.4
    one = np.array([A] * 25 + [B] * 25)
    two = np.array([A] * 20 + [B] * 5 + [A] * 10 + [B] * 15)

    assert kappa(one, two) == pytest.approx(0.4)
    assert kappa(one, one) == 1.0
    assert kappa(one[:3], one[:3]) == 0.0


def test_whole_prompts_are_held_out():
    prompts = [f"p{n % 7}" for n in range(50)]

    found = folds(prompts, 5, seed=0)

    assert set(found) == set(prompts)
    assert set(found.values()) == set(range(5))
    with pytest.raises(Unfit, match="two prompts"):
        folds(["p"] * 9, 5, seed=0)


def test_no_fit_sees_the_prompt_that_it_rules_on():
    ruled = []

    class Spy:
        learns, needs_labels = True, False

        def fit(self, rows):
            return {"prompts": sorted({row.prompt for row in rows})}

        def combine(self, votes, quorum, state=None):
            ruled.append(votes[0].voter)
            assert votes[0].voter not in state["prompts"]
            return Ruling(Winner.A, None)

    prompts = [f"p{number}" for number in range(12)]
    cross_ruled(Spy(), [Ballot(p, 1, 2, (Vote(p, Winner.A),)) for p in prompts], 1)

    assert ruled == prompts


def test_the_figures_name_the_best_member_and_the_gain():
    rows = ballots(600, {"sharp": 0.95, "x": 0.5, "y": 0.5})

    found = held_out(registry.build("stacking"), registry.build("plurality"), rows, 2)

    assert found.best_member == "sharp"
    assert found.gain == pytest.approx(found.kappa - found.plurality)
    assert found.gain_low > 0
    assert found.kappa_low < found.kappa < found.kappa_high
    assert (found.n, found.prompts) == (600, 200)


def test_few_labels_make_no_figure():
    rows = ballots(600, labelled=0.02)

    plain = registry.build("plurality")
    assert held_out(registry.build("dawid_skene"), plain, rows, 2) is None
