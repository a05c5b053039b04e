"""The client against the fake server: real sockets, real retries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from judges.contracts import JudgeError
from judges.llm.client import ChatClient, Request
from judges.llm.dialect import ResponseFormat
from judges.llm.endpoint import Endpoint
from judges.llm.prompting import reply_schema
from tests.fakes.openai_server import Canned, FakeOpenAI, error

KEY = "key-that-nobody-may-see"
SCHEMA = reply_schema(())


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as running:
        yield running


@pytest_asyncio.fixture
async def client(server: FakeOpenAI) -> AsyncIterator[ChatClient]:
    opened = ChatClient(Endpoint(server.base_url, KEY), max_retries=2)
    yield opened
    await opened.close()


def request(**changes: Any) -> Request:
    messages = [{"role": "user", "content": "Hello?"}]
    return Request(**({"model": "m", "messages": messages, "timeout": 20} | changes))


async def failure(client: ChatClient, **changes: Any) -> JudgeError:
    with pytest.raises(JudgeError) as raised:
        await client.complete(request(**changes))
    assert KEY not in str(raised.value)
    return raised.value


@pytest.mark.asyncio
async def test_a_reply_is_read(client: ChatClient, server: FakeOpenAI) -> None:
    server.script(Canned(text="Hi."))
    reply = await client.complete(request())
    assert (reply.text, reply.model, reply.finish_reason) == ("Hi.", "m-fake", "stop")
    assert (reply.tokens_in, reply.tokens_out, reply.usd) == (1, 1, None)
    assert (reply.refusal, reply.thinking) == ("", "")
    assert server.seen[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.asyncio
async def test_only_what_was_asked_for_is_sent(client: ChatClient, server: FakeOpenAI) -> None:
    await client.complete(request())
    await client.complete(
        request(temperature=0.0, max_tokens=9, schema=SCHEMA, extra={"reasoning_effort": "low"})
    )
    bare, full = (seen.body for seen in server.seen)
    assert set(bare) == {"model", "messages"}
    assert (full["temperature"], full["max_tokens"], full["reasoning_effort"]) == (0.0, 9, "low")
    assert full["response_format"]["json_schema"]["schema"] == SCHEMA


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("formats", "expected", "rejections"),
    [
        ("json_schema,text", ResponseFormat.JSON_SCHEMA, 0),
        ("json_object,text", ResponseFormat.JSON_OBJECT, 1),
        ("text", ResponseFormat.TEXT, 2),
    ],
)
async def test_a_format_that_is_not_understood_is_tried_once(
    formats: str, expected: ResponseFormat, rejections: int
) -> None:
    with FakeOpenAI(formats=formats, latency=0.05) as server:
        client = ChatClient(Endpoint(server.base_url, KEY))
        calls = [client.complete(request(schema=SCHEMA)) for _ in range(50)]
        replies = await asyncio.gather(*calls)
        await client.complete(request(schema=SCHEMA))
        await client.close()
    assert {reply.response_format for reply in replies} == {expected}
    assert server.stats.rejected_formats == rejections
    assert server.stats.answered == 51


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "This response_format type is unavailable now"),
        (400, "'response_format.type' must be 'text'"),
        (422, "json_schema: extra fields not permitted"),
        (400, "Structured outputs are not available for this model"),
    ],
)
async def test_wordings_that_mean_another_format(
    client: ChatClient, server: FakeOpenAI, status: int, message: str
) -> None:
    server.script(Canned(status=status, body={"error": message}))
    reply = await client.complete(request(schema=SCHEMA))
    assert reply.response_format is ResponseFormat.JSON_OBJECT


@pytest.mark.asyncio
async def test_reasoning_models_take_their_limit_under_another_name(
    client: ChatClient, server: FakeOpenAI
) -> None:
    words = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
    server.script(Canned(status=400, body=error(words, "unsupported_parameter")))
    await client.complete(request(max_tokens=500, schema=SCHEMA))
    await client.complete(request(max_tokens=500, schema=SCHEMA))
    assert [sorted({"max_tokens", "max_completion_tokens"} & set(s.body)) for s in server.seen] == [
        ["max_tokens"],
        ["max_completion_tokens"],
        ["max_completion_tokens"],
    ]
    assert all(s.body["response_format"]["type"] == "json_schema" for s in server.seen)


@pytest.mark.asyncio
async def test_a_first_call_that_fails_does_not_hold_up_the_others(
    client: ChatClient, server: FakeOpenAI
) -> None:
    server.script(Canned(status=401, body=error("no", "invalid_api_key")))
    outcomes = await asyncio.gather(
        *(client.complete(request(schema=SCHEMA)) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(outcome, JudgeError) for outcome in outcomes) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("canned", "words"),
    [
        (Canned(status=401, body=error("bad key", "invalid_api_key")), "answered 401: bad key"),
        (Canned(status=403, body=error("not yours", "forbidden")), "answered 403: not yours"),
        (Canned(status=404, body=error("model m not found", "x")), "404: model m not found"),
        (Canned(status=402, body={"error": "no credits"}), "402: no credits"),
        (Canned(status=400, body=error("bad top_p", "x")), "400: bad top_p"),
        (Canned(status=422, body={"detail": [{"msg": "odd"}]}), "422: .*odd"),
        (Canned(status=405, body="<html>No</html>"), "405: <html>No</html>"),
        (Canned(status=400, body={"object": "error", "message": "too long"}), "400: too long"),
        (Canned(body={"error": {"code": 400, "message": "wrapped"}}), "400: wrapped"),
    ],
)
async def test_faults_that_stay(
    client: ChatClient, server: FakeOpenAI, canned: Canned, words: str
) -> None:
    server.script(canned)
    failed = await failure(client)
    assert failed.permanent
    assert failed.args[0].startswith("127.0.0.1:")
    assert server.stats.requests == 1
    with pytest.raises(JudgeError, match=words):
        raise failed


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "canned",
    [
        Canned(status=429, body=error("slow down", "rate_limit_exceeded")),
        Canned(status=500, body=error("boom", "server_error")),
        Canned(status=503, body="<html>busy</html>"),
        Canned(drop=True),
    ],
)
async def test_faults_that_pass_are_retried(
    client: ChatClient, server: FakeOpenAI, canned: Canned
) -> None:
    server.script(canned, Canned(text="Hi."))
    reply = await client.complete(request())
    assert reply.text == "Hi."
    assert server.stats.requests == 2
    assert reply.latency_ms < 400, "the wait between the attempts is not latency"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("canned", "words"),
    [
        (Canned(status=429, body=error("slow down", "x")), "answered 429: slow down"),
        (Canned(status=500, body=error("boom", "x")), "answered 500: boom"),
        (Canned(drop=True), "no usable reply .*Disconnected"),
        (Canned(body="<html>hello</html>"), "something else than a completion"),
        (Canned(body="[" * 100_000), "something else than a completion"),
        (Canned(body={"choices": []}), "something else than a completion"),
        (Canned(text="x", headers={"content-encoding": "gzip"}), "no usable reply .*decompress"),
        (Canned(text="x", headers={"x y\0": "z"}), "no usable reply .*"),
        (Canned(body={"error": {"code": 429, "message": "wrapped"}}), "answered 429: wrapped"),
        (Canned(body={"error": "wrapped"}), "answered 502: wrapped"),
    ],
)
async def test_faults_that_may_pass_later(server: FakeOpenAI, canned: Canned, words: str) -> None:
    client = ChatClient(Endpoint(server.base_url, KEY), max_retries=0)
    server.script(canned)
    failed = await failure(client)
    await client.close()
    assert not failed.permanent
    with pytest.raises(JudgeError, match=words):
        raise failed


@pytest.mark.asyncio
async def test_no_credit_does_not_pass(server: FakeOpenAI) -> None:
    client = ChatClient(Endpoint(server.base_url, KEY), max_retries=0)
    server.script(Canned(status=429, body=error("pay first", "insufficient_quota")))
    assert (await failure(client)).permanent
    await client.close()


@pytest.mark.asyncio
async def test_retry_after_is_obeyed(client: ChatClient, server: FakeOpenAI) -> None:
    slow_down = error("slow down", "rate_limit_exceeded")
    server.script(Canned(status=429, body=slow_down, headers={"retry-after": "1"}))
    started = asyncio.get_running_loop().time()
    await client.complete(request())
    assert asyncio.get_running_loop().time() - started >= 1


@pytest.mark.asyncio
async def test_nobody_listens() -> None:
    client = ChatClient(Endpoint("http://127.0.0.1:9/v1", KEY), max_retries=0)
    failed = await failure(client)
    await client.close()
    assert not failed.permanent
    assert "127.0.0.1:9: no usable reply" in str(failed)


@pytest.mark.asyncio
async def test_a_hanging_endpoint_ends_at_the_timeout(
    client: ChatClient, server: FakeOpenAI
) -> None:
    server.script(Canned(hang=True))
    failed = await failure(client, timeout=0.3)
    assert not failed.permanent
    assert "no reply within 0.3 s" in str(failed)


@pytest.mark.asyncio
async def test_an_endpoint_that_repeats_the_key_does_not_betray_it(
    client: ChatClient, server: FakeOpenAI
) -> None:
    server.script(
        Canned(status=401, body=error(f"Incorrect API key: {KEY}", "x")),
        Canned(status=400, body=error(f"The prompt of {KEY} was filtered", "content_filter")),
    )
    assert "Incorrect API key: ***" in str(await failure(client))
    assert (await client.complete(request())).refusal == "The prompt of *** was filtered"


@pytest.mark.asyncio
async def test_long_messages_are_shortened(client: ChatClient, server: FakeOpenAI) -> None:
    server.script(Canned(status=400, body=error("many words\n" * 1000, "x")))
    assert len(str(await failure(client))) < 400


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "canned",
    [
        Canned(status=400, body=error("The response was filtered", "content_filter")),
        Canned(status=400, body=error("Content Exists Risk", "invalid_request_error")),
        Canned(status=403, body=error("Your input was flagged", "403")),
        Canned(status=400, body={"choices": [{"finish_reason": "content_filter"}]}),
        Canned(body={"error": {"code": 403, "message": "The input was flagged"}}),
        Canned(finish_reason="content_filter"),
        Canned(message={"content": None, "refusal": "I can't help with that."}),
    ],
)
async def test_refusals_are_replies(client: ChatClient, server: FakeOpenAI, canned: Canned) -> None:
    server.script(canned)
    assert (await client.complete(request(schema=SCHEMA))).refusal


@pytest.mark.asyncio
async def test_contents_and_thinking_in_other_forms(client: ChatClient, server: FakeOpenAI) -> None:
    parts = [{"type": "thinking", "thinking": []}, {"type": "text", "text": "Hi."}]
    server.script(
        Canned(message={"content": parts}),
        Canned(text="Hi.", message={"reasoning_content": "Hm."}),
        Canned(text="Hi.", message={"reasoning": "Hm."}),
        Canned(message={"content": None}),
    )
    replies = [await client.complete(request()) for _ in range(4)]
    assert [reply.text for reply in replies] == ["Hi.", "Hi.", "Hi.", ""]
    assert [reply.thinking for reply in replies] == ["", "Hm.", "Hm.", ""]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, (None, None, None)),
        ({}, (None, None, None)),
        ({"prompt_tokens": 5, "completion_tokens": None}, (5, None, None)),
        ({"prompt_tokens": "5", "completion_tokens": -1}, (None, None, None)),
        ({"prompt_tokens": 10**12, "completion_tokens": 2, "cost": 0.25}, (None, 2, 0.25)),
        ({"cost": "NaN"}, (None, None, None)),
    ],
)
async def test_usage_is_taken_as_far_as_it_is_told(
    client: ChatClient,
    server: FakeOpenAI,
    usage: object,
    expected: tuple[int | None, int | None, float | None],
) -> None:
    choice = {"message": {"content": "Hi."}}
    server.script(Canned(body={"choices": [choice], "usage": usage}))
    reply = await client.complete(request())
    assert (reply.tokens_in, reply.tokens_out, reply.usd) == expected
    assert (reply.model, reply.text) == ("m", "Hi.")


@pytest.mark.asyncio
async def test_a_gateway_reports_the_cost_in_a_header(
    client: ChatClient, server: FakeOpenAI
) -> None:
    server.script(Canned(text="Hi.", headers={"x-litellm-response-cost": "0.0125"}))
    assert (await client.complete(request())).usd == 0.0125


@pytest.mark.asyncio
async def test_many_calls_share_connections_and_survive_faults() -> None:
    faults = {"p429": 0.1, "p500": 0.05, "pdrop": 0.02, "retry_after_ms": 20}
    with FakeOpenAI(latency=0.05, **faults) as server:
        client = ChatClient(Endpoint(server.base_url, KEY))
        requests = (
            request(messages=[{"role": "user", "content": f"Question {n}"}]) for n in range(300)
        )
        replies = await asyncio.gather(*(client.complete(each) for each in requests))
        await client.close()
    assert len(replies) == 300
    assert server.stats.distinct_prompts == 300
    assert server.stats.repeated_prompts == 0
    assert server.stats.max_in_flight > 100


@pytest.mark.asyncio
async def test_a_closed_client_opens_again(client: ChatClient) -> None:
    await client.close()
    assert (await client.complete(request())).text
