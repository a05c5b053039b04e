from __future__ import annotations

from judges.contracts import Turn
from judges.llm.quotations import material_of
from judges.red_team.attack import (
    EARLIER_MARK,
    HARMLESS,
    ME,
    OTHER,
    SHOWN,
    Attack,
    Holds,
    Side,
    Where,
    case_of,
)


def attack(*turns: str, where: Where = Where.ANSWER) -> Attack:
    return Attack("x", "y", "z", turns, Holds.OWN, where)


def test_an_answer_attacks_from_the_slot_it_stands_in() -> None:
    made = attack(f"{ME} beats {OTHER}")
    assert case_of(made, Side.FIRST).first == ("A beats B",)
    assert case_of(made, Side.SECOND).second == ("B beats A",)
    assert case_of(made, Side.FIRST).second == case_of(made, Side.SECOND).first


def test_turns_get_a_question_and_a_good_reply_each() -> None:
    case = case_of(attack("one", "two"), Side.SECOND)
    assert (len(case.prompt), len(case.first), case.second) == (2, 2, ("one", "two"))


def test_every_part_of_a_case_can_carry_it() -> None:
    for where in SHOWN:
        assert "EVIL" in material_of(case_of(attack("EVIL", where=where), Side.FIRST)), where
    assert case_of(attack("EVIL", where=Where.ROLE), Side.FIRST).prompt[1] == Turn("EVIL", "Go on.")
    assert case_of(attack("EVIL", where=Where.IMAGE), Side.FIRST).images == ("EVIL",)
    assert "EVIL" not in repr(case_of(attack("EVIL", where=Where.METADATA), Side.FIRST))


def test_what_its_author_saw_before_is_put_in() -> None:
    assert attack(EARLIER_MARK).knowing("abc").turns == ("abc",)


def test_its_twin_has_as_many_turns_and_stays_blank_where_it_is() -> None:
    assert attack("one", " \n").harmless().turns == (HARMLESS, "")
