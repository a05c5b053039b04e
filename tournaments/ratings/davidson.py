"""Bradley-Terry with ties as a result of their own, after Davidson (1970)."""

from __future__ import annotations

from tournaments.ratings import registry
from tournaments.ratings.links import Davidson as DavidsonLink
from tournaments.ratings.strengths import PairedMethod


@registry.register("davidson")
class Davidson(PairedMethod):
    """Maximum a posteriori fit of strengths and one tie parameter.

    The order is nearly always that of Bradley-Terry with half wins; differences are larger, since
    they are odds among decided games. Never compare ratings across the two.
    """

    label = "Davidson (ties modelled)"
    description = (
        "Bradley-Terry with ties as a third result, likelier between equals. A difference of"
        " ratings speaks of decided games only, so it is larger than where ties are half wins."
    )
    name = "davidson"
    ties_are = "a result of their own, chance as the geometric mean of both strengths"
    link = DavidsonLink()
