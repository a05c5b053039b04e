"""A fitted statistical model as a judge: free, instant, and honest about what it is."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from arena.common import plugins
from judges.contracts import Answer, Backend, Case, Order, Preference, Presentation, Source
from judges.kinds import registry
from judges.surrogates.features import FEATURES, FloatArray, difference
from judges.surrogates.model_card import load

REASONS = 3
TIE_MARGIN = 0.01  # about as many ties as the votes of the training sets have: 3 to 9 %


@registry.register("surrogate")
class Surrogate:
    """Judges by text features with a pretrained model; needs no key and no network."""

    label: ClassVar[str] = "Statistical surrogate"
    description: ClassVar[str] = (
        "A small model of text features, fitted to recorded judgments. It judges style and effort "
        "and knows no facts: good for a rehearsal, not for a finding."
    )
    source: ClassVar[Source] = Source.CALLS

    class Params(plugins.Params):
        name: str = Field(default="general", description="which pretrained model")
        tie_margin: float = Field(
            default=TIE_MARGIN,
            ge=0,
            lt=0.5,
            description="a tie when |probability - 0.5| is below this",
        )

    def __init__(self, params: Params) -> None:
        self.params = params
        self.card = load(params.name)

    def presentations(self, seed: int) -> tuple[Presentation, ...]:
        """One is enough: the model is symmetric, the other order would only flip the sign."""
        return (Presentation(Order.AB),)

    @property
    def caution(self) -> str:
        """What has to be said wherever its verdicts are ranked."""
        return (
            "Decided by a statistical model of text features, not by a reader: it judges style and "
            f"effort and knows no facts. A rehearsal, not a finding ({self.card.headline()})."
        )

    def planned_calls(self) -> int:
        """Nothing is paid for."""
        return 0

    def most_calls(self) -> int:
        """Nothing is paid for."""
        return 0

    def connect(self, backend: Backend) -> None:
        """It needs nothing from outside."""

    async def judge(self, case: Case) -> Answer:
        """Compare the user's turns with all turns of each answer; takes milliseconds."""
        asked = "\n\n".join(turn.content for turn in case.prompt if turn.role == "user")
        features = difference(asked, "\n\n".join(case.first), "\n\n".join(case.second))
        probability = float(self.card.model.predict_proba(features))
        preference = self._preference(probability)
        return Answer(
            preference=preference,
            reason=self._reason(preference, probability, features),
            probability=probability,
            details={"surrogate": self.card.name, "version": self.card.version},
        )

    async def close(self) -> None:
        """Nothing is held open."""

    def _preference(self, probability: float) -> Preference:
        if abs(probability - 0.5) < self.params.tie_margin or probability == 0.5:
            return Preference.TIE
        return Preference.FIRST if probability > 0.5 else Preference.SECOND

    def _reason(self, preference: Preference, probability: float, features: FloatArray) -> str:
        opening = (
            f"A statistical surrogate ({self.card.name}) fitted on text features, "
            f"{self.card.headline()}. It knows no facts."
        )
        if preference is Preference.TIE:
            return f"{opening} Too close to call: {probability:.1%} for the first answer."
        sign = 1 if preference is Preference.FIRST else -1
        share = probability if sign > 0 else 1 - probability
        pulls = sign * self.card.model.contributions(features)
        strongest = [i for i in np.argsort(-pulls, kind="stable")[:REASONS] if pulls[i] > 0]
        named = ", ".join(
            f"{'more' if sign * features[i] > 0 else 'less'} {FEATURES[i].label} ({pulls[i]:+.2f})"
            for i in strongest
        )
        return (
            f"{opening} Prefers the {preference.value} answer ({share:.1%}) chiefly for: {named}."
        )
