"""Closed questions from a document and from each answer, answered from the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field, field_validator

from judges.contracts import Case, Silence
from judges.kinds import registry
from judges.llm import examination, pairing, prompting
from judges.llm.examination import Measures, Question, Said, Tally
from judges.llm.judging import ModelJudge
from judges.llm.params import AskParams
from judges.llm.parsing import Unparsable
from judges.llm.prompting import Prompt, Style
from judges.llm.reply import Reply
from judges.llm.templating import Template
from judges.llm.transcript import Finding, Silenced, Transcript

OF_QUESTIONS = frozenset({"document", "count", "controls"})
OF_ANSWERS = frozenset({"document", "questions"})
BARE = Case(prompt=(), first=(), second=())
"""Nothing of the comparison but the documents themselves is shown: no task, no other answer."""


@dataclass(frozen=True)
class Examined:
    """One answer: its measures, and the tallies behind them (None where nothing was asked)."""

    measures: Measures
    of_document: Tally | None = None
    of_answer: Tally | None = None

    @property
    def tallies(self) -> list[Tally]:
        return [tally for tally in (self.of_document, self.of_answer) if tally]


@registry.register("cross_examination")
class CrossExamination(ModelJudge):
    """The cross-examination of MEDIC, reference-free.

    The document is what the prompt gives to work from: its retrieved passages, else the prompt
    itself. Coverage, conformity and consistency of each answer come from closed questions; the
    higher mean of the three wins. Made for summaries, notes and answers from passages.
    """

    label: ClassVar[str] = "Cross-examination"
    description: ClassVar[str] = (
        "Closed questions are made from the document and from each answer, and answered from the "
        "other alone: what is covered, contradicted or invented decides."
    )

    class Params(AskParams):
        questions: int = Field(
            default=10, ge=1, le=50, description="questions made from the document and each answer"
        )
        controls: int = Field(
            default=3,
            ge=0,
            le=20,
            description="further ones whose answer is NO; they find out who always says YES",
        )
        margin: float = Field(
            default=2.0, ge=0, le=100, description="a tie when the overall scores differ by no more"
        )
        questions_template: str = Field(
            default="cross_examination_questions_v1",
            min_length=1,
            description="how questions are asked for: the name of a template, or its text",
        )
        answers_template: str = Field(
            default="cross_examination_answers_v1",
            min_length=1,
            description="how they are to be answered: the name of a template, or its text",
        )

        @field_validator("questions_template")
        @classmethod
        def _usable_questions(cls, value: str) -> str:
            prompting.load_template(value, OF_QUESTIONS, OF_QUESTIONS)
            return value

        @field_validator("answers_template")
        @classmethod
        def _usable_answers(cls, value: str) -> str:
            prompting.load_template(value, OF_ANSWERS, OF_ANSWERS)
            return value

    params: Params

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        self.asking = prompting.load_template(params.questions_template, OF_QUESTIONS, OF_QUESTIONS)
        self.answering = prompting.load_template(params.answers_template, OF_ANSWERS, OF_ANSWERS)

    def calls_each(self) -> int:
        """Questions from the document, and three calls for each answer: 7, however many questions.

        Those of the document, and all of an answer, are asked once however many opponents it has.
        """
        return 1 + 2 * 3

    async def decide(self, case: Case, talk: Transcript) -> Finding:
        """Examine both answers against the document."""
        document = document_of(case)
        asked = await self._questions(talk, "questions of the document", document)
        if not asked:
            raise Silenced(Silence.ABSTAINED, "no question could be made from the document")
        examined = (
            await self._examine(talk, "first", document, asked, case.first),
            await self._examine(talk, "second", document, asked, case.second),
        )
        tallies = [tally for one in examined for tally in one.tallies]
        if tallies and all(tally.indiscriminate for tally in tallies):
            why = "the model said YES to every control question, so its answers say nothing"
            raise Silenced(Silence.ABSTAINED, why)
        return self._finding(case, examined)

    def about(self, case: Case) -> dict[str, Any]:
        """Both templates, by name and hash."""
        return pairing.hashes(self.asking, self.answering)

    async def _examine(
        self,
        talk: Transcript,
        side: str,
        document: str,
        asked: list[Question],
        turns: tuple[str, ...],
    ) -> Examined:
        """Three calls; none where the answer is empty, two where it makes no claim."""
        answer = "\n\n".join(turns)
        if not answer.strip():
            return Examined(examination.NOTHING)
        of_document = await self._answers(talk, f"document, from {side}", answer, asked)
        own = await self._questions(talk, f"questions of {side}", answer)
        of_answer = (
            await self._answers(talk, f"{side}, from document", document, own) if own else None
        )
        words = len(document.split()), len(answer.split())
        measures = examination.measure(of_document, of_answer, words)
        return Examined(measures, of_document, of_answer)

    async def _questions(self, talk: Transcript, label: str, source: str) -> list[Question]:
        prompt = self.render_questions(source)

        def read(reply: Reply) -> list[Question] | Unparsable:
            return examination.read_questions(reply, self.params.questions, self.params.controls)

        return await talk.ask(label, prompt.messages, read, examination.questions_schema())

    async def _answers(
        self, talk: Transcript, label: str, source: str, questions: list[Question]
    ) -> Tally:
        prompt = self.render_answers(source, questions)

        def read(reply: Reply) -> list[Said] | Unparsable:
            return examination.read_answers(reply, len(questions))

        schema = examination.answers_schema(len(questions))
        said = await talk.ask(label, prompt.messages, read, schema)
        return examination.tally(questions, said)

    def render_questions(self, source: str) -> Prompt:
        """How questions are asked for. Document and answer are asked about in the same words."""
        mark = prompting.mark_of(BARE, source)
        own = {
            "document": prompting.fence("DOCUMENT", source, mark, self.params.max_chars),
            "count": str(self.params.questions),
            "controls": str(self.params.controls) if self.params.controls else "",
        }
        return prompting.render(BARE, _style(self.asking), own, mark)

    def render_answers(self, source: str, questions: list[Question]) -> Prompt:
        """How questions are to be answered from the source alone."""
        listed = examination.numbered(questions)
        mark = prompting.mark_of(BARE, source, listed)
        own = {
            "document": prompting.fence("DOCUMENT", source, mark, self.params.max_chars),
            "questions": prompting.fence("QUESTIONS", listed, mark),
        }
        return prompting.render(BARE, _style(self.answering), own, mark)

    def _finding(self, case: Case, examined: tuple[Examined, Examined]) -> Finding:
        first, second = (one.measures for one in examined)
        limit = self.params.max_chars
        texts = {
            "document": document_of(case),
            "first": "\n\n".join(case.first),
            "second": "\n\n".join(case.second),
        }
        cut = {name: max(0, len(text) - limit) for name, text in texts.items()}
        return Finding(
            preference=pairing.preference_of(first.overall, second.overall, self.params.margin),
            reason=f"First: {_words(first)}. Second: {_words(second)}.",
            scores=(first.overall, second.overall),
            details={
                "measures": {"first": first.record(), "second": second.record()},
                "document": "contexts" if case.contexts else "prompt",
                "truncated": {"max_chars": limit, **cut} if any(cut.values()) else None,
            },
        )


def document_of(case: Case) -> str:
    """What an answer has to be true to: the retrieved passages, else the prompt itself."""
    if case.contexts:
        return "\n\n".join(context.text for context in case.contexts)
    return "\n\n".join(turn.content for turn in case.prompt)


def _style(template: Template) -> Style:
    return Style(template=template)


def _words(measures: Measures) -> str:
    return (
        f"coverage {measures.coverage:.0f}, conformity {measures.conformity:.0f}, "
        f"consistency {measures.consistency:.0f}, overall {measures.overall:.1f}"
    )
