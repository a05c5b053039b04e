from __future__ import annotations

from arena.views.conversation import Exchange, Said, exchanges

ASK, AGAIN, HISTORY = Said("user", "one?"), Said("user", "two?"), Said("assistant", "yes")


def test_one_question_and_its_answers() -> None:
    assert exchanges([ASK], [["a"], ["b"]]) == [Exchange((ASK,), ("a", "b"))]


def test_the_turns_of_a_conversation_follow_their_questions() -> None:
    assert exchanges([ASK, AGAIN], [["a1", "a2"], ["b1", "b2"]]) == [
        Exchange((ASK,), ("a1", "b1")),
        Exchange((AGAIN,), ("a2", "b2")),
    ]


def test_what_the_prompt_answers_itself_is_not_answered_again() -> None:
    assert exchanges([ASK, HISTORY, AGAIN], [["a"], ["b"]]) == [
        Exchange((ASK, HISTORY, AGAIN), ("a", "b"))
    ]


def test_one_answer_to_two_questions_replies_to_the_last() -> None:
    assert exchanges([ASK, AGAIN], [["a"], ["b"]]) == [Exchange((ASK, AGAIN), ("a", "b"))]


def test_an_answer_with_fewer_turns_leaves_a_gap() -> None:
    assert exchanges([ASK, AGAIN], [["a1", "a2"], ["b2"]]) == [
        Exchange((ASK,), ("a1", None)),
        Exchange((AGAIN,), ("a2", "b2")),
    ]


def test_turns_without_a_question_follow_after_the_prompt() -> None:
    assert exchanges([ASK], [["a1", "a2"], ["b1", "b2"]]) == [
        Exchange((ASK,), ("a1", "b1")),
        Exchange((), ("a2", "b2")),
    ]


def test_a_message_after_the_last_question_is_kept() -> None:
    system = Said("system", "be brief")

    assert exchanges([ASK, system], [["a"]]) == [Exchange((ASK,), ("a",)), Exchange((system,))]


def test_without_answers_it_is_the_prompt() -> None:
    assert exchanges([ASK, AGAIN], []) == [Exchange((ASK, AGAIN))]
