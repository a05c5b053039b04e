"""Anchored: everybody meets the anchors, and the anchors each other."""

from __future__ import annotations

from tournaments.formats import registry
from tournaments.formats.base import Field

NAMES = {10: "ann", 11: "ben", 12: "cat", 13: "dan"}


def met(entrants=(10, 11, 12, 13), prompt=1, seed=5, **params):
    field = Field(entrants, (prompt,), seed, NAMES)
    drawn = registry.build("anchored", params).next_pairings(field, [])
    return {frozenset((p.a, p.b)) for p in drawn}


def test_named_anchors_meet_all_and_each_other():
    assert met(anchors=["ann", "cat"]) == {
        frozenset(pair) for pair in ((10, 12), (10, 11), (10, 13), (12, 11), (12, 13))
    }


def test_on_a_prompt_without_an_anchor_the_other_one_plays():
    assert met(entrants=(11, 12, 13), anchors=["ann", "cat"]) == {
        frozenset(pair) for pair in ((12, 11), (12, 13))
    }


def test_drawn_anchors_are_the_same_on_every_prompt():
    assert met(drawn=1) == met(prompt=2, drawn=1)
    assert len({frozenset(met(drawn=1, seed=seed)) for seed in range(40)}) == 4


def test_the_plan_counts_them():
    for n in range(8):
        for drawn in (1, 2, 3):
            rule = registry.build("anchored", {"drawn": drawn})
            field = Field(tuple(range(n)), (1,), 1)
            assert len(rule.next_pairings(field, [])) == rule.planned_games(n, 1)
