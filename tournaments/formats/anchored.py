"""Anchored: everybody meets one or several baselines."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import combinations

from pydantic import Field as Param

from arena.common import plugins
from tournaments.formats import registry
from tournaments.formats.base import Field, Game, Pairing, Scope


@registry.register("anchored")
class Anchored:
    """Each competitor against each anchor on every prompt, and the anchors against each other.

    An anchor of middling strength tells most; the best or the worst tell least, since most of
    their games are foregone.
    """

    label = "Against anchors"
    description = (
        "Everybody meets the same few baselines on every prompt. Results are easy to explain, but "
        "two competitors are compared only by way of an anchor, which takes more calls."
    )
    scope = Scope.PROMPT

    class Params(plugins.Params):
        anchors: list[str] = Param(
            default=[], max_length=20, description="names of competitors; else drawn by the seed"
        )
        drawn: int = Param(
            default=2, ge=1, le=20, description="how many anchors are drawn when none is named"
        )

    def __init__(self, params: Params) -> None:
        self.params = params

    @property
    def named(self) -> list[str]:
        """The competitors that have to be in the field."""
        return self.params.anchors

    def next_pairings(self, field: Field, games: Sequence[Game]) -> list[Pairing]:
        """Every pair with an anchor in it that is not in `games` yet.

        On a prompt that an anchor did not answer the others play without it.
        """
        (prompt,) = field.prompts
        scheduled = {(game.pairing.round, game.pairing.position) for game in games}
        entrants = sorted(field.entrants)
        anchors = self._anchors(field)
        others = [entrant for entrant in entrants if entrant not in anchors]
        pairs = [*combinations(anchors, 2), *((a, b) for a in anchors for b in others)]
        return [
            Pairing(prompt, a, b, 0, position)
            for position, (a, b) in enumerate(pairs)
            if (0, position) not in scheduled
        ]

    def planned_games(self, n_entrants: int, n_prompts: int) -> int:
        """With k anchors k (n - k) games and those of the anchors among themselves."""
        k = min(len(set(self.params.anchors)) or self.params.drawn, n_entrants)
        return (k * (n_entrants - k) + k * (k - 1) // 2) * n_prompts

    def _anchors(self, field: Field) -> list[int]:
        entrants = sorted(field.entrants)
        if self.params.anchors:
            named = set(self.params.anchors)
            return [entrant for entrant in entrants if field.names.get(entrant) in named]
        # By a number that each entrant has of its own, so that who else answered does not matter.
        luck = {entrant: random.Random(f"{field.seed}:{entrant}").random() for entrant in entrants}
        return sorted(entrants, key=luck.__getitem__)[: self.params.drawn]
