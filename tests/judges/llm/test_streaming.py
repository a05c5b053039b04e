"""Reading a reply while it is written, from the fake server and from servers with manners of their
own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import aclosing

import pytest

from judges.contracts import Backend, EndpointRow, JudgeError
from judges.llm.gate import EndpointGate
from judges.llm.model import Model
from judges.llm.params import ModelParams
from judges.llm.streaming import Broken, stream
from tests.fakes.openai_server import Canned, FakeOpenAI, error

pytestmark = pytest.mark.asyncio

ASKED = [{"role": "user", "content": "Why is the sky blue?"}]


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as fake:
        yield fake


def model(url: str, gate: EndpointGate | None = None, **params: object) -> Model:
    row = EndpointRow(name="lab", base_url=url, model="m", api_key="sk-secret-key")
    backend = Backend(endpoints={"lab": row}, replies=None, gate=gate, environ={}, namespace="1")
    return Model(ModelParams(endpoint="lab", **params), backend)


async def pieces(asked: Model) -> list[str]:
    return [piece async for piece in stream(asked, ASKED)]


async def test_pieces_come_as_they_are_written(server: FakeOpenAI) -> None:
    server.script(Canned(text="Light is scattered by air."))
    found = await pieces(model(server.base_url, temperature=0.5, max_tokens=50))
    assert len(found) == 5
    assert "".join(found) == "Light is scattered by air."
    (seen,) = server.seen
    assert seen.body["stream"] is True
    assert (seen.body["temperature"], seen.body["max_tokens"]) == (0.5, 50)
    assert seen.headers["authorization"] == "Bearer sk-secret-key"


async def test_a_server_without_streams_is_understood() -> None:
    with FakeOpenAI(streams=False) as server:
        server.script(Canned(text="All at once."))
        assert await pieces(model(server.base_url)) == ["All at once."]


async def test_another_dialect_is_found_and_remembered(server: FakeOpenAI) -> None:
    words = "Unsupported parameter: use 'max_completion_tokens' instead of 'max_tokens'."
    server.script(Canned(status=400, body=error(words, "unsupported_parameter")))
    server.answers["m"] = Canned(text="Yes.")
    assert await pieces(model(server.base_url, max_tokens=9)) == ["Yes."]
    assert await pieces(model(server.base_url, max_tokens=9)) == ["Yes."]
    assert [body.body.get("max_completion_tokens") for body in server.seen] == [None, 9, 9]


async def test_a_stream_that_breaks_off_is_no_answer(server: FakeOpenAI) -> None:
    server.script(Canned(text="One two three four.", cut=True))
    with pytest.raises(Broken, match="broke off"):
        await pieces(model(server.base_url))


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Canned(status=500, body=error("something broke", "server_error")), "answered 500"),
        (Canned(status=302, headers={"location": "http://127.0.0.1:1/"}, body=""), "answered 302"),
        (Canned(drop=True), "gave no usable reply"),
        (Canned(body={"odd": 1}), "something else than a completion"),
        (
            Canned(
                body=f"data: {json.dumps(error('sk-secret-key is broke', 'x'))}\n\n",
                headers={"content-type": "text/event-stream"},
            ),
            r"\*\*\* is broke",
        ),
    ],
)
async def test_faults_are_told_without_the_key(
    server: FakeOpenAI, reply: Canned, words: str
) -> None:
    server.script(reply)
    with pytest.raises(Broken, match=words) as caught:
        await pieces(model(server.base_url))
    assert "sk-secret" not in str(caught.value)


async def test_endless_streams_are_cut_short(
    server: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("judges.llm.streaming.MAX_STREAM", 1000)
    server.script(Canned(text="word " * 100))
    with pytest.raises(JudgeError, match="more than 1,000 bytes"):
        await pieces(model(server.base_url))


async def test_a_name_that_leads_astray_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("169.254.169.254", 80))]
    )
    with pytest.raises(JudgeError, match="may not be asked"):
        await pieces(model("http://metadata.test/v1"))


class Watched(EndpointGate):
    """A gate that remembers what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[bool, bool, str]] = []

    async def left(self, address: str, *, ok: bool, alive: bool = True, **more: object) -> None:
        self.told.append((ok, alive, str(more.get("words", ""))))
        await super().left(address, ok=ok, alive=alive, **more)


async def test_the_gate_learns_how_it_went(server: FakeOpenAI) -> None:
    gate = Watched()
    asked = model(server.base_url, gate)
    server.script(Canned(text="Fine."), Canned(drop=True))
    await pieces(asked)
    with pytest.raises(Broken):
        await pieces(asked)
    (well, _, _), (ok, alive, words) = gate.told
    assert well
    assert not ok
    assert not alive
    assert words.startswith("127.0.0.1")


async def test_who_stops_reading_is_no_fault_of_the_endpoint(server: FakeOpenAI) -> None:
    gate = Watched()
    server.script(Canned(text="One two three."))
    async with aclosing(stream(model(server.base_url, gate), ASKED)) as reply:
        assert await anext(reply) == "One "
    assert gate.told == [(False, True, "")]
