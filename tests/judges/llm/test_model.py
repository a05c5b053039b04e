"""One model: where its calls go, what is stored, and what they cost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from judges.contracts import Backend, EndpointRow, JudgeError, Kept
from judges.llm.model import Asked, Model
from judges.llm.params import ModelParams
from tests.fakes.openai_server import Canned, FakeOpenAI, error

HELLO = [{"role": "user", "content": "Hello?"}]


class Store:
    """Stored replies, in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, Mapping[str, Any]] = {}

    async def get(self, key: str) -> Kept | None:
        return Kept(self.rows[key]) if key in self.rows else None

    def put(self, key: str, reply: Mapping[str, Any]) -> None:
        self.rows[key] = json.loads(json.dumps(reply))


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as running:
        yield running


def row(server: FakeOpenAI, **more: Any) -> EndpointRow:
    return EndpointRow("lab", server.base_url, model="row-model", **more)


def asked(
    params: Mapping[str, Any], backend: Backend, *messages: list[dict[str, str]], **how: Any
) -> list[Asked]:
    async def main() -> list[Asked]:
        model = Model(ModelParams(**params), backend)
        try:
            return [await model.ask(each, **how) for each in messages or (HELLO,)]
        finally:
            await model.close()

    return asyncio.run(main())


def test_a_row_gives_address_key_headers_and_model(server: FakeOpenAI) -> None:
    by = row(server, api_key="sekret", headers={"x-team": "red", "x-both": "row"})
    params = {"endpoint": "lab", "headers": {"x-both": "judge"}}
    asked(params, Backend(endpoints={"lab": by}))
    asked(params | {"model": "own-model"}, Backend(endpoints={"lab": by}))
    sent = server.seen[0]
    assert sent.headers["authorization"] == "Bearer sekret"
    assert (sent.headers["x-team"], sent.headers["x-both"]) == ("red", "judge")
    assert [seen.body["model"] for seen in server.seen] == ["row-model", "own-model"]
    assert "sekret" not in repr(by)


def test_a_key_of_the_environment_stands_under_the_same_rules(server: FakeOpenAI) -> None:
    environ = {"LAB_API_KEY": "from-env"}
    asked(
        {"endpoint": "lab"},
        Backend({"lab": row(server, api_key_env="LAB_API_KEY")}, environ=environ),
    )
    assert server.seen[0].headers["authorization"] == "Bearer from-env"
    elsewhere = replace(row(server, api_key_env="LAB_API_KEY"), base_url="https://host.example/v1")
    with pytest.raises(JudgeError, match=r"may not be sent to host\.example"):
        asked({"endpoint": "lab"}, Backend({"lab": elsewhere}, environ=environ))


@pytest.mark.parametrize(
    ("endpoints", "words"),
    [
        ({}, "no endpoint called 'lab'"),
        (
            {"lab": EndpointRow("lab", "http://127.0.0.1:9", unusable="the key is gone")},
            "the key is gone",
        ),
    ],
)
def test_without_a_usable_row_no_call_is_made(
    endpoints: dict[str, EndpointRow], words: str
) -> None:
    with pytest.raises(JudgeError, match=words) as raised:
        asked({"endpoint": "lab", "model": "m"}, Backend(endpoints))
    assert raised.value.permanent


def test_what_was_paid_for_is_not_asked_again(server: FakeOpenAI) -> None:
    backend = Backend(replies=Store(), namespace="1")
    params = {"model": "m", "base_url": server.base_url, "price_in": 1.0, "price_out": 2.0}
    first, again = asked(params, backend, HELLO, HELLO)
    assert (first.cached, again.cached) == (False, True)
    assert (first.reply, again.usd) == (again.reply, 0.0)
    assert first.usd == pytest.approx((1 * 1 + first.reply.tokens_out * 2) * 1e-6)
    assert first.prompt_hash == again.prompt_hash != ""
    assert server.stats.requests == 1


def test_whatever_a_reply_depends_on_tells_questions_apart(server: FakeOpenAI) -> None:
    store = Store()
    backend = Backend(replies=store, namespace="1")
    params = {"model": "m", "base_url": server.base_url}
    asked(params, backend)
    asked(params, replace(backend, namespace="2"))
    asked(params | {"model": "n"}, backend)
    asked(params | {"temperature": 0.0}, backend)
    asked(params | {"max_tokens": 50}, backend)
    asked(params | {"extra": {"seed": 1}}, backend)
    asked(params | {"headers": {"x": "y"}}, backend)
    asked(params, backend, [{"role": "user", "content": "Hello!"}])
    asked(params, backend, sample=1)
    asked(params, backend, schema={"type": "object"})
    asked(params, backend, top_logprobs=3)
    assert len(store.rows) == server.stats.requests == 11
    asked(params | {"timeout": 9, "price_in": 1, "price_out": 1}, backend)
    assert server.stats.requests == 11, "neither price nor patience change a reply"


def test_log_probabilities_survive_the_store(server: FakeOpenAI) -> None:
    told = {
        "content": [
            {"token": "A", "logprob": -0.5, "top_logprobs": [{"token": "B", "logprob": -1}]}
        ]
    }
    server.script(Canned(body={"choices": [{"message": {"content": "A"}, "logprobs": told}]}))
    backend = Backend(replies=Store())
    first, again = asked(
        {"model": "m", "base_url": server.base_url}, backend, HELLO, HELLO, top_logprobs=2
    )
    assert again.cached
    assert first.reply.logprobs == again.reply.logprobs == (("A", -0.5, (("B", -1.0),)),)


def test_a_failed_call_stores_nothing(server: FakeOpenAI) -> None:
    store = Store()
    server.script(Canned(status=400, body=error("no", "x")))
    with pytest.raises(JudgeError):
        asked({"model": "m", "base_url": server.base_url}, Backend(replies=store))
    assert store.rows == {}


@pytest.mark.parametrize(
    ("own", "of_row", "usage", "expected"),
    [
        ({"price_in": 1.0, "price_out": 1.0}, {"price_in": 9.0, "price_out": 9.0}, True, 3e-6),
        ({}, {"price_in": 10.0, "price_out": 10.0}, True, 3e-5),
        ({}, {}, True, 0.25),
        ({}, {"price_in": 1.0, "price_out": 1.0}, False, None),
        ({}, {"price_in": 0.0, "price_out": 0.0}, True, 0.0),
    ],
)
def test_prices_are_the_judges_else_the_rows_else_as_reported(
    server: FakeOpenAI,
    own: dict[str, float],
    of_row: dict[str, float],
    usage: bool,
    expected: float | None,
) -> None:
    told = {"prompt_tokens": 1, "completion_tokens": 2, "cost": 0.25} if usage else {}
    server.script(Canned(body={"choices": [{"message": {"content": "A"}}], "usage": told}))
    backend = Backend({"lab": row(server, **of_row)})
    (answer,) = asked({"endpoint": "lab"} | own, backend)
    assert answer.usd == (expected if expected is None else pytest.approx(expected))
