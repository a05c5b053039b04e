from __future__ import annotations

import json
from typing import Any

import pytest

from judges.llm import angles
from judges.llm.angles import Neuron, Review
from judges.llm.dialect import ResponseFormat
from judges.llm.parsing import Unparsable
from judges.llm.reply import Reply

ONE = Review(("good", "bad"), (9, 2))
OTHER = Review(("fine", "poor"), (7, 4))
MARK = "0123456789ab"


def reply(said: Any) -> Reply:
    text = said if isinstance(said, str) else json.dumps(said)
    return Reply(text, "m", "stop", ResponseFormat.TEXT)


def test_angles_are_kept_once_on_one_line_and_up_to_a_limit() -> None:
    said = {"angles": ["Truth:\nis it?", "truth: is it?", "", 3, "Use", "x" * 900, "Tone"]}
    found = angles.read_angles(reply(said), 3)
    assert found == ["Truth: is it?", "Use", "x" * angles.LONGEST_ANGLE]


@pytest.mark.parametrize("said", [{"angles": []}, {"angles": "Truth"}, {"angles": [1]}, "Truth"])
def test_anything_else_names_no_angle(said: Any) -> None:
    assert isinstance(angles.read_angles(reply(said), 3), Unparsable)


def test_a_review_must_be_whole() -> None:
    whole = {"review_a": "good", "review_b": "bad", "score_a": 9, "score_b": "2"}
    assert angles.read_review(reply(whole)) == ONE
    for key in whole:
        part = {name: value for name, value in whole.items() if name != key}
        assert isinstance(angles.read_review(reply(part)), Unparsable)
    for score in (0, 11, None, "many"):
        assert isinstance(angles.read_review(reply(whole | {"score_b": score})), Unparsable)


def test_turning_a_review_twice_gives_it_back() -> None:
    assert ONE.turned() == Review(("bad", "good"), (2, 9))
    assert ONE.turned().turned() == ONE


def test_a_neuron_scores_by_both_orders() -> None:
    assert Neuron(1, 0, (ONE, OTHER)).scores == (8, 3)


def test_neighbours_stand_beside_in_the_list() -> None:
    layer = [Neuron(1, number, (ONE, OTHER)) for number in (0, 1, 3, 4)]
    assert [one.angle for one in angles.neighbours(1, layer)] == [0, 1]
    assert [one.angle for one in angles.neighbours(2, layer)] == [1, 3]
    assert [one.angle for one in angles.neighbours(4, layer)] == [3, 4]


def test_reviews_are_shown_under_the_labels_of_the_order_in_which_answers_are() -> None:
    neuron = Neuron(1, 0, (ONE, OTHER))
    forward = angles.shown([neuron], ["Truth"], False, MARK)
    backward = angles.shown([neuron], ["Truth"], True, MARK)
    assert f"<<<REVIEW 1 OF ANSWER A, SCORE 9 {MARK}>>>\ngood\n" in forward
    assert f"<<<REVIEW 1 OF ANSWER B, SCORE 9 {MARK}>>>\ngood\n" in backward
    assert f"<<<REVIEW 2 OF ANSWER A, SCORE 4 {MARK}>>>\npoor\n" in backward
    assert angles.texts_of([neuron]) == ["good", "bad", "fine", "poor"]


def test_a_record_is_in_the_order_of_the_case() -> None:
    neuron = Neuron(2, 0, (ONE, OTHER))
    assert angles.record(neuron, ["Truth"], swapped=False) == {
        "layer": 2,
        "angle": "Truth",
        "first": 8,
        "second": 3,
    }
    turned = angles.record(neuron, ["Truth"], swapped=True)
    assert (turned["first"], turned["second"]) == (3, 8)
