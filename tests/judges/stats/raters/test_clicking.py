from __future__ import annotations

import numpy as np

from judges.stats.raters.clicking import clicking_elsewhere, clicking_p, skills
from judges.stats.raters.field import expect
from judges.stats.raters.tastes import tastes
from tests.judges.stats.raters.crowd import at_random, crowd, for_, honestly


def measured(*says):
    votes = crowd(*says, votes=290)
    trusted = np.ones(votes.raters, dtype=bool)
    field = expect(votes, trusted)
    return field, skills(field, tastes(field, trusted), trusted)


def test_a_coin_is_told_from_an_eye():
    _, found = measured(*[honestly] * 20, at_random)

    p = clicking_p(found)
    assert p[20] < 0.003
    assert p[:20].min() > 0.01
    assert abs(found.value[20]) < 0.5


def test_random_votes_elsewhere_speak_for_clicking():
    def pushes_and_clicks(first, second, rng):
        return (for_(4) if 4 in (first, second) else at_random)(first, second, rng)

    field, found = measured(*[honestly] * 20, pushes_and_clicks)

    ratio = clicking_elsewhere(field, found)
    assert ratio[20, 4] > 20
    assert ratio[:20].max() < 1
