from __future__ import annotations

import json
from dataclasses import replace

import pytest

from judges.contracts import Case, Context, Turn
from judges.llm.parsing import Unparsable
from judges.remote import wire

CASE = Case(
    prompt=(Turn("user", "Name a prime."),),
    first=("11",),
    second=("15 is one",),
    system="Be brief.",
    contexts=(Context("c1", "Primes: 2, 3"),),
    seed=7,
    sample=1,
)


def test_the_body_holds_the_case_and_nothing_that_names_a_competitor() -> None:
    assert json.loads(wire.question(CASE, "r1", 100).body) == {
        "version": 1,
        "revision": "r1",
        "prompt": [{"role": "user", "content": "Name a prime."}],
        "first": ["11"],
        "second": ["15 is one"],
        "system": "Be brief.",
        "reference": "",
        "rubric": "",
        "contexts": [{"id": "c1", "text": "Primes: 2, 3"}],
        "images": [],
        "language": "",
        "seed": 7,
        "sample": 1,
    }


def test_equal_cases_make_equal_bodies_and_different_ones_do_not() -> None:
    body = wire.question(CASE, "", 100).body
    assert wire.question(CASE, "", 100).body == body
    others = [
        wire.question(replace(CASE, sample=2), "", 100),
        wire.question(replace(CASE, first=CASE.second, second=CASE.first), "", 100),
        wire.question(CASE, "new", 100),
    ]
    assert len({body, *(other.body for other in others)}) == 4


def test_both_answers_are_cut_by_the_same_rule() -> None:
    case = replace(CASE, first=("a" * 50, "b" * 10), second=("c" * 30,))
    asked = wire.question(case, "", 40)
    sent = json.loads(asked.body)
    assert (sent["first"], sent["second"]) == (["a" * 20, "b" * 10], ["c" * 20])
    assert asked.cut == (30, 10)


def test_broken_unicode_can_be_sent() -> None:
    asked = wire.question(replace(CASE, first=("\ud800 é",)), "", 100)
    assert json.loads(asked.body.decode())["first"] == ["? é"]


def test_the_signature_covers_timestamp_and_body() -> None:
    # printf '1700000000.{}' | openssl dgst -sha256 -hmac key
    expected = "v1=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae"
    signed = wire.signature("key", "1700000000", b"{}")
    assert signed == expected
    others = [
        wire.signature("other", "1700000000", b"{}"),
        wire.signature("key", "1700000001", b"{}"),
        wire.signature("key", "1700000000", b"{ }"),
    ]
    assert len({signed, *others}) == 4


def test_a_reply_is_read_with_all_it_may_say() -> None:
    reply = {
        "verdict": "second",
        "reason": "shorter",
        "probability": 0.25,
        "strength": 2,
        "scores": [1, 9.5],
        "anything": "else",
    }
    found = wire.read(json.dumps(reply))
    assert isinstance(found, wire.WireVerdict)
    assert (found.verdict, found.reason, found.probability) == ("second", "shorter", 0.25)
    assert (found.strength, found.scores) == (2, (1.0, 9.5))


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("", "Invalid JSON"),
        ("first", "Invalid JSON"),
        ("[]", "Input should be an object"),
        ("{}", "verdict: Field required"),
        ('{"verdict": "FIRST"}', "verdict: Input should be"),
        ('{"verdict": "a"}', "verdict: Input should be"),
        ('{"verdict": "first", "probability": 1.1}', "probability: Input should be less"),
        ('{"verdict": "first", "probability": "0.5"}', "probability: Input should be a valid"),
        ('{"verdict": "first", "probability": NaN}', "probability: Input should be"),
        ('{"verdict": "first", "strength": 3}', "strength: Input should be less"),
        ('{"verdict": "first", "strength": true}', "strength: Input should be a valid integer"),
        ('{"verdict": "first", "scores": [1]}', "scores"),
        ('{"verdict": "first", "scores": [1, Infinity]}', "scores.1"),
        ('{"verdict": "first", "reason": 5}', "reason: Input should be a valid string"),
    ],
)
def test_what_is_wrong_with_a_reply_is_named(reply: str, words: str) -> None:
    found = wire.read(reply)
    assert isinstance(found, Unparsable)
    assert words in found.why
