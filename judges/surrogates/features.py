"""Cheap features of an answer to a prompt, and their difference between two answers.

Every feature is one number for one answer, read off the text in linear time without knowing its
language: what depends on words uses words where spaces part them and pairs of characters where
they do not (Chinese, Japanese, Korean, Thai). A comparison is described by the features of the
first answer minus those of the second, so swapping the answers flips every sign exactly.

Texts over `LIMIT` characters are read as their first `HEAD` and last `LIMIT - HEAD` characters.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

LIMIT = 50_000
HEAD = 40_000
PIECE = 4  # characters in a piece of text
RUN = 3  # words in a run of words
ORDINARY_REPETITION = 0.2  # ordinary prose, lists and code stay below this share
OPENING = 160  # characters in which an answer says that it declines
LATIN = "LATIN"

FloatArray = NDArray[np.float64]

_WORD = re.compile(r"\w+")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_LIST_ITEM = re.compile(r"(?:[-*+•·▪◦]|\d{1,3}[.)])\s")
_FORMULA_MARKS = ("\\(", "\\[", "\\frac", "\\sum", "\\int", "\\sqrt", "$$")
_ENDINGS = frozenset(".!?。！？…)]}>\"'”’»」』`*_|:;~")
_DECLINES = re.compile(
    "sorry|apolog|unable|i cannot|i can['’]t|as an ai|language model|désolé|lo siento"
    "|tut mir leid|죄송|인공지능|언어 모델|抱歉|对不起|申し訳"
)


class Text:
    """One text, bounded, with the views that several features share, each made once."""

    def __init__(self, text: str) -> None:
        stripped = text.strip()
        if len(stripped) > LIMIT:
            stripped = stripped[:HEAD] + stripped[HEAD - LIMIT :]
        self.text = stripped

    @cached_property
    def lines(self) -> list[str]:
        return [line.strip() for line in self.text.split("\n") if line.strip()]

    @cached_property
    def words(self) -> list[str]:
        """Words in lower case; pairs of characters for scripts written without spaces."""
        found: list[str] = []
        for word in _WORD.findall(self.text.casefold()):
            if _UNSPACED.search(word) and len(word) > 1:
                found.extend(word[i : i + 2] for i in range(len(word) - 1))
            else:
                found.append(word)
        return found

    @cached_property
    def pieces(self) -> set[str]:
        """The distinct runs of `PIECE` characters, without case and layout."""
        flat = " ".join(self.text.casefold().split())
        if not flat:
            return set()
        return {flat[i : i + PIECE] for i in range(max(1, len(flat) - PIECE + 1))}

    @cached_property
    def letters(self) -> Counter[str]:
        """How many letters belong to each script."""
        scripts: Counter[str] = Counter()
        for character, count in Counter(self.text).items():
            if character.isalpha():
                scripts[_script(character)] += count
        return scripts


@lru_cache(maxsize=65_536)
def _script(character: str) -> str:
    """The script of a letter: the first word of its Unicode name."""
    return unicodedata.name(character, "UNKNOWN").split(" ", 1)[0]


def _content(prompt: Text, answer: Text) -> float:
    return math.sqrt(len(answer.pieces - prompt.pieces))


def _repetition(_: Text, answer: Text) -> float:
    words = answer.words
    runs = list(zip(*(words[i:] for i in range(RUN)), strict=False))
    if not runs:
        return 0.0
    return max(0.0, 1 - len(set(runs)) / len(runs) - ORDINARY_REPETITION)


def _code_blocks(_: Text, answer: Text) -> float:
    return math.log1p(answer.text.count("```") // 2)


def _table(_: Text, answer: Text) -> float:
    rows = sum(1 for line in answer.lines if len(line) > 2 and line[0] == line[-1] == "|")
    return float(rows >= 2)


def _formulas(_: Text, answer: Text) -> float:
    return math.log1p(sum(answer.text.count(mark) for mark in _FORMULA_MARKS))


def _ending(_: Text, answer: Text) -> float:
    closed = answer.text.count("```") % 2 == 0
    return float(bool(answer.text) and closed and answer.text[-1] in _ENDINGS)


def _declines(_: Text, answer: Text) -> float:
    return float(_DECLINES.search(answer.text[:OPENING].casefold()) is not None)


def _own_script(prompt: Text, answer: Text) -> float:
    if not prompt.letters or not answer.letters:
        return 0.0
    main = min(prompt.letters, key=lambda script: (-prompt.letters[script], script))
    return answer.letters[main] / answer.letters.total()


def _foreign_script(prompt: Text, answer: Text) -> float:
    if not answer.letters:
        return 0.0
    known = {*prompt.letters, LATIN}
    foreign = sum(count for script, count in answer.letters.items() if script not in known)
    return foreign / answer.letters.total()


def _is_json(_: Text, answer: Text) -> bool:
    body = answer.text
    if body.startswith("```") and body.endswith("```") and "\n" in body:
        body = body.split("\n", 1)[1][:-3]
    try:
        return isinstance(json.loads(body), dict | list)
    except (ValueError, RecursionError):
        return False


def _has_table(prompt: Text, answer: Text) -> bool:
    return _table(prompt, answer) > 0


def _has_code(_: Text, answer: Text) -> bool:
    return "```" in answer.text or "\n    " in answer.text or "\n\t" in answer.text


def _has_list(_: Text, answer: Text) -> bool:
    return sum(1 for line in answer.lines if _LIST_ITEM.match(line)) >= 2


_WORD_LIMIT = re.compile(r"(?<!\d)(\d{1,4})\s{0,3}(?:words?\b|단어|palabras|mots\b|wörter)")


def _within_words(prompt: Text, answer: Text) -> bool:
    asked = _WORD_LIMIT.search(prompt.text.casefold())
    return asked is not None and 0 < len(answer.text.split()) <= 1.2 * int(asked[1])


def _asks(*words: str) -> re.Pattern[str]:
    """Any of the words, not inside a longer Latin word; a Korean particle may follow."""
    return re.compile(f"(?<![a-z])(?:{'|'.join(map(re.escape, words))})(?![a-z])")


# What a prompt may ask for, and whether an answer has it. Names of formats and languages are the
# same in most tongues; the other words are few, and a request not recognised counts for nothing.
_FORMATS: tuple[tuple[re.Pattern[str], Callable[[Text, Text], bool]], ...] = (
    (_asks("json"), _is_json),
    (_asks("a table", "markdown table", "tabla", "tableau", "tabelle", "표로", "表格"), _has_table),
    (_asks("code", "python", "javascript", "java", "c++", "sql", "html", "코드"), _has_code),
    (_asks("list", "bullet", "bullets", "steps", "목록", "리스트", "나열"), _has_list),
    (_WORD_LIMIT, _within_words),
)


def _format(prompt: Text, answer: Text) -> float:
    folded = prompt.text.casefold()
    obeyed = [check(prompt, answer) for pattern, check in _FORMATS if pattern.search(folded)]
    return sum(obeyed) / len(obeyed) if obeyed else 0.0


@dataclass(frozen=True)
class Feature:
    """A feature: its name in files, its label in sentences, what it is, and how it is measured."""

    name: str
    label: str
    description: str
    measure: Callable[[Text, Text], float]


FEATURES: tuple[Feature, ...] = (
    Feature(
        "content",
        "new material",
        "How much the answer says: the square root of the number of different four-character "
        "pieces in it that the prompt does not have. Repeating or echoing adds nothing.",
        _content,
    ),
    Feature(
        "repetition",
        "repetition",
        "Share of three-word runs that occur again, as far as it exceeds one in five.",
        _repetition,
    ),
    Feature("code_blocks", "code blocks", "Logarithm of the number of code blocks.", _code_blocks),
    Feature("table", "tables", "Whether the answer has a Markdown table.", _table),
    Feature("formulas", "formulas", "Logarithm of the number of formula marks.", _formulas),
    Feature(
        "ending",
        "completeness",
        "Whether the answer ends in a closing mark, with every code block closed: not cut off.",
        _ending,
    ),
    Feature(
        "declines",
        "declining",
        "Whether the opening apologises or speaks of being a language model, in some languages.",
        _declines,
    ),
    Feature(
        "own_script",
        "text in the prompt's script",
        "Share of letters in the script in which most of the prompt is written.",
        _own_script,
    ),
    Feature(
        "foreign_script",
        "text in a foreign script",
        "Share of letters in scripts that are neither Latin nor used by the prompt.",
        _foreign_script,
    ),
    Feature(
        "format",
        "obedience to the format asked for",
        "Share of the formats the prompt asks for (JSON, table, code, list, number of words) "
        "that the answer keeps; 0 where it asks for none.",
        _format,
    ),
)

NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)


def describe(prompt: Text, answer: Text) -> FloatArray:
    """Return the features of one answer, in the order of `FEATURES`; shape (K,)."""
    return np.array([feature.measure(prompt, answer) for feature in FEATURES], dtype=np.float64)


def difference(prompt: str, first: str, second: str) -> FloatArray:
    """Return the features of the first answer minus those of the second; shape (K,)."""
    asked = Text(prompt)
    return describe(asked, Text(first)) - describe(asked, Text(second))
