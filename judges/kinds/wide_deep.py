"""Many angles, several layers: a network whose neurons are calls of a model."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, field_validator

from judges.contracts import Case, Silence
from judges.kinds import registry
from judges.llm import angles as wide
from judges.llm import pairing, prompting
from judges.llm.angles import Neuron, Review
from judges.llm.judging import ModelJudge
from judges.llm.params import AskParams, PromptParams
from judges.llm.parsing import Unparsable
from judges.llm.prompting import Prompt, Style
from judges.llm.reply import Reply
from judges.llm.templating import Template
from judges.llm.transcript import Finding, Silenced, Transcript

OF_ANGLES = frozenset({"count"})
OF_REVIEWS = frozenset({"angle", "reviews", "forward", "backward"})
REQUIRED = prompting.REQUIRED | {"angle", "reviews"}


@registry.register("wide_deep")
class WideDeep(ModelJudge):
    """WideDeep, of "Wider and Deeper LLM Networks are Fairer LLM Evaluators".

    The model names the angles that matter for this item. In the first layer each angle scores both
    answers from 1 to 10, once in each order; in the next ones it sees its own reviews and those of
    its neighbours in the list and scores again. The higher mean over all neurons wins.

    Labels turn with the order, so neither position nor the name "A" favours an answer, and which
    answer the case calls first changes no prompt.
    """

    label: ClassVar[str] = "Wide and deep"
    description: ClassVar[str] = (
        "Angles are found for each item; each scores both answers in both orders, then again with "
        "its neighbours' reviews in view. The higher mean over all of them wins."
    )

    class Params(PromptParams, AskParams):
        angles: int = Field(
            default=2,
            ge=0,
            le=12,
            description="angles that each item is judged from; 0: as many as the model names",
        )
        most_angles: int = Field(
            default=6, ge=1, le=12, description="the most that it may name, where it may choose"
        )
        layers: int = Field(default=2, ge=1, le=4, description="how often each angle scores")
        tie_margin: float = Field(
            default=0, ge=0, lt=9, description="a tie when the mean scores differ by no more"
        )
        angles_template: str = Field(
            default="wide_deep_angles_v1",
            min_length=1,
            description="how angles are asked for: the name of a template, or its text",
        )
        review_template: str = Field(
            default="wide_deep_review_v1",
            min_length=1,
            description="how a review is asked for: the name of a template, or its text",
        )

        @field_validator("angles_template")
        @classmethod
        def _usable_angles(cls, value: str) -> str:
            prompting.load_template(value, own=OF_ANGLES)
            return value

        @field_validator("review_template")
        @classmethod
        def _usable_review(cls, value: str) -> str:
            prompting.load_template(value, REQUIRED, OF_REVIEWS)
            return value

        @property
        def limit(self) -> int:
            """The most angles that one item can get."""
            return self.angles or self.most_angles

    params: Params

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        self.asking = prompting.load_template(params.angles_template, own=OF_ANGLES)
        self.reviewing = prompting.load_template(params.review_template, REQUIRED, OF_REVIEWS)

    def calls_each(self) -> int:
        """One for the angles, and two for each angle in each layer: 1 + 4k for k angles in two.

        Where the model chooses their number this is the most that it can come to.
        """
        return 1 + 2 * self.params.limit * self.params.layers

    async def decide(self, case: Case, talk: Transcript) -> Finding:
        """Name angles, then go through the layers. Neurons that stay silent are left out."""
        shown, swapped = pairing.canonical(case)
        angles, by_model = await self._angles(shown, talk)
        neurons, left_out = await self._layers(shown, talk, angles)
        if 2 * len(neurons) < len(angles) * self.params.layers:
            raise pairing.prevailing(
                list(left_out.values()), f"only {len(neurons)} of the neurons gave scores"
            )
        details = {
            "angles": angles,
            "angles_from": "model" if by_model else "default",
            "neurons": [wide.record(neuron, angles, swapped) for neuron in neurons],
            "left_out": [{"neuron": name, "why": str(why)} for name, why in left_out.items()],
            **prompting.shown(case, self._style(self.reviewing)),
        }
        return self._finding(neurons, swapped, details)

    def about(self, case: Case) -> dict[str, Any]:
        """Both templates, by name and hash."""
        return pairing.hashes(self.asking, self.reviewing)

    async def _angles(self, case: Case, talk: Transcript) -> tuple[list[str], bool]:
        """The angles, and whether the model named them; else they are the published two."""
        limit = self.params.limit
        count = f"exactly {limit}" if self.params.angles else f"as many as matter, at most {limit}"
        prompt = prompting.render(case, self._style(self.asking), {"count": count})

        def read(reply: Reply) -> list[str] | Unparsable:
            return wide.read_angles(reply, limit)

        try:
            return await talk.ask("angles", prompt.messages, read, wide.ANGLES_SCHEMA), True
        except Silenced as silenced:
            if silenced.silence is not Silence.UNPARSABLE:
                raise
            return list(wide.DEFAULTS[:limit]), False

    async def _layers(
        self, case: Case, talk: Transcript, angles: list[str]
    ) -> tuple[list[Neuron], dict[str, Silenced]]:
        """All neurons that gave scores, and why the others did not.

        A JudgeError passes, permanent or not: an endpoint that is lost half-way is no opinion.
        """
        neurons: list[Neuron] = []
        left_out: dict[str, Silenced] = {}
        for layer in range(1, self.params.layers + 1):
            before = [neuron for neuron in neurons if neuron.layer == layer - 1]
            for number, angle in enumerate(angles):
                name = f"layer {layer}, {angle}"
                seen = wide.neighbours(number, before)
                try:
                    reviews = await self._reviews(case, talk, angles, number, seen, name)
                except Silenced as silenced:
                    left_out[name] = silenced
                else:
                    neurons.append(Neuron(layer, number, reviews))
        return neurons, left_out

    async def _reviews(
        self,
        case: Case,
        talk: Transcript,
        angles: list[str],
        number: int,
        seen: list[Neuron],
        name: str,
    ) -> tuple[Review, Review]:
        """Ask in both orders. When either fails the neuron does: one alone would be biased."""
        forward = self.render(case, angles, number, seen, backward=False)
        one = await talk.ask(
            f"{name}, forward", forward.messages, wide.read_review, wide.REVIEW_SCHEMA
        )
        backward = self.render(case, angles, number, seen, backward=True)
        other = await talk.ask(
            f"{name}, backward", backward.messages, wide.read_review, wide.REVIEW_SCHEMA
        )
        return one, other.turned()

    def render(
        self, case: Case, angles: list[str], number: int, seen: list[Neuron], backward: bool
    ) -> Prompt:
        """What one neuron is asked in one order."""
        turned = pairing.swapped(case) if backward else case
        mark = prompting.mark_of(turned, *wide.texts_of(seen), angles[number])
        own = {
            "angle": prompting.fence("ANGLE", angles[number], mark),
            "reviews": wide.shown(seen, angles, backward, mark),
        }
        return prompting.render(turned, self._style(self.reviewing), own, mark)

    def _style(self, template: Template) -> Style:
        return pairing.style_of(template, self.params, self.params.max_chars)

    def _finding(self, neurons: list[Neuron], swapped: bool, details: dict[str, Any]) -> Finding:
        scores = (
            pairing.mean(neuron.scores[0] for neuron in neurons),
            pairing.mean(neuron.scores[1] for neuron in neurons),
        )
        first, second = scores[::-1] if swapped else scores
        said = [
            f"{one['angle']} (layer {one['layer']}): {one['first']:g} : {one['second']:g}"
            for one in details["neurons"]
        ]
        return Finding(
            preference=pairing.preference_of(first, second, self.params.tie_margin),
            reason="\n".join([f"Mean {first:.2f} : {second:.2f}.", *said]),
            scores=(first, second),
            details=details,
        )
