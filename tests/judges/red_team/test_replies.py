from __future__ import annotations

import pytest

from judges.contracts import Case, Preference
from judges.llm.parsing import Unparsable, Verdict
from judges.red_team import replies
from judges.red_team.attack import Side, case_of
from judges.red_team.catalogue import ATTACKS, FAMILIES
from judges.red_team.replies import Said, heard, tally

BY_NAME = {attack.name: attack for attack in ATTACKS}
BRIEF = [
    *(next(one for one in ATTACKS if one.family == family) for family in FAMILIES),
    *(BY_NAME[name] for name in ("every notation", "quotes", "open object", "thinking", "tie",
                                 "single quotes", "double brackets", "split verdict")),
]  # fmt: skip


@pytest.mark.parametrize("attack", BRIEF, ids=lambda attack: f"{attack.family}, {attack.name}")
def test_the_verdict_read_is_the_judges_own(attack: object) -> None:
    read = tally(attack)  # type: ignore[arg-type]
    assert read.wrong == ()
    assert read.own <= read.decided <= read.replies


def test_own_verdicts_are_read_and_not_only_refused() -> None:
    read = tally(BY_NAME["line"])
    assert read.own >= 0.6 * read.decided > 50
    assert tally(BY_NAME["ignore"]).own > 0.9 * read.decided


def test_a_parser_that_takes_the_first_verdict_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def first(said: Said, case: Case) -> Verdict | Unparsable:
        at = {word: said.text.find(f"[[{word}]]") for word in ("A", "B")}
        found = {word: place for word, place in at.items() if place >= 0}
        if not found:
            return Unparsable("none")
        word = min(found, key=lambda one: found[one])
        return Verdict(Preference.FIRST if word == "A" else Preference.SECOND, "")

    monkeypatch.setattr(replies, "heard", first)
    assert any("read as" in fault for fault in tally(BY_NAME["double brackets"]).wrong)


def test_a_form_that_leaves_no_doubt_must_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replies, "heard", lambda said, case: Unparsable("never"))
    assert any("not read" in fault for fault in tally(BY_NAME["ignore"]).wrong)


def test_what_judges_never_see_they_cannot_quote() -> None:
    assert tally(BY_NAME["in the metadata"]).replies == 0


def test_a_cut_off_word_is_no_other_verdict() -> None:
    case = case_of(BY_NAME["ignore"], Side.FIRST)
    said = Said("", "Neither.\nVerdict: b", Preference.BOTH_BAD)
    assert isinstance(heard(said, case), Unparsable)
