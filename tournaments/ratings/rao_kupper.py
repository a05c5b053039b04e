"""Bradley-Terry with a threshold below which games are tied, after Rao & Kupper (1967)."""

from __future__ import annotations

from collections.abc import Iterator

from tournaments.ratings import registry
from tournaments.ratings.base import Effect
from tournaments.ratings.counts import Evidence
from tournaments.ratings.design import Design
from tournaments.ratings.links import RaoKupper as RaoKupperLink
from tournaments.ratings.links import threshold
from tournaments.ratings.paired import Fit
from tournaments.ratings.strengths import PairedMethod


@registry.register("rao_kupper")
class RaoKupper(PairedMethod):
    """Maximum a posteriori fit of strengths and one threshold."""

    label = "Rao-Kupper (ties modelled)"
    description = (
        "Bradley-Terry with a threshold: who leads by less than it ties. A tie says that two are"
        " close, and a competitor that ties much with strong ones gains by it."
    )
    name = "rao_kupper"
    ties_are = "a lead below a threshold"
    link = RaoKupperLink()

    def other_effects(self, evidence: Evidence, design: Design, fitted: Fit) -> Iterator[Effect]:
        yield from super().other_effects(evidence, design, fitted)
        yield Effect(
            "threshold", threshold(fitted.tie), None, None, "log-odds by which a winner must lead"
        )
