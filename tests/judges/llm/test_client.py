"""The client against the fake server: real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio

from judges.contracts import JudgeError
from judges.llm.client import ChatClient, Request, _open
from judges.llm.dialect import ResponseFormat
from judges.llm.endpoint import Endpoint
from judges.llm.faults import Fault
from judges.llm.prompting import object_schema
from judges.llm.reply import LEAST, Reply
from tests.fakes.openai_server import Canned, FakeOpenAI, error

KEY = "key-that-nobody-may-see"
SCHEMA = object_schema({"verdict": {"type": "string"}})


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as running:
        yield running


@pytest_asyncio.fixture
async def client(server: FakeOpenAI) -> AsyncIterator[ChatClient]:
    opened = ChatClient(Endpoint(server.base_url, KEY))
    yield opened
    await opened.close()


def request(**changes: Any) -> Request:
    messages = [{"role": "user", "content": "Hello?"}]
    return Request(**({"model": "m", "messages": messages, "timeout": 20} | changes))


async def asked(client: ChatClient, **changes: Any) -> Reply:
    outcome = await client.complete(request(**changes))
    assert isinstance(outcome, Reply), outcome
    return outcome


async def failure(client: ChatClient, **changes: Any) -> Fault:
    outcome = await client.complete(request(**changes))
    assert isinstance(outcome, Fault)
    assert KEY not in repr(outcome)
    return outcome


@pytest.mark.asyncio
async def test_a_reply_is_read(client: ChatClient, server: FakeOpenAI) -> None:
    server.script(Canned(text="Hi."))
    reply = await asked(client)
    assert (reply.text, reply.model, reply.finish_reason) == ("Hi.", "m-fake", "stop")
    assert (reply.tokens_in, reply.tokens_out, reply.usd) == (1, 1, None)
    assert (reply.refusal, reply.thinking) == ("", "")
    assert server.seen[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.asyncio
async def test_only_what_was_asked_for_is_sent(client: ChatClient, server: FakeOpenAI) -> None:
    await asked(client)
    extra = {"reasoning_effort": "low"}
    await asked(client, temperature=0.0, max_tokens=9, schema=SCHEMA, extra=extra)
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
        calls = [asked(client, schema=SCHEMA) for _ in range(50)]
        replies = await asyncio.gather(*calls)
        await asked(client, schema=SCHEMA)
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
    reply = await asked(client, schema=SCHEMA)
    assert reply.response_format is ResponseFormat.JSON_OBJECT


@pytest.mark.asyncio
async def test_reasoning_models_take_their_limit_under_another_name(
    client: ChatClient, server: FakeOpenAI
) -> None:
    words = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
    server.script(Canned(status=400, body=error(words, "unsupported_parameter")))
    await asked(client, max_tokens=500, schema=SCHEMA)
    await asked(client, max_tokens=500, schema=SCHEMA)
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
    outcomes = await asyncio.gather(*(client.complete(request(schema=SCHEMA)) for _ in range(5)))
    assert sum(isinstance(outcome, Fault) for outcome in outcomes) == 1


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
    said = failed.as_error(client.endpoint.host)
    assert failed.permanent
    assert said.permanent
    assert str(said).startswith("127.0.0.1:")
    assert re.search(words, str(said))
    assert server.stats.requests == 1


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
    client = ChatClient(Endpoint(server.base_url, KEY))
    server.script(canned)
    failed = await failure(client)
    await client.close()
    assert not failed.permanent
    assert re.search(words, failed.said(client.endpoint.host))
    assert server.stats.requests == 1, "whether to ask again is not for the client to decide"


@pytest.mark.asyncio
async def test_no_credit_does_not_pass(server: FakeOpenAI) -> None:
    client = ChatClient(Endpoint(server.base_url, KEY))
    server.script(Canned(status=429, body=error("pay first", "insufficient_quota")))
    assert (await failure(client)).permanent
    await client.close()


@pytest.mark.asyncio
async def test_a_limit_says_for_how_long(client: ChatClient, server: FakeOpenAI) -> None:
    slow_down = error("slow down", "rate_limit_exceeded")
    server.script(Canned(status=429, body=slow_down, headers={"retry-after": "7"}))
    limit = await failure(client)
    assert (limit.limited, limit.pause, limit.permanent) == (True, 7.0, False)


@pytest.mark.asyncio
async def test_nobody_listens() -> None:
    client = ChatClient(Endpoint("http://127.0.0.1:9/v1", KEY))
    failed = await failure(client)
    await client.close()
    assert not failed.permanent
    assert "127.0.0.1:9 gave no usable reply" in failed.said(client.endpoint.host)


@pytest.mark.asyncio
async def test_a_hanging_endpoint_ends_at_the_timeout(
    client: ChatClient, server: FakeOpenAI
) -> None:
    server.script(Canned(hang=True))
    failed = await failure(client, timeout=0.3)
    assert not failed.permanent
    assert failed.timed_out
    assert failed.message == "gave no reply within 0.3 s"


@pytest.mark.asyncio
async def test_an_endpoint_that_repeats_the_key_does_not_betray_it(
    client: ChatClient, server: FakeOpenAI
) -> None:
    server.script(
        Canned(status=401, body=error(f"Incorrect API key: {KEY}", "x")),
        Canned(status=400, body=error(f"The prompt of {KEY} was filtered", "content_filter")),
    )
    assert "Incorrect API key: ***" in (await failure(client)).said("host")
    assert (await asked(client)).refusal == "The prompt of *** was filtered"


@pytest.mark.asyncio
async def test_long_messages_are_shortened(client: ChatClient, server: FakeOpenAI) -> None:
    server.script(Canned(status=400, body=error("many words\n" * 1000, "x")))
    assert len((await failure(client)).said("host")) < 400


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
    assert (await asked(client, schema=SCHEMA)).refusal


@pytest.mark.asyncio
async def test_contents_and_thinking_in_other_forms(client: ChatClient, server: FakeOpenAI) -> None:
    parts = [{"type": "thinking", "thinking": []}, {"type": "text", "text": "Hi."}]
    server.script(
        Canned(message={"content": parts}),
        Canned(text="Hi.", message={"reasoning_content": "Hm."}),
        Canned(text="Hi.", message={"reasoning": "Hm."}),
        Canned(message={"content": None}),
    )
    replies = [await asked(client) for _ in range(4)]
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
    reply = await asked(client)
    assert (reply.tokens_in, reply.tokens_out, reply.usd) == expected
    assert (reply.model, reply.text) == ("m", "Hi.")


@pytest.mark.asyncio
async def test_a_gateway_reports_the_cost_in_a_header(
    client: ChatClient, server: FakeOpenAI
) -> None:
    server.script(Canned(text="Hi.", headers={"x-litellm-response-cost": "0.0125"}))
    assert (await asked(client)).usd == 0.0125


@pytest.mark.asyncio
async def test_many_calls_share_connections() -> None:
    with FakeOpenAI(latency=0.05) as server:
        client = ChatClient(Endpoint(server.base_url, KEY))
        questions = ([{"role": "user", "content": f"Question {n}"}] for n in range(300))
        await asyncio.gather(*(asked(client, messages=each) for each in questions))
        await asyncio.gather(*(asked(client) for _ in range(300)))
        await client.close()
    assert server.stats.distinct_prompts == 301
    assert server.stats.max_in_flight > 100
    assert server.stats.connections <= 300


@pytest.mark.asyncio
async def test_a_closed_client_opens_again(client: ChatClient) -> None:
    await client.close()
    assert (await asked(client)).text


REJECTED = "Unsupported value: 'temperature' does not support 0 with this model."


@pytest.mark.asyncio
async def test_reasoning_models_that_take_no_temperature(
    client: ChatClient, server: FakeOpenAI
) -> None:
    server.script(Canned(status=400, body=error(REJECTED, "unsupported_value")))
    first = await asked(client, temperature=0.0)
    second = await asked(client, temperature=0.0)
    assert ["temperature" in seen.body for seen in server.seen] == [True, False, False]
    assert first.dropped == second.dropped == ("temperature",)


@pytest.mark.asyncio
async def test_a_temperature_out_of_range_is_not_dropped(
    client: ChatClient, server: FakeOpenAI
) -> None:
    words = "Invalid 'temperature': decimal above maximum value. Expected a value <= 2."
    server.script(Canned(status=400, body=error(words, "decimal_above_max_value")))
    assert (await failure(client, temperature=9.0)).permanent


@pytest.mark.asyncio
async def test_a_model_that_takes_none_of_it(client: ChatClient, server: FakeOpenAI) -> None:
    server.script(
        Canned(status=400, body=error("Use 'max_completion_tokens' instead.", "x")),
        Canned(status=400, body=error(REJECTED, "unsupported_value")),
        Canned(status=400, body=error("logprobs are not supported", "x")),
        Canned(status=400, body=error("response_format json_schema is not supported", "x")),
    )
    asking = {"temperature": 0.0, "max_tokens": 9, "top_logprobs": 5, "schema": SCHEMA}
    reply = await asked(client, **asking)
    await asked(client, **asking)
    assert reply.dropped == ("temperature", "logprobs")
    assert reply.response_format is ResponseFormat.JSON_OBJECT
    assert server.stats.requests == 6
    sent = server.seen[-1].body
    assert set(sent) == {"model", "messages", "max_completion_tokens", "response_format"}


LIKELY = [{"token": "A", "logprob": -0.1, "bytes": [65]}, {"token": "B", "logprob": -2.5}]
TOKENS = (("A", -0.1, (("A", -0.1), ("B", -2.5))),)


def telling(*content: object) -> Canned:
    choice = {"message": {"content": "A"}, "logprobs": {"content": list(content)}}
    return Canned(body={"choices": [choice]})


@pytest.mark.asyncio
async def test_log_probabilities_come_with_their_alternatives(
    client: ChatClient, server: FakeOpenAI
) -> None:
    server.script(telling({**LIKELY[0], "top_logprobs": LIKELY}))
    reply = await asked(client, top_logprobs=2)
    assert reply.logprobs == TOKENS
    assert (server.seen[0].body["logprobs"], server.seen[0].body["top_logprobs"]) == (True, 2)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("canned", "expected"),
    [
        (Canned(text="A"), None),
        (telling(), None),
        (telling("A", {"token": 1, "logprob": -1}, {"token": "A", "logprob": None}), None),
        (telling({"token": "A", "logprob": -0.1, "top_logprobs": None}), (("A", -0.1, ()),)),
        (
            Canned(body='{"choices": [{"message": {"content": "A"}, "logprobs": {"content": '
                   '[{"token": "A", "logprob": -Infinity}]}}]}'),
            (("A", LEAST, ()),),
        ),
    ],
)  # fmt: skip
async def test_log_probabilities_are_taken_as_far_as_they_make_sense(
    client: ChatClient, server: FakeOpenAI, canned: Canned, expected: object
) -> None:
    server.script(canned)
    assert (await asked(client, top_logprobs=2)).logprobs == expected


def test_a_reply_survives_its_way_through_json() -> None:
    reply = Reply(
        "A", "m", "stop", ResponseFormat.TEXT, 3, "Hm.", "", 1, 2, 0.5, TOKENS, ("temperature",)
    )
    assert Reply.from_json(json.loads(json.dumps(reply.as_json()))) == reply
    bare = Reply("A", "m", "stop", ResponseFormat.JSON_SCHEMA)
    assert Reply.from_json(json.loads(json.dumps(bare.as_json()))) == bare


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("message", "thinking", "said"),
    [
        ({"content": "<think>Hm.</think>\nA"}, "<think>Hm.</think>", "A"),
        ({"content": "Hm.</think>A"}, "Hm.</think>", "A"),
        ({"content": "<think>Hm."}, "<think>Hm.", ""),
        ({"content": "A", "reasoning_content": "Hm."}, "Hm.", "A"),
        ({"content": "I think A"}, "", "I think A"),
    ],
)
async def test_thinking_is_told_apart(
    client: ChatClient, server: FakeOpenAI, message: dict[str, str], thinking: str, said: str
) -> None:
    server.script(Canned(message=message))
    reply = await asked(client)
    assert (reply.text, reply.thinking, reply.said) == (message["content"], thinking, said)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("message", "exhausted"),
    [
        ({"content": "<think>Hm."}, True),
        ({"content": None, "reasoning": "Hm."}, True),
        ({"content": "<think>Hm.</think>A is"}, False),
        ({"content": "A is"}, False),
        ({"content": ""}, False),
    ],
)
async def test_a_limit_that_is_used_up_by_thinking_is_named(
    client: ChatClient, server: FakeOpenAI, message: dict[str, str], exhausted: bool
) -> None:
    server.script(Canned(message=message, finish_reason="length"))
    why = (await asked(client)).exhausted
    assert ("raise max_tokens" in why) == exhausted


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("https://lab.openai.azure.com/openai/v1", KEY),
        ("https://azure.com.example/v1", None),
        ("https://api.openai.com/v1", None),
    ],
)
def test_azure_gets_its_key_in_a_header_of_its_own(base_url: str, expected: str | None) -> None:
    async def headers() -> str | None:
        opened = _open(Endpoint(base_url, KEY))
        await opened.client.close()
        return opened.headers.get("api-key")

    assert asyncio.run(headers()) == expected


@pytest.mark.asyncio
async def test_a_redirect_is_not_followed_with_the_key(
    client: ChatClient, server: FakeOpenAI
) -> None:
    with FakeOpenAI() as elsewhere:
        location = {"location": f"{elsewhere.base_url}/chat/completions"}
        server.script(Canned(status=307, body="{}", headers=location))
        failed = await failure(client)
        assert elsewhere.stats.requests == 0
    assert (failed.status, failed.permanent) == (307, True)


@pytest.mark.asyncio
async def test_broken_unicode_is_sent_as_far_as_it_can_be(
    client: ChatClient, server: FakeOpenAI
) -> None:
    await asked(client, messages=[{"role": "user", "content": "a\ud800b\U0001f511"}])
    assert server.seen[0].body["messages"][0]["content"] == "a?b\U0001f511"


async def served(raw: bytes) -> Reply | Fault:
    """What the client makes of a server that sends just these bytes."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    running = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = running.sockets[0].getsockname()[1]
    chat = ChatClient(Endpoint(f"http://127.0.0.1:{port}/v1", KEY))
    try:
        return await chat.complete(request())
    finally:
        await chat.close()
        running.close()


def http(body: bytes, encoding: str) -> bytes:
    return (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: {encoding}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


@pytest.mark.asyncio
@pytest.mark.parametrize("pack", [gzip.compress, bytes])
async def test_a_reply_without_end_is_not_read(
    pack: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("judges.llm.client.MAX_REPLY", 100_000)
    raw = http(pack(b" " * 5_000_000), "gzip" if pack is gzip.compress else "identity")
    with pytest.raises(JudgeError, match=r"sent more than 100,000 bytes") as raised:
        await served(raw)
    assert raised.value.permanent


@pytest.mark.asyncio
async def test_what_is_packed_though_not_asked_for_is_read() -> None:
    body = json.dumps({"choices": [{"message": {"content": "Hi."}}]}).encode()
    reply = await served(http(gzip.compress(body), "gzip"))
    assert isinstance(reply, Reply)
    assert reply.text == "Hi."
    assert isinstance(await served(http(b"no gzip", "gzip")), Fault)
    with pytest.raises(JudgeError, match="encoding"):
        await served(http(body, "br"))


@pytest.mark.asyncio
@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]"])
async def test_an_address_stored_before_it_was_refused_is_not_asked(host: str) -> None:
    chat = ChatClient(Endpoint(f"http://{host}/v1", KEY))
    with pytest.raises(JudgeError, match="never asked"):
        await chat.complete(request())


@pytest.mark.asyncio
async def test_a_name_that_leads_to_metadata_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(*_: object, **__: object) -> list[dict[str, object]]:
        return [{"hostname": "models.example", "host": "169.254.169.254", "port": 80}]

    monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", resolve)
    chat = ChatClient(Endpoint("http://models.example/v1", KEY))
    with pytest.raises(JudgeError, match=r"models\.example may not be asked") as raised:
        await chat.complete(request())
    assert raised.value.permanent
    await chat.close()
