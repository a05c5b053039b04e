"""Cross-examination of a document and a text made from it, by closed questions.

From each of the two, questions are made whose answer by it is YES, and some *controls* whose answer
by it is NO. Each set is then answered from the other alone. The measures are those of MEDIC's
cross-examination, with two holes closed: a NO to a question of the answer (a claim that the
document contradicts) counts against its consistency, and controls show up who says YES to
everything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from judges.llm import parsing
from judges.llm.parsing import Unparsable
from judges.llm.prompting import object_schema
from judges.llm.reply import Reply

LONGEST_QUESTION = 500


class Said(StrEnum):
    """What an answer to a closed question may be."""

    YES = "YES"
    NO = "NO"
    IDK = "IDK"


@dataclass(frozen=True)
class Question:
    """A closed question; by its own source a control is answered NO, any other YES."""

    text: str
    control: bool = False


@dataclass(frozen=True)
class Tally:
    """How a set of questions was answered. Of controls only YES is told apart: it is wrong."""

    yes: int
    no: int
    idk: int
    controls: int
    controls_yes: int

    @property
    def asked(self) -> int:
        """Questions without the controls."""
        return self.yes + self.no + self.idk

    @property
    def indiscriminate(self) -> bool:
        """YES to every control: then YES to a question says nothing."""
        return self.controls > 0 and self.controls_yes == self.controls

    def share_right(self, *wrong: Said) -> float:
        """In percent: questions and controls that were not answered `wrong` (a control: YES)."""
        if self.indiscriminate:
            return 0.0
        counts = {Said.NO: self.no, Said.IDK: self.idk}
        failed = self.controls_yes + sum(counts[said] for said in wrong)
        return 100.0 * (1 - failed / (self.asked + self.controls))


@dataclass(frozen=True)
class Measures:
    """Of one answer, in percent. `conciseness` may be negative: the answer is the longer one."""

    coverage: float
    conformity: float
    consistency: float
    conciseness: float

    @property
    def overall(self) -> float:
        """The mean of the first three, as in the published framework."""
        return (self.coverage + self.conformity + self.consistency) / 3

    def record(self) -> dict[str, float]:
        """All of them, for the judgment's details."""
        return {**asdict(self), "overall": self.overall}


NOTHING = Measures(0.0, 0.0, 0.0, 100.0)
"""An empty answer covers nothing and claims nothing; no call has to find that out."""


def measure(of_document: Tally, of_answer: Tally | None, words: tuple[int, int]) -> Measures:
    """The measures of one answer.

    `of_document`: questions of the document, answered from the answer. `of_answer`: those of the
    answer, answered from the document; None when it makes no claim that could be asked about, which
    earns no consistency. `words`: of document and answer.
    """
    if of_document.indiscriminate:
        coverage = 0.0
    else:
        coverage = 100.0 * (1 - of_document.idk / of_document.asked)
    document, answer = words
    return Measures(
        coverage=coverage,
        conformity=of_document.share_right(Said.NO),
        consistency=of_answer.share_right(Said.NO, Said.IDK) if of_answer else 0.0,
        conciseness=100.0 * (1 - answer / document) if document else 0.0,
    )


def tally(questions: Sequence[Question], answers: Sequence[Said]) -> Tally:
    """Count the answers to questions, in their order."""
    pairs = list(zip(questions, answers, strict=True))
    said = [answer for question, answer in pairs if not question.control]
    controls = [answer for question, answer in pairs if question.control]
    return Tally(
        yes=said.count(Said.YES),
        no=said.count(Said.NO),
        idk=said.count(Said.IDK),
        controls=len(controls),
        controls_yes=controls.count(Said.YES),
    )


def questions_schema() -> dict[str, Any]:
    """The JSON schema of a set of questions."""
    texts = {"type": "array", "items": {"type": "string"}}
    return object_schema({"questions": texts, "controls": texts})


def answers_schema(count: int) -> dict[str, Any]:
    """The JSON schema of answers to `count` questions, each under the question's number."""
    said = {"type": "string", "enum": [str(one) for one in Said]}
    numbers = (str(number) for number in range(1, count + 1))
    return object_schema({"answers": object_schema(dict.fromkeys(numbers, said))})


def read_questions(reply: Reply, count: int, controls: int) -> list[Question] | Unparsable:
    """At most so many questions and controls, mixed in an order that the texts decide.

    No question at all is an empty list: the source claims nothing that could be asked about.
    """
    said = parsing.object_of(reply, ("questions", "controls"))
    if isinstance(said, Unparsable):
        return said
    asked = _texts(said["questions"])
    other = _texts(said["controls"])
    if asked is None or other is None:
        return Unparsable("questions and controls must be lists of texts")
    kept = [Question(text) for text in asked[:count]]
    known = {question.text for question in kept}
    if kept:
        kept += [Question(text, True) for text in other if text not in known][:controls]
    # A model may spell out a lone surrogate, which no encoding takes.
    drawn = {q: hashlib.sha256(q.text.encode("utf-8", "replace")).hexdigest() for q in kept}
    return sorted(kept, key=lambda question: drawn[question])


def read_answers(reply: Reply, count: int) -> list[Said] | Unparsable:
    """Exactly `count` answers, each YES, NO or IDK: under the questions' numbers, or in a list."""
    said = parsing.object_of(reply, ("answers",))
    if isinstance(said, Unparsable):
        return said
    answers = said["answers"]
    if isinstance(answers, dict):
        expected = [str(number) for number in range(1, count + 1)]
        known = set(answers) == set(expected)
        answers = [answers[number] for number in expected] if known else None
    if not isinstance(answers, list) or len(answers) != count:
        return Unparsable(f"there must be exactly {count} answers, one for each question")
    words = [str(answer).strip().strip(".").upper() for answer in answers]
    if unknown := [word for word in words if word not in set(Said)]:
        return Unparsable(f"{unknown[0][:40]!r} is none of YES, NO and IDK")
    return [Said(word) for word in words]


def numbered(questions: Sequence[Question]) -> str:
    """The questions a line each, without what tells controls apart."""
    return "\n".join(f"{place}. {one.text}" for place, one in enumerate(questions, start=1))


def _texts(value: object) -> list[str] | None:
    """Different texts of a list, each on one line; None when it is something else."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return None
    lines = (" ".join(item.split())[:LONGEST_QUESTION] for item in value)
    return list(dict.fromkeys(line for line in lines if line))
