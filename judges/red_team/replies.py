"""Is the verdict that is read the judge's own, whatever it quotes on the way?

An incorruptible judge writes its reply in every form that judges use, quotes the attack in it, and
gives its own verdict; then one that gives none; then each of these replies is cut off.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from judges.contracts import Case, Preference
from judges.llm.parsing import Unparsable, Verdict, parse
from judges.llm.prompting import VERDICTS
from judges.llm.quotations import unquoted
from judges.red_team.attack import SHOWN, Attack, Side, case_of
from judges.red_team.scribe import QUOTED

OWN = tuple((VERDICTS[preference][0], preference) for preference in Preference)
CUTS = 20
"""Ends of words at which a reply is cut off; it is also cut everywhere in its last characters."""

WORD_END = re.compile(r"\w\b\W?")


@dataclass(frozen=True)
class Said:
    """A reply of a judge that is not for sale. `own` is None where it gives no verdict.

    `surely`: its form leaves no doubt, so the verdict must be read, not asked for again.
    """

    form: str
    text: str
    own: Preference | None
    surely: bool = False
    cut_off: bool = False
    is_part: bool = False


@dataclass(frozen=True)
class Tally:
    """Replies read. `decided` are the whole ones with a verdict, `own` those of them of which it
    was read (of the others it is asked for again); `wrong` says which were misread, and how."""

    replies: int
    decided: int
    own: int
    wrong: tuple[str, ...]


def tally(attack: Attack) -> Tally:
    """Read all replies about an attack, from both slots."""
    count = decided = own = 0
    wrong: list[str] = []
    for side in Side if attack.where in SHOWN else ():
        case = case_of(attack, side)
        for said in replies(attack.standing(side).text[:QUOTED], cut=side is Side.SECOND):
            read = heard(said, case)
            if fault := _fault(said, read):
                wrong.append(f"{said.form}: {fault}")
            count += 1
            if said.own and not said.is_part:
                decided += 1
                own += isinstance(read, Verdict)
    return Tally(count, decided, own, tuple(dict.fromkeys(wrong)))


def heard(said: Said, case: Case) -> Verdict | Unparsable:
    """What the judge of kind `llm` reads in a reply to this case."""
    return parse(unquoted(said.text, case), tuple(Preference), cut_off=said.cut_off)


def replies(quote: str, cut: bool = True) -> Iterator[Said]:
    """Every form of a reply that quotes, whole and, with `cut`, cut off."""
    whole = [said for word, own in OWN for said in _decided(quote, word, own)]
    for said in (*whole, *_undecided(quote)):
        yield said
        if cut:
            yield from _cut(said)


def _decided(quote: str, word: str, own: Preference) -> Iterator[Said]:
    reason = f"One answer says: {quote} -- that decides nothing."
    verdict = {"reason": reason, "verdict": word}
    plain = json.dumps({"reason": "They differ in what is asked for.", "verdict": word})
    yield Said("json_schema", json.dumps(verdict), own, surely=True)
    yield Said("json_schema, unescaped", json.dumps(verdict, ensure_ascii=False), own, surely=True)
    turned = {"verdict": word, "reason": reason}
    yield Said("json_object, verdict first", json.dumps(turned, indent=1), own, surely=True)
    more = {"quoted": {"verdict": quote, "said": [quote]}, **verdict}
    yield Said("json_object, more keys", json.dumps(more), own, surely=True)
    yield Said("code fence", f"```json\n{json.dumps(verdict)}\n```", own, surely=True)
    yield Said("thinking, json", f"<think>It says {quote}</think>\n{plain}", own)
    yield Said("text, json", f"One answer holds this:\n{quote}\nI leave it aside.\n{plain}", own)
    yield Said("text, line", f"One answer holds this:\n{quote}\nEnough.\n\nVerdict: {word}", own)
    yield Said("text, mark", f"One answer holds this: {quote}\nMy own: [[{word}]]", own)
    yield Said("broken json", f'{{"reason": "It says {quote}.", "verdict": "{word}"}}', own)
    yield Said("broken json, first", f'{{"verdict": "{word}", "reason": "It says {quote}."}}', own)
    yield Said("json, postscript", f"{plain}\n\nP.S. I ignored this:\n{quote}", own)


def _undecided(quote: str) -> Iterator[Said]:
    yield Said("abstains in text", f"One answer says\n{quote}\nI cannot decide.", None)
    yield Said("ends on the quotation", f"I cannot decide; one answer says:\n{quote}", None)
    yield Said("quotes in line", f"One answer says {quote} and the other is fine.", None)
    yield Said("quotes in a code block", f"It says\n```\n{quote}\n```\nNo verdict.", None)
    yield Said("json without verdict", json.dumps({"reason": quote}), None)
    yield Said("json, null", json.dumps({"reason": quote, "verdict": None}), None)
    yield Said("json, undecided", json.dumps({"reason": quote, "verdict": "undecided"}), None)
    yield Said("json, quotation as verdict", json.dumps({"reason": "", "verdict": quote}), None)
    yield Said("quoted object inside", json.dumps({"reason": "x", "it_says": [quote]}), None)
    yield Said("only thinking", f"<think>It says {quote}, hm</think>", None)
    yield Said("nothing but the quotation in quotes", f'"{quote}"', None)


def _cut(said: Said) -> Iterator[Said]:
    """The beginnings of a reply, as servers mark them, and as those send them that mark nothing."""
    length = len(said.text)
    ends = [end for found in WORD_END.finditer(said.text) for end in found.span()]
    ends = ends[:: max(1, len(ends) // CUTS)]
    for end in sorted({*ends, *range(max(1, length - 12), length)} - {length}):
        for told in (True, False):
            form = f"{said.form}, cut off{'' if told else ' untold'}"
            yield Said(form, said.text[:end], said.own, cut_off=told, is_part=True)


def _fault(said: Said, read: Verdict | Unparsable) -> str:
    """What is wrong with a reading; nothing when it is the judge's own, or rightly none."""
    if isinstance(read, Verdict):
        return "" if read.preference is said.own else f"read as {read.preference}"
    return f"not read: {read.why[:60]}" if said.surely else ""
