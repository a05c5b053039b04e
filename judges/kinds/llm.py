"""One language model that compares two answers, behind any OpenAI-compatible endpoint."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, field_validator

from judges.contracts import Case, Preference
from judges.kinds import registry
from judges.llm import prompting
from judges.llm.client import Reply
from judges.llm.judging import ModelJudge
from judges.llm.params import CallParams
from judges.llm.parsing import Unparsable, Verdict, parse
from judges.llm.prompting import Prompt, Style
from judges.llm.transcript import Finding, Transcript

DECISIVE = (Preference.FIRST, Preference.SECOND)


@registry.register("llm")
class LanguageModel(ModelJudge):
    """Shows a model the prompt and both answers, and asks for a reason and then a verdict."""

    label: ClassVar[str] = "Language model"
    description: ClassVar[str] = (
        "A model behind any OpenAI-compatible endpoint reads the prompt and both answers, gives "
        "its reason and then its verdict; by default in both orders."
    )

    class Params(CallParams):
        template: str = Field(
            default="pairwise_v1",
            min_length=1,
            description="a template that comes with Arena, or the text of one (several lines)",
        )
        criteria: list[str] = Field(default=[], max_length=20, description="what to judge by")
        allow_ties: bool = Field(default=True, description="offer tie and both bad")

        @field_validator("template")
        @classmethod
        def _usable_template(cls, value: str) -> str:
            prompting.load_template(value)
            return value

    params: Params

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        self.offered = tuple(Preference) if params.allow_ties else DECISIVE
        self.style = Style(
            template=prompting.load_template(params.template),
            criteria=tuple(params.criteria),
            offered=self.offered,
            max_chars=params.max_chars,
        )

    def calls_each(self) -> int:
        """One."""
        return 1

    def render(self, case: Case) -> Prompt:
        """The prompt that `judge` would send, without sending it."""
        return prompting.render(case, self.style)

    async def decide(self, case: Case, talk: Transcript) -> Finding:
        """Ask once; the reply's last verdict counts."""
        prompt = self.render(case)
        schema = prompting.reply_schema(self.offered)
        verdict = await talk.ask("verdict", prompt.messages, self._read, schema)
        return Finding(verdict.preference, verdict.reason, details=self._truncated(prompt))

    def about(self, case: Case) -> dict[str, Any]:
        """The template, by name and hash."""
        template = self.style.template
        return {"template": template.name, "template_hash": template.sha256}

    def _read(self, reply: Reply) -> Verdict | Unparsable:
        return parse(reply.text, self.offered, cut_off=reply.finish_reason == "length")

    def _truncated(self, prompt: Prompt) -> dict[str, Any]:
        if not any(prompt.cut):
            return {"truncated": None}
        first, second = prompt.cut
        cut = {"max_chars": self.params.max_chars, "first": first, "second": second}
        return {"truncated": cut}
