"""Asking competitors live: what comes of it, and that speed tells nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.models import Competitor, Project
from judges.models import Endpoint, Speaker
from judges.services.people import speaking
from judges.services.people.speaking import Cadence, Question, Trouble, Voice, asking, paced
from tests.fakes.openai_server import Canned, FakeOpenAI, error

pytestmark = pytest.mark.django_db

SKY = [{"role": "user", "content": "Why is the sky blue?"}]


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as fake:
        yield fake


def question(project: Project, server: FakeOpenAI, model: str, **settings: object) -> Question:
    where, _ = Endpoint.objects.get_or_create(
        project=project, name="lab", defaults={"base_url": server.base_url}
    )
    who = Competitor.objects.create(project=project, name=f"who-{model}")
    speaker = Speaker.objects.create(competitor=who, endpoint=where, model=model, **settings)
    return speaking.question_to(speaker, SKY)


def hear(*questions: Question, seconds: float = 20.0) -> list[Voice]:
    with asking(questions, seconds) as voices:
        speaking.wait_for(voices)
    return voices


def test_both_answer_and_each_gets_its_own_settings(project: Project, server: FakeOpenAI) -> None:
    server.answers = {"x": Canned(text="Air."), "y": Canned(text="<think>Hm.</think> Light.")}
    x = question(project, server, "x", system="Be brief.", temperature=0.0, max_tokens=7)
    y = question(project, server, "y")

    voices = hear(x, y)

    assert [voice.said for voice in voices] == ["Air.", "Light."]
    assert [voice.trouble for voice in voices] == [None, None]
    bodies = {seen.body["model"]: seen.body for seen in server.seen}
    assert bodies["x"]["messages"] == [{"role": "system", "content": "Be brief."}, *SKY]
    assert (bodies["x"]["temperature"], bodies["x"]["max_tokens"]) == (0.0, 7)
    assert "temperature" not in bodies["y"]
    assert bodies["y"]["max_tokens"] == 2048


def test_one_side_may_fail_alone(project: Project, server: FakeOpenAI) -> None:
    server.answers = {
        "x": Canned(text="Air."),
        "busy": Canned(status=429, body=error("slow down", "rate_limit_exceeded")),
        "cut": Canned(text="one two three four", cut=True),
        "mute": Canned(text=""),
    }
    names = ("x", "busy", "cut", "mute")
    voices = hear(*(question(project, server, name) for name in names))
    assert [v.trouble for v in voices] == [None, Trouble.BUSY, Trouble.FAILED, Trouble.FAILED]
    assert voices[0].said == "Air."
    assert "slow down" in voices[1].cause


def test_what_never_ends_is_given_up(project: Project, server: FakeOpenAI) -> None:
    server.answers = {"x": Canned(hang=True)}
    (voice,) = hear(question(project, server, "x"), seconds=0.2)
    assert voice.trouble is Trouble.LATE


def test_leaving_early_ends_the_calls(project: Project, server: FakeOpenAI) -> None:
    server.answers = {"x": Canned(hang=True)}
    with asking([question(project, server, "x")]) as voices:
        assert not voices[0].ended
    assert voices[0].ended
    assert not [thread for thread in threading.enumerate() if thread.name == "battle"]


def test_there_are_so_many_places_and_each_is_given_back() -> None:
    with ExitStack() as held:
        for _ in range(speaking.SEATS):
            held.enter_context(asking([]))
        with asking([None]) as (voice,):  # type: ignore[list-item]  # it is not asked
            assert voice.trouble is Trouble.BUSY
    with asking([]):
        pass


def test_answers_are_cut_at_a_length(
    project: Project, server: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speaking, "MOST_CHARACTERS", 20)
    server.answers = {"x": Canned(text="word " * 1000)}
    (voice,) = hear(question(project, server, "x"))
    assert voice.trouble is None
    assert voice.said == "word word word word"


# --- One pace -------------------------------------------------------------------------------------


def run(first: list[int], second: list[int]) -> list[tuple[int, int]]:
    """What stands on the page at each tick, when so many characters have come at each."""
    ticks = max(len(first), len(second))
    voices = [Voice(), Voice()]
    seen, moments = [(0, 0)], iter(range(10**6))

    def sleep(_: float) -> None:
        at = len(seen)
        for voice, came in ((voices[0], first), (voices[1], second)):
            voice.text = "x" * came[min(at, len(came) - 1)]
            voice.ended = at >= len(came) - 1

    assert ticks
    for added in paced(voices, clock=lambda: next(moments) * 0.1, sleep=sleep):
        seen.append((seen[-1][0] + len(added[0]), seen[-1][1] + len(added[1])))
    return seen


def test_nothing_appears_before_both_have_begun() -> None:
    seen = run([500] * 20, [0] * 15 + [500] * 5)
    first_seen = next(at for at, (a, b) in enumerate(seen) if a or b)
    assert first_seen > 15
    assert seen[-1] == (500, 500)


arrivals = st.lists(st.integers(0, 40), min_size=1, max_size=60).map(
    lambda steps: [sum(steps[: n + 1]) for n in range(len(steps))]
)


@given(first=arrivals, second=arrivals)
def test_both_have_the_same_length_until_the_shorter_is_complete(
    first: list[int], second: list[int]
) -> None:
    seen = run(first, second)
    assert seen[-1] == (first[-1], second[-1])
    shorter = min(first[-1], second[-1])
    for a, b in seen:
        assert a == b or min(a, b) == shorter


def test_the_rest_of_the_longer_tells_not_whether_it_was_the_fast_one() -> None:
    """A is slow (10 a tick), B was there at once; or the other way round."""
    slow_and_long = run([10 * n for n in range(41)], [200])
    fast_and_long = run([10 * n for n in range(21)], [400])
    tails = []
    for seen, side in ((slow_and_long, 0), (fast_and_long, 1)):
        rest = [row[side] for row in seen if min(row) == 200 and row[side] < 400]
        tails.append((rest[-1] - rest[0]) / (len(rest) - 1))
    assert tails[0] == pytest.approx(tails[1], rel=0.15)


def test_a_side_without_an_answer_holds_up_nothing() -> None:
    cadence, voices = Cadence(), [Voice(ended=True), Voice(text="x" * 30)]
    cadence.step(0.0, voices)
    assert cadence.step(1.0, voices) == 30


@pytest.mark.parametrize("length", [6_000, 40_000])
def test_the_rest_is_shown_within_a_bound_once_all_have_ended(length: int) -> None:
    """One writes a word and thinks on for two seconds; the other was there at once."""
    cadence = Cadence()
    voices = [Voice(text="Y"), Voice(text="x" * length, ended=True)]
    cadence.step(0.0, voices)
    cadence.step(2.0, voices)
    voices[0].text, voices[0].ended = "Yes.", True
    ticks = 0
    while not cadence.is_over(voices):
        ticks += 1
        cadence.step(2.0 + ticks * 0.1, voices)
    assert ticks * 0.1 <= speaking.TAIL + 0.5


def test_the_pace_stays_low_while_the_longer_is_still_written() -> None:
    cadence, voices = Cadence(), [Voice(text="Yes.", ended=True), Voice(text="x" * 6_000)]
    shown = [cadence.step(n * 0.1, voices) for n in range(20)]
    assert shown[-1] < 6_000
    assert shown == sorted(shown)
