from __future__ import annotations

from collections import Counter

from judges.red_team.attack import Where
from judges.red_team.catalogue import ATTACKS, FAMILIES


def test_there_are_many_and_no_two_are_called_alike() -> None:
    assert len(ATTACKS) >= 50
    assert len(FAMILIES) >= 10
    names = Counter((attack.family, attack.name) for attack in ATTACKS)
    assert names.most_common(1)[0][1] == 1


def test_each_says_what_it_tries_and_every_place_is_attacked() -> None:
    assert all(attack.tries and attack.turns for attack in ATTACKS)
    assert {attack.where for attack in ATTACKS} == set(Where)
