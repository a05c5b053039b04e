"""The angles from which a wide and deep judge looks at two answers, and its neurons.

A neuron is one angle in one layer, asked in both orders. Its reviews speak of each answer apart
from the other, so that they can be shown again in either order without a word being changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from judges.llm import pairing, parsing, prompting
from judges.llm.parsing import Unparsable
from judges.llm.prompting import object_schema
from judges.llm.reply import Reply

LOW, HIGH = 1.0, 10.0
LONGEST_ANGLE = 200
LONGEST_REVIEW = 3_000

DEFAULTS = ("Accuracy: is what it says true?", "Relevance: does it answer what was asked?")
"""What the published judge falls back to when the model names no angle."""

ANGLES_SCHEMA = object_schema({"angles": {"type": "array", "items": {"type": "string"}}})

SCORE = pairing.scale(LOW, HIGH)
REVIEW_SCHEMA = object_schema(
    {
        "review_a": {"type": "string"},
        "review_b": {"type": "string"},
        "score_a": SCORE,
        "score_b": SCORE,
    }
)


@dataclass(frozen=True)
class Review:
    """What one call says of both answers: words and scores, first and second."""

    texts: tuple[str, str]
    scores: tuple[float, float]

    def turned(self) -> Review:
        """The same in the other order."""
        return Review(self.texts[::-1], self.scores[::-1])


@dataclass(frozen=True)
class Neuron:
    """One angle in one layer: its reviews of both orders, each as (first, second) of the case."""

    layer: int
    angle: int
    reviews: tuple[Review, Review]

    @property
    def scores(self) -> tuple[float, float]:
        """The mean over both orders."""
        one, other = (review.scores for review in self.reviews)
        return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2


def read_angles(reply: Reply, limit: int) -> list[str] | Unparsable:
    """The first `limit` different angles that a reply names."""
    said = parsing.object_of(reply, ("angles",))
    if isinstance(said, Unparsable):
        return said
    named = said["angles"] if isinstance(said["angles"], list) else []
    angles: dict[str, str] = {}
    for angle in named:
        text = " ".join(angle.split())[:LONGEST_ANGLE] if isinstance(angle, str) else ""
        if text:
            angles.setdefault(text.casefold(), text)
    return list(angles.values())[:limit] or Unparsable("the reply names no angle")


def read_review(reply: Reply) -> Review | Unparsable:
    """A whole review: both texts, and both scores from 1 to 10."""
    said = parsing.object_of(reply, ("review_a", "review_b", "score_a", "score_b"))
    if isinstance(said, Unparsable):
        return said
    first = parsing.score(said["score_a"], LOW, HIGH)
    second = parsing.score(said["score_b"], LOW, HIGH)
    if isinstance(first, Unparsable):
        return first
    if isinstance(second, Unparsable):
        return second
    texts = parsing.plain(said["review_a"]), parsing.plain(said["review_b"])
    return Review(texts, (first, second))


def neighbours(angle: int, before: Sequence[Neuron]) -> list[Neuron]:
    """The neurons of the layer before at the same angle or one beside it in the list."""
    return [neuron for neuron in before if abs(neuron.angle - angle) <= 1]


def texts_of(seen: Sequence[Neuron]) -> list[str]:
    """All that the reviews of these neurons say."""
    return [text for neuron in seen for review in neuron.reviews for text in review.texts]


def shown(seen: Sequence[Neuron], angles: Sequence[str], backward: bool, mark: str) -> str:
    """The reviews of these neurons, fenced and put in the order in which the answers are shown."""
    blocks: list[str] = []
    for neuron in seen:
        blocks.append(prompting.fence("ANGLE", angles[neuron.angle], mark))
        for number, review in enumerate(neuron.reviews, start=1):
            turned = review.turned() if backward else review
            for name, text, score in zip("AB", turned.texts, turned.scores, strict=True):
                label = f"REVIEW {number} OF ANSWER {name}, SCORE {score:g}"
                blocks.append(prompting.fence(label, text, mark, LONGEST_REVIEW))
    return "\n\n".join(blocks)


def record(neuron: Neuron, angles: Sequence[str], swapped: bool) -> dict[str, Any]:
    """A neuron as a judgment keeps it, in the order in which the case was given."""
    first, second = neuron.scores[::-1] if swapped else neuron.scores
    return {
        "layer": neuron.layer,
        "angle": angles[neuron.angle],
        "first": first,
        "second": second,
    }
