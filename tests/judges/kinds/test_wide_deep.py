from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.common.errors import InvalidInput
from judges.contracts import Backend, Case, JudgeError, Order, Preference, Silence, Turn
from judges.kinds import registry
from judges.kinds.wide_deep import WideDeep
from tests.fakes.openai_server import Canned
from tests.fakes.protocol_server import ANGLES, FakeProtocols, Fences
from tests.judges.kinds.asking import Store, answered, asked, sent, silent

CASE = Case(
    prompt=(Turn("user", "Name a prime above 10."),),
    first=("11. quality=0.9",),
    second=("15, which is prime beyond doubt. quality=0.1",),
    seed=42,
)
SWAPPED = replace(CASE, first=CASE.second, second=CASE.first)


def built(**params: Any) -> WideDeep:
    kind = registry.build("wide_deep", {"model": "m"} | params)
    assert isinstance(kind, WideDeep)
    return kind


@pytest.mark.parametrize(("angles", "layers", "calls"), [(2, 2, 9), (3, 2, 13), (4, 1, 9)])
def test_the_calls_are_one_and_two_for_each_angle_in_each_layer(
    angles: int, layers: int, calls: int
) -> None:
    with FakeProtocols() as server:
        (answer,) = answered("wide_deep", server, CASE, angles=angles, layers=layers)
    assert answer.usage.calls == server.stats.answered == calls
    assert built(angles=angles, layers=layers).planned_calls() == calls
    assert server.stats.distinct_prompts == calls
    assert answer.preference is Preference.FIRST
    assert answer.scores == pytest.approx((9.1, 1.9))


def test_the_model_may_choose_how_many_angles_up_to_a_maximum() -> None:
    with FakeProtocols() as server:
        (answer,) = answered("wide_deep", server, CASE, angles=0, most_angles=5)
        assert "as many as matter, at most 5" in sent(server)[0]
    assert len(answer.details["angles"]) == 5
    assert answer.usage.calls == 1 + 4 * 5 == built(angles=0, most_angles=5).planned_calls()

    def change(found: Any, fences: Fences) -> Any:
        return {"angles": ["One: ?", "one: ?", " ", "Two: ?"]} if "angles" in found else found

    with FakeProtocols(change=change) as server:
        (answer,) = answered("wide_deep", server, CASE, angles=0)
    assert answer.details["angles"] == ["One: ?", "Two: ?"]
    assert answer.usage.calls == 9


def test_one_presentation_is_enough_and_samples_repeat_it() -> None:
    assert [p.order for p in built().presentations(7)] == [Order.UNKNOWN]
    assert [p.sample for p in built(samples=3).presentations(7)] == [0, 1, 2]
    assert built(samples=3).planned_calls() == 27
    assert built().most_calls() == 18


def test_each_neuron_is_asked_in_both_orders() -> None:
    with FakeProtocols() as server:
        answered("wide_deep", server, CASE)
    first_shown = [
        re.search(r"<<<ANSWER A [0-9a-f]{12}>>>\n(\d\d)", text)[1]  # type: ignore[index]
        for text in sent(server)[1:]
    ]
    assert sorted(first_shown) == ["11"] * 4 + ["15"] * 4
    assert first_shown[::2] == first_shown[:1] * 4


def test_the_second_layer_sees_its_own_and_its_neighbours_reviews_only() -> None:
    with FakeProtocols() as server:
        answered("wide_deep", server, CASE, angles=4)
    texts = sent(server)
    assert all("<<<REVIEW" not in text for text in texts[:9])
    seen = [
        [name for name in ANGLES[:4] if f"\n{name}: is it there?\n<<<END ANGLE" in reviews(text)]
        for text in texts[9:]
    ]
    assert seen[::2] == [
        ["Truth", "Use"],
        ["Truth", "Use", "Depth"],
        ["Use", "Depth", "Clarity"],
        ["Depth", "Clarity"],
    ]
    assert seen[1::2] == seen[::2]


def reviews(text: str) -> str:
    """What stands before a neuron's own angle."""
    return text[: text.rindex("Your angle:")]


def test_reviews_are_relabelled_with_the_order_and_not_rewritten() -> None:
    with FakeProtocols() as server:
        answered("wide_deep", server, CASE, angles=1)
    forward, backward = sent(server)[3:]
    for text in (forward, backward):
        better = "A" if re.search(r"<<<ANSWER A \w+>>>\n11", text) else "B"
        worse = "B" if better == "A" else "A"
        assert text.count(f"OF ANSWER {better}, SCORE 9.1 ") == 4  # two reviews, opened and closed
        assert text.count(f"OF ANSWER {worse}, SCORE 1.9 ") == 4


def test_which_answer_the_case_calls_first_changes_no_prompt() -> None:
    backend = Backend(replies=Store())
    with FakeProtocols() as server:
        there, back = answered("wide_deep", server, CASE, SWAPPED, backend=backend)
    assert server.stats.answered == 9
    assert (back.usage.calls, back.usage.cache_hits) == (0, 9)
    assert (there.preference, back.preference) == (Preference.FIRST, Preference.SECOND)
    assert there.scores is not None
    assert back.scores == there.scores[::-1]
    for one, other in zip(there.details["neurons"], back.details["neurons"], strict=True):
        assert (one["first"], one["second"]) == (other["second"], other["first"])


def test_a_judge_that_prefers_what_it_is_shown_first_decides_nothing() -> None:
    def change(found: Any, fences: Fences) -> Any:
        return found | {"score_a": 9, "score_b": 3} if "score_a" in found else found

    with FakeProtocols(change=change) as server:
        (answer,) = answered("wide_deep", server, CASE)
    assert answer.preference is Preference.TIE
    assert answer.scores == (6.0, 6.0)


def test_a_neuron_that_fails_is_left_out_and_never_a_zero() -> None:
    def change(found: Any, fences: Fences) -> Any:
        return "No." if fences.get("ANGLE", "").startswith("Use") else found

    with FakeProtocols(change=change) as server:
        (answer,) = answered("wide_deep", server, CASE, angles=3, repair=False)
    assert answer.scores == pytest.approx((9.1, 1.9))
    # In the second layer the reviews are fenced as angles too, and so the neighbours fail as well.
    assert [one["angle"][:5] for one in answer.details["neurons"]][:2] == ["Truth", "Depth"]
    assert {one["neuron"] for one in answer.details["left_out"]} >= {"layer 1, Use: is it there?"}


def test_one_order_alone_does_not_count() -> None:
    with FakeProtocols() as server:
        angles = json.dumps({"angles": ["One: ?"]})
        review = {"review_a": "", "review_b": "", "score_a": 10, "score_b": 1}
        server.script(Canned(text=angles), Canned(text=json.dumps(review)), Canned(text="No."))
        (answer,) = answered("wide_deep", server, CASE, angles=1, repair=False)
    assert [one["layer"] for one in answer.details["neurons"]] == [2]
    assert answer.scores == pytest.approx((9.1, 1.9))


def test_too_few_neurons_are_no_verdict() -> None:
    def change(found: Any, fences: Fences) -> Any:
        return found if "angles" in found else found | {"score_a": 0}

    with FakeProtocols(change=change) as server:
        none = silent("wide_deep", server, CASE)
    assert none.why is Silence.UNPARSABLE
    assert "the score 0 is not from 1 to 10" in none.reason
    assert none.usage.calls == 1 + 4 * 2


@pytest.mark.parametrize("status", [400, 401, 402, 404])
@pytest.mark.parametrize("done", [0, 4, 7])
def test_an_endpoint_that_is_lost_on_the_way_gives_no_answer(done: int, status: int) -> None:
    angles = Canned(text=json.dumps({"angles": ["One: ?", "Two: ?"]}))
    review = {"review_a": "", "review_b": "", "score_a": 10, "score_b": 1}
    lost = Canned(status=status, body={"error": {"message": "it is gone"}})
    with FakeProtocols() as server:
        server.script(angles, *[Canned(text=json.dumps(review))] * done, lost)
        with pytest.raises(JudgeError, match="it is gone"):
            asked("wide_deep", server, CASE, angles=2)
    assert server.stats.requests == 1 + done + 1


def test_angles_that_cannot_be_read_become_the_published_two() -> None:
    def change(found: Any, fences: Fences) -> Any:
        return {"angles": []} if "angles" in found else found

    with FakeProtocols(change=change) as server:
        (answer,) = answered("wide_deep", server, CASE)
    assert [angle.partition(":")[0] for angle in answer.details["angles"]] == [
        "Accuracy",
        "Relevance",
    ]
    assert answer.details["angles_from"] == "default"


def test_a_refused_prompt_is_a_refusal() -> None:
    with FakeProtocols(refuse_word="prime") as server:
        assert silent("wide_deep", server, CASE).why is Silence.REFUSED
    assert server.stats.requests == 1


@settings(max_examples=15, deadline=None)
@given(st.floats(0, 1).map(lambda x: round(x, 2)), st.floats(0, 1).map(lambda x: round(x, 2)))
def test_the_verdict_is_the_mirror_image_of_that_on_the_swapped_case(a: float, b: float) -> None:
    case = replace(CASE, first=(f"x quality={a}",), second=(f"y quality={b}",))
    turned = replace(case, first=case.second, second=case.first)
    with FakeProtocols() as server:
        there, back = answered("wide_deep", server, case, turned, angles=1, layers=1)
    assert there.preference.winner(Order.AB) is back.preference.winner(Order.BA)
    assert there.scores == (back.scores or ())[::-1]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"angles": -1}, "params.angles"),
        ({"layers": 9}, "params.layers"),
        ({"orders": "both"}, "params.orders"),
        ({"angles_template": "x\n"}, "params.angles_template"),
        ({"review_template": "x\n"}, "params.review_template"),
    ],
)
def test_bad_params_are_named(params: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        built(**params)
    assert field in raised.value.fields
