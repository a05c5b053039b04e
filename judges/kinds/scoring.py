"""A language model that scores answers; the higher score wins."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from arena.common import plugins
from judges.contracts import Case, Order, Preference, Presentation
from judges.kinds import registry
from judges.llm import parsing, prompting
from judges.llm.judging import ModelJudge
from judges.llm.params import CallParams, PromptParams
from judges.llm.parsing import Unparsable
from judges.llm.prompting import Prompt, Style
from judges.llm.reply import Reply
from judges.llm.transcript import Finding, Transcript

LOWEST = 1
MOST_LISTED = 10
"""A longer scale is not listed number by number in the JSON schema."""

N = "N"
"""Stands for a number in the example of a reply."""

SAME = 1e-9
"""Means of several scores that differ by less are equal."""

TEMPLATES = {"independent": "score_one_v1", "combined": "score_both_v1"}
SLOTS = {"independent": {"prompt", "answer"}, "combined": {"prompt", "first", "second"}}
SUFFIXES = {"independent": ("",), "combined": ("_a", "_b")}
"""Of the keys of a reply: one answer needs none."""

OWN = frozenset({"answer", "scale", "rubrics", "examples", "parts", "form"})
"""Placeholders of this kind's templates beside those that every template has: the one answer,
fenced; the scale in words; the judge's rubrics; rated examples, fenced; what is asked beside the
score; the JSON object that is to come back."""


class RatedAnswer(plugins.Params):
    """An answer with the ratings and explanations that people gave it."""

    prompt: str = Field(default="", description="the task, when it is another one")
    answer: str = Field(description="the answer")
    ratings: list[float] = Field(min_length=1, max_length=10, description="people's scores")
    explanations: list[str] = Field(default=[], max_length=10, description="why, one a rating")


class Calibration(plugins.Params):
    """What makes this judge's scores comparable with those of others: offset + scale * score."""

    offset: float = Field(default=0.0, allow_inf_nan=False, description="added")
    scale: float = Field(default=1.0, gt=0, allow_inf_nan=False, description="multiplied first")

    def of(self, score: float) -> float:
        """The calibrated score."""
        return self.offset + self.scale * score


@dataclass(frozen=True)
class Rating:
    """What one call said of one answer. `criteria` by number; None where it cannot be read."""

    score: float
    reason: str
    criteria: Mapping[str, float | None]
    weaknesses: object = None


@registry.register("scoring")
class Scoring(ModelJudge):
    """Scores each answer alone or both in one prompt, and prefers the higher score.

    The strategies are those of "The Fellowship of the LLMs"; one call for each rubric, averaged, is
    Janus; rubric and reference in another language than the answer are Hercule; rated examples and
    points deducted for each weakness are CrossEval.
    """

    label: ClassVar[str] = "Scores"
    description: ClassVar[str] = (
        "A model gives each answer a score, alone or beside the other, by criteria, rubrics and "
        "rated examples if there are any; the higher score wins."
    )

    class Params(PromptParams, CallParams):
        strategy: Literal["independent", "combined"] = Field(
            default="combined",
            description="each answer alone (one call each, no order), or both in one prompt",
        )
        scale: Literal[5, 10, 100] = Field(default=10, description="the highest score; 1 is lowest")
        template: str = Field(
            default="",
            validate_default=True,
            description="a template that comes with Arena, or the text of one (several lines); "
            "else the one of the strategy",
        )
        rubrics: list[str] = Field(
            default=[], max_length=20, description="what scores are given for, beside the prompt's"
        )
        rubric_calls: Literal["together", "each"] = Field(
            default="together", description="one call by all rubrics, or one for each, averaged"
        )
        each_criterion: bool = Field(
            default=False, description="ask for a score by each criterion too, for the record"
        )
        examples: list[RatedAnswer] = Field(
            default=[], max_length=20, description="answers that people rated, to score alike"
        )
        deductions: bool = Field(
            default=False,
            description="have strengths and weaknesses listed, and points deducted for each "
            "weakness, before the score",
        )
        tie_margin: float = Field(
            default=0.0,
            ge=0,
            allow_inf_nan=False,
            description="a tie when the calibrated scores differ by no more",
        )
        calibration: Calibration = Field(
            default=Calibration(),
            description="offset and scale that make this judge's scores comparable with others'; "
            "the record keeps the raw ones",
        )

        @field_validator("scale", mode="before")
        @classmethod
        def _number(cls, value: object) -> object:
            return int(value) if isinstance(value, str) and value.isdecimal() else value

        @field_validator("template")
        @classmethod
        def _usable_template(cls, value: str, info: ValidationInfo) -> str:
            strategy = info.data.get("strategy", "combined")
            template = value
            if not value.strip() or value in TEMPLATES.values():
                template = TEMPLATES[strategy]
            prompting.load_template(template, SLOTS[strategy], OWN)
            return template

        @model_validator(mode="after")
        def _fitting(self) -> Self:
            if self.each_criterion and not self.criteria:
                raise ValueError("each_criterion needs criteria")
            if self.rubric_calls == "each" and not self.rubrics:
                raise ValueError("a call for each rubric needs rubrics")
            for rating in (rating for one in self.examples for rating in one.ratings):
                if not LOWEST <= rating <= self.scale:
                    raise ValueError(f"an example is rated {rating:g}, outside the scale")
            return self

    params: Params

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        self.suffixes = SUFFIXES[params.strategy]
        self.style = Style(
            template=prompting.load_template(params.template, SLOTS[params.strategy], OWN),
            criteria=tuple(params.criteria),
            max_chars=params.max_chars,
            numbered=params.each_criterion,
            images=params.images,
            instructions=params.instructions,
            reason_language=params.reason_language,
        )
        each = params.rubric_calls == "each"
        self.rubrics = [[one] for one in params.rubrics] if each else [params.rubrics]

    def presentations(self, seed: int) -> tuple[Presentation, ...]:
        """An answer that is shown alone has no order; two have the orders of the params."""
        if self.params.strategy == "combined":
            return super().presentations(seed)
        return tuple(Presentation(Order.UNKNOWN, sample) for sample in range(self.params.samples))

    def calls_each(self) -> int:
        """One for each answer shown alone, or for both, and for each rubric where so asked."""
        return len(self.rubrics) * (3 - len(self.suffixes))

    async def decide(self, case: Case, talk: Transcript) -> Finding:
        """Have both rated, by each rubric; the higher mean wins."""
        rounds = [await self._round(case, talk, number) for number in range(len(self.rubrics))]
        first = fmean(first.score for first, _ in rounds)
        second = fmean(second.score for _, second in rounds)
        calibration = self.params.calibration
        ahead = calibration.of(first) - calibration.of(second)
        if abs(ahead) <= self.params.tie_margin + SAME:
            preference = Preference.TIE
        else:
            preference = Preference.FIRST if ahead > 0 else Preference.SECOND
        details = self._details(rounds, (calibration.of(first), calibration.of(second)))
        return Finding(preference, self._reason(rounds), scores=(first, second), details=details)

    def about(self, case: Case) -> dict[str, Any]:
        """The template, by name and hash, the scale, and what of the case was not shown."""
        template = self.style.template
        said = prompting.shown(case, self.style)
        cut = [prompting.cut_of(one, self.style) for one in self._cases(case)]
        first, second = cut[0] if len(cut) == 1 else (cut[0][0], cut[1][0])
        truncated = {"max_chars": self.style.max_chars, "first": first, "second": second}
        return {
            "template": template.name,
            "template_hash": template.sha256,
            "scale": [LOWEST, self.params.scale],
            **said,
            "truncated": truncated if first or second else None,
        }

    def render(self, case: Case, rubrics: Sequence[str] | None = None) -> list[Prompt]:
        """The prompts of one round that `judge` would send, without sending them."""
        return [self._prompt(one, rubrics or self.rubrics[0]) for one in self._cases(case)]

    async def _round(self, case: Case, talk: Transcript, number: int) -> tuple[Rating, Rating]:
        """Both rated by one set of rubrics."""
        ratings: list[Rating] = []
        schema = self._schema()
        for prompt in self.render(case, self.rubrics[number]):
            label = f"scores {number + 1}.{len(ratings) + 1}"
            ratings += await talk.ask(label, prompt.messages, self._read, schema)
        first, second = ratings
        return first, second

    def _cases(self, case: Case) -> Iterator[Case]:
        """What is shown by one prompt each.

        An answer alone forgets its opponent, so it is asked about once, whoever it meets.
        """
        if self.params.strategy == "combined":
            yield case
        else:
            yield replace(case, second=(), seed=0)
            yield replace(case, first=case.second, second=(), seed=0)

    def _prompt(self, case: Case, rubrics: Sequence[str]) -> Prompt:
        examples = self.params.examples
        said = [text for one in examples for text in (one.prompt, one.answer, *one.explanations)]
        mark = prompting.mark_of(case, *said)
        own = {
            "answer": prompting.answer(
                "", case, case.first, prompting.limit_of(case, self.style), mark
            ),
            "scale": f"from {LOWEST} (of no use) to {self.params.scale} (could hardly be better), "
            "in whole numbers",
            "rubrics": prompting.listed(rubrics),
            "examples": "\n\n".join(self._example(n, mark) for n in range(len(examples))),
            "parts": self._parts(),
            "form": self._form(),
        }
        return prompting.render(case, self.style, own, mark)

    def _fields(self) -> dict[str, tuple[dict[str, Any], object]]:
        """The keys of a reply in order: their JSON schema, and what stands there in an example."""
        texts = {"type": "array", "items": {"type": "string"}}
        fault = prompting.object_schema({"issue": {"type": "string"}, "points": {"type": "number"}})
        numbers = [str(n + 1) for n in range(len(self.params.criteria))]
        each = prompting.object_schema(dict.fromkeys(numbers, self._scale()))
        fields: dict[str, tuple[dict[str, Any], object]] = {}
        for suffix in self.suffixes if self.params.deductions else ():
            shown = [{"issue": "...", "points": N}]
            fields[f"strengths{suffix}"] = (texts, ["..."])
            fields[f"weaknesses{suffix}"] = ({"type": "array", "items": fault}, shown)
        fields["reason"] = ({"type": "string"}, "...")
        for suffix in self.suffixes if self.params.each_criterion else ():
            fields[f"criteria{suffix}"] = (each, dict.fromkeys(numbers, N))
        for suffix in self.suffixes:
            fields[f"score{suffix}"] = (self._scale(), N)
        return fields

    def _schema(self) -> dict[str, Any]:
        return prompting.object_schema({key: one for key, (one, _) in self._fields().items()})

    def _form(self) -> str:
        shown = {key: example for key, (_, example) in self._fields().items()}
        return json.dumps(shown).replace(json.dumps(N), N)

    def _scale(self) -> dict[str, Any]:
        if self.params.scale > MOST_LISTED:
            return {"type": "integer"}
        return {"type": "integer", "enum": list(range(LOWEST, self.params.scale + 1))}

    def _parts(self) -> str:
        """What is asked for beside reason and score."""
        parts = []
        if self.params.deductions:
            parts.append(
                "Before the reason list strengths, and weaknesses with the points that each costs. "
                "Merge weaknesses that overlap. Whoever has none keeps the highest score."
            )
        if self.params.each_criterion:
            parts.append('In "criteria" give a score by each criterion alone, under its number.')
        return "\n".join(parts)

    def _example(self, number: int, mark: str) -> str:
        example, label = self.params.examples[number], f"EXAMPLE {number + 1}"
        task = prompting.fence(f"{label}, TASK", example.prompt, mark)
        said = [f"Rated {rating:g} of {self.params.scale}." for rating in example.ratings]
        for place, why in enumerate(example.explanations[: len(said)]):
            fenced = prompting.fence(f"{label}, EXPLANATION {place + 1}", why, mark)
            said[place] += f" The explanation:\n{fenced}"
        answer = prompting.fence(f"{label}, ANSWER", example.answer, mark)
        return "\n\n".join([*([task] if example.prompt else []), answer, *said])

    def _read(self, reply: Reply) -> list[Rating] | Unparsable:
        """The ratings of all answers that the prompt showed."""
        said = parsing.object_of(reply, [f"score{suffix}" for suffix in self.suffixes])
        if isinstance(said, Unparsable):
            return said
        ratings = []
        for suffix in self.suffixes:
            score = parsing.score(said[f"score{suffix}"], LOWEST, self.params.scale)
            if isinstance(score, Unparsable):
                return score
            ratings.append(self._rating(score, said, suffix))
        return ratings

    def _rating(self, score: float, said: Mapping[str, Any], suffix: str) -> Rating:
        given = said.get(f"criteria{suffix}")
        given = given if isinstance(given, Mapping) else {}
        criteria: dict[str, float | None] = {}
        for number, criterion in enumerate(self.params.criteria, start=1):
            one = parsing.score(given.get(str(number)), LOWEST, self.params.scale)
            criteria[criterion] = None if isinstance(one, Unparsable) else one
        reason = parsing.plain(said.get("reason", ""))
        return Rating(score, reason, criteria, said.get(f"weaknesses{suffix}"))

    def _details(
        self, rounds: Sequence[tuple[Rating, Rating]], calibrated: tuple[float, float]
    ) -> dict[str, Any]:
        """Scores by rubric, by criterion (of each round) and points deducted: [first, second]."""
        details: dict[str, Any] = {}
        if self.params.calibration != Calibration():
            details["calibrated"] = list(calibrated)
        if len(rounds) > 1:
            details["rubrics"] = [[first.score, second.score] for first, second in rounds]
        if self.params.each_criterion:
            details["criteria"] = [
                {name: [first.criteria[name], second.criteria[name]] for name in first.criteria}
                for first, second in rounds
            ]
        if self.params.deductions:
            details["weaknesses"] = [
                [first.weaknesses, second.weaknesses] for first, second in rounds
            ]
        return details

    def _reason(self, rounds: Sequence[tuple[Rating, Rating]]) -> str:
        if self.params.strategy == "combined":
            return "\n\n".join(first.reason for first, _ in rounds).strip()
        return "\n\n".join(
            f"The {name} answer, {rating.score:g}: {rating.reason}".strip()
            for ratings in rounds
            for name, rating in zip(("first", "second"), ratings, strict=True)
        )
