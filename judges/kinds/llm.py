"""One language model that compares two answers, behind any OpenAI-compatible endpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from arena.common import plugins
from judges.contracts import Case, Preference
from judges.kinds import registry
from judges.llm import parsing, prompting, soft
from judges.llm.judging import ModelJudge
from judges.llm.params import CallParams, PromptParams
from judges.llm.parsing import Unparsable, Verdict
from judges.llm.prompting import VERDICTS, Prompt, Style
from judges.llm.reply import Reply
from judges.llm.transcript import Finding, Transcript

DECISIVE = (Preference.FIRST, Preference.SECOND)
TEMPLATES = {"reason": "pairwise_v1", "choice": "choice_v1"}

OWN = frozenset({"examples", "parts", "form"})
"""Placeholders of this kind's templates beside those that every template has: the judged examples,
fenced; what is asked about each criterion and turn; the JSON object that is to come back."""

PARTS = {
    "criteria": "which answer is better by each criterion alone, under the criterion's number",
    "turns": "which answer's reply to each turn is better, under the turn's number",
}


class Example(plugins.Params):
    """A comparison with the verdict that is right, to show a judge how."""

    prompt: str = Field(description="the task")
    first: str = Field(description="answer A")
    second: str = Field(description="answer B")
    verdict: Literal["first", "second", "tie", "both_bad"] = Field(description="which is better")
    reason: str = Field(default="", description="why")


@registry.register("llm")
class LanguageModel(ModelJudge):
    """Shows a model the prompt and both answers, and asks for a reason and then a verdict.

    With style `choice`, without ties: the forced choice of Arena-lite (arXiv 2411.01281).
    """

    label: ClassVar[str] = "Language model"
    description: ClassVar[str] = (
        "A model behind any OpenAI-compatible endpoint reads the prompt and both answers, gives "
        "its reason and then its verdict; by default in both orders."
    )

    class Params(PromptParams, CallParams):
        style: Literal["reason", "choice"] = Field(
            default="reason",
            description="reason first, then the verdict; or only choose, in a few tokens",
        )
        template: str = Field(
            default="",
            validate_default=True,
            description="a template that comes with Arena, or the text of one (several lines); "
            "else the one of the style",
        )
        allow_ties: bool = Field(default=True, description="offer tie and both bad")
        strength: bool = Field(
            default=False, description="ask whether the better answer is much or slightly better"
        )
        each_criterion: bool = Field(
            default=False, description="ask for a verdict by each criterion too, for the record"
        )
        each_turn: bool = Field(
            default=False, description="ask for a verdict on each turn too, for the record"
        )
        examples: list[Example] = Field(
            default=[], max_length=20, description="judged comparisons to show as a guide"
        )
        soft: bool = Field(
            default=False,
            description="also record how likely the model was to name the first answer, from "
            "token probabilities where the endpoint gives them",
        )

        @field_validator("template")
        @classmethod
        def _usable_template(cls, value: str, info: ValidationInfo) -> str:
            template = value
            if not value.strip() or value in TEMPLATES.values():
                template = TEMPLATES[info.data.get("style", "reason")]
            prompting.load_template(template, own=OWN)
            return template

        @model_validator(mode="after")
        def _something_to_ask(self) -> Self:
            if self.each_criterion and not self.criteria:
                raise ValueError("each_criterion needs criteria")
            if self.style == "choice" and (self.each_criterion or self.each_turn):
                raise ValueError("style choice asks for nothing but the choice")
            return self

    params: Params

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        self.offered = tuple(Preference) if params.allow_ties else DECISIVE
        self.style = Style(
            template=prompting.load_template(params.template, own=OWN),
            criteria=tuple(params.criteria),
            offered=self.offered,
            max_chars=params.max_chars,
            graded=params.strength,
            numbered=params.each_criterion,
            images=params.images,
            instructions=params.instructions,
            reason_language=params.reason_language,
        )
        self._shown = [text for one in params.examples for text in one.model_dump().values()]

    def calls_each(self) -> int:
        """One."""
        return 1

    def render(self, case: Case) -> Prompt:
        """The prompt that `judge` would send, without sending it."""
        mark = prompting.mark_of(case, *self._shown)
        asked = self._asked(case)
        own = {
            "examples": self._examples(mark),
            "parts": "\n".join(f'In "{key}" say {PARTS[key]}: {self._words()}.' for key in asked),
            "form": _form(asked),
        }
        return prompting.render(case, self.style, own, mark)

    async def decide(self, case: Case, talk: Transcript) -> Finding:
        """Ask once; the reply's last verdict counts."""
        messages, top = self.render(case).messages, soft.TOP if self.params.soft else 0
        verdict, share = await talk.ask("verdict", messages, self._read, self._schema(case), top)
        details = self._parts(case, verdict.said)
        if self.params.soft:
            details["soft"] = share if isinstance(share, str) else "token"
        return Finding(
            verdict.preference,
            verdict.reason,
            probability=None if isinstance(share, str) else share,
            strength=verdict.strength if self.params.strength else None,
            details=details,
        )

    def about(self, case: Case) -> dict[str, Any]:
        """The template, by name and hash, and what of the case was not shown."""
        template = self.style.template
        named = {"template": template.name, "template_hash": template.sha256}
        return {**named, **prompting.shown(case, self.style)}

    def _read(self, reply: Reply) -> tuple[Verdict, float | str] | Unparsable:
        """The verdict, and P(A) of A and B or why it is not known."""
        cut_off, bare = reply.finish_reason == "length", self.params.style == "choice"
        verdict = parsing.parse(reply.text, self.offered, cut_off, bare)
        if isinstance(verdict, Unparsable):
            return verdict
        return verdict, soft.share(
            reply.text, verdict.at, reply.logprobs
        ) if self.params.soft else "not asked for"

    def _asked(self, case: Case) -> dict[str, list[str]]:
        """What gets a verdict of its own beside the whole: {key of the reply: numbers}."""
        asked: dict[str, list[str]] = {}
        if self.params.each_criterion:
            asked["criteria"] = [str(n + 1) for n in range(len(self.params.criteria))]
        replies = max(len(case.first), len(case.second))
        if self.params.each_turn and replies > 1:
            asked["turns"] = [str(n) for n in prompting.replied_turns(case.prompt, replies)]
        return asked

    def _schema(self, case: Case) -> dict[str, Any] | None:
        if self.params.style == "choice":
            return None
        one = {"type": "string", "enum": [VERDICTS[p][0] for p in self.offered]}
        parts = {
            key: prompting.object_schema(dict.fromkeys(numbers, one))
            for key, numbers in self._asked(case).items()
        }
        whole = {"type": "string", "enum": [said for said, _ in prompting.verdicts(self.style)]}
        return prompting.object_schema({"reason": {"type": "string"}, **parts, "verdict": whole})

    def _parts(self, case: Case, said: Mapping[str, Any]) -> dict[str, Any]:
        """The verdicts by criterion and turn, in terms of what was shown first and second.

        They are for the record and decide nothing, so one that cannot be read is None.
        """
        read: dict[str, Any] = {}
        for key, numbers in self._asked(case).items():
            given = said.get(key)
            given = given if isinstance(given, Mapping) else {}
            found = {number: parsing.preference(given.get(number)) for number in numbers}
            read[key] = {n: str(one) if one in self.offered else None for n, one in found.items()}
        if "criteria" in read:
            read["criteria"] = dict(
                zip(self.params.criteria, read["criteria"].values(), strict=True)
            )
        return read

    def _words(self) -> str:
        return ", ".join(f'"{VERDICTS[preference][0]}"' for preference in self.offered)

    def _examples(self, mark: str) -> str:
        return "\n\n".join(
            self._example(number, example, mark)
            for number, example in enumerate(self.params.examples, start=1)
        )

    def _example(self, number: int, example: Example, mark: str) -> str:
        said = VERDICTS[Preference(example.verdict)][0]
        told = json.dumps({"reason": example.reason, "verdict": said}, ensure_ascii=False)
        pieces = (
            ("TASK", example.prompt),
            ("ANSWER A", example.first),
            ("ANSWER B", example.second),
        )
        fenced = [
            prompting.fence(f"EXAMPLE {number}, {label}", text, mark) for label, text in pieces
        ]
        right = said if self.params.style == "choice" else told
        return "\n\n".join([*fenced, f"The right reply to example {number}: {right}"])


def _form(asked: Mapping[str, Sequence[str]]) -> str:
    """The JSON object that is to come back, as an example."""
    parts = {key: dict.fromkeys(numbers, "...") for key, numbers in asked.items()}
    return json.dumps({"reason": "...", **parts, "verdict": "..."})
