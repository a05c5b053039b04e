from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from judges.contracts import Answer, Case
from judges.kinds.llm import LanguageModel
from judges.llm import prompting
from judges.llm.prompting import Prompt
from judges.red_team import assembly, subjects
from judges.red_team.assembly import breaches, calls_of, collisions, taken_apart
from judges.red_team.attack import Attack, Holds, Side, Where, case_of
from judges.red_team.catalogue import ATTACKS

BY_NAME = {attack.name: attack for attack in ATTACKS}
ALWAYS = ("earlier mark", "chatml", "lone surrogates", "in the system", "in the context", "tail")
make = partial(subjects.build, "llm")


def plain(text: str = "Oxygen.", where: Where = Where.ANSWER) -> Attack:
    return Attack("plain", "none", "nothing", (text,), Holds.FENCED, where)


@pytest.mark.parametrize("name", subjects.names())
def test_no_attack_leaves_its_fences(name: str) -> None:
    """All attacks on the first kind; a few of each family on the others. The bench makes all."""
    found = {
        f"{attack.family}/{attack.name}": faults
        for number, attack in enumerate(ATTACKS)
        if name == "llm" or number % 5 == 0 or attack.name in ALWAYS
        if (faults := breaches(partial(subjects.build, name), attack))
    }
    assert found == {}


def test_no_change_of_a_case_goes_unnoticed() -> None:
    assert collisions() == []


def test_a_prompt_is_taken_apart() -> None:
    (call,), result = calls_of(make, case_of(plain(), Side.SECOND), "quote", "B")
    assert dict(call.fenced)["ANSWER B"] == "Oxygen."
    assert call.mark
    assert call.mark not in str(call.skeleton)
    assert [role for role, _ in call.skeleton] == ["system", "user"]
    assert isinstance(result, Answer)
    assert result.preference == "second"


def test_the_judges_own_earlier_words_count_as_fenced() -> None:
    messages = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "I said y"}]
    assert taken_apart(messages).skeleton == (("user", "x"), ("assistant", ""))


class Careless(LanguageModel):
    """Renders prompts by hand."""

    form = "{first}\n{second}"

    def render(self, case: Case) -> Prompt:
        text = self.form.format(first=case.first[0], second=case.second[0], mark="0" * 12)
        return replace(super().render(case), messages=[{"role": "user", "content": text}])


class Guessable(Careless):
    form = (
        "<<<ANSWER A {mark}>>>\n{first}\n<<<END ANSWER A {mark}>>>\n"
        "<<<ANSWER B {mark}>>>\n{second}\n<<<END ANSWER B {mark}>>>"
    )


def careless(kind: type[Careless]) -> Careless:
    return kind(kind.Params(model="m", repair=False))


def test_content_without_fences_is_found_out() -> None:
    assert breaches(partial(careless, Careless), plain()) != []


def test_a_mark_that_stays_the_same_is_found_out() -> None:
    found = breaches(partial(careless, Guessable), BY_NAME["earlier mark"])
    assert any("the mark stands in" in fault for fault in found)


def test_control_tokens_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompting, "defused", lambda text: text)
    assert any("control token" in fault for fault in breaches(make, BY_NAME["chatml"]))


def test_a_result_that_follows_a_quotation_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly, "_essence", lambda result: (str(result),))
    assert any("the result is" in fault for fault in breaches(make, plain()))
