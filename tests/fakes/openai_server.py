"""A fake OpenAI-compatible chat-completions server for tests and load runs.

One file, standard library only: a raw asyncio protocol with keep-alive, some 0.1 ms CPU a request.

    python tests/fakes/openai_server.py --port 0 --latency 0.2 --verdict longer --p429 0.1

prints its URL. In a test it runs in a thread of the test's process:

    with FakeOpenAI(latency=0.01) as server:
        ... server.base_url, server.stats, server.seen, server.script(Canned(status=401))

Faults are probabilities, drawn from `seed`. GET /stats answers counts as JSON. Listens on
127.0.0.1 only.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import random
import re
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass, field, fields
from typing import Any, get_type_hints

FENCED = re.compile(
    r"<<<ANSWER (?P<name>[AB])(?P<label>[^\n>]*) (?P<mark>\w+)>>>\n(?P<text>.*?)\n"
    r"<<<END ANSWER (?P=name)(?P=label) (?P=mark)>>>",
    re.DOTALL,
)
QUALITY = re.compile(r"quality=(\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Behaviour:
    """How the server behaves.

    `verdict`: "longer" answer wins or "quality" (the answer with the higher `quality=0.7` mark in
    its text), both whatever the order; "first" always prefers what is shown first; "random".
    Probabilities, in the order in which they are drawn: `p429`, `p500`, `pdrop` (the connection is
    closed), `phang` (no reply ever), `pbad` (a reply without a verdict), `pempty` (an empty one).
    `refuse_word`: prompts that hold it are refused with 400 content_filter.
    `formats`: response formats that are understood; another one is refused with 400.
    `piece_delay`: seconds between the words of a reply that is streamed.
    `streams`: False answers with the whole completion even where a stream is asked for.
    `per_minute`: requests that are allowed in a minute, one of which may come at once and each
    other when its share of the minute is over; more are refused with 429 and told how long to wait.
    """

    latency: float = 0.0
    verdict: str = "longer"
    seed: int = 0
    p429: float = 0.0
    p500: float = 0.0
    pdrop: float = 0.0
    phang: float = 0.0
    pbad: float = 0.0
    pempty: float = 0.0
    retry_after_ms: int = 50
    usage: bool = True
    thinking: bool = False
    refuse_word: str = ""
    formats: str = "json_schema,json_object,text"
    per_minute: int = 0
    piece_delay: float = 0.0
    streams: bool = True


@dataclass(frozen=True)
class Canned:
    """A scripted reply: a chat completion of `text`, or the given body under the given status.

    `body` is sent as JSON, as it is when it is a string. `drop` closes the connection, `hang`
    never replies; a stream with `cut` breaks off after half of its words.
    """

    text: str = ""
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    finish_reason: str = "stop"
    message: dict[str, Any] = field(default_factory=dict)
    drop: bool = False
    hang: bool = False
    cut: bool = False


@dataclass
class Stats:
    """Counts since the start. `answered` are the paid replies: chat completions under status 200.

    `distinct_prompts` counts different messages among them, `repeated_prompts` the rest.
    """

    connections: int = 0
    requests: int = 0
    answered: int = 0
    distinct_prompts: int = 0
    repeated_prompts: int = 0
    rate_limited: int = 0
    errors: int = 0
    dropped: int = 0
    hung: int = 0
    refused: int = 0
    rejected_formats: int = 0
    in_flight: int = 0
    max_in_flight: int = 0
    cpu_seconds: float = 0.0


@dataclass(frozen=True)
class Seen:
    """A request as it came in."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class FakeOpenAI:
    """The server in a thread of its own; a context manager."""

    def __init__(self, port: int = 0, **behaviour: Any) -> None:
        self.behaviour = Behaviour(**behaviour)
        self.stats = Stats()
        self.seen: deque[Seen] = deque(maxlen=1000)
        self.scripted: deque[Canned] = deque()
        self.answers: dict[str, Canned] = {}
        """What the models of these names answer, when nothing is scripted."""
        self.prompts: set[bytes] = set()
        self.open: set[Any] = set()
        self.rng = random.Random(self.behaviour.seed)
        self.next_allowed = 0.0
        self.port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def script(self, *replies: Canned) -> None:
        """Answer the next chat requests with these, in order, before behaving as usual again."""
        self.scripted.extend(replies)

    async def listen(self) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: Connection(self), "127.0.0.1", self.port, backlog=4096
        )
        self.port = server.sockets[0].getsockname()[1]
        return server

    def __enter__(self) -> FakeOpenAI:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self.listen(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _hang_up(self) -> None:
        self._server.close()
        for transport in tuple(self.open):
            transport.abort()
        await asyncio.sleep(0)


class Connection(asyncio.Protocol):
    """One keep-alive HTTP/1.1 connection."""

    def __init__(self, server: FakeOpenAI) -> None:
        self.server = server
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.server.open.add(transport)
        self.server.stats.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.open.discard(self.transport)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            line, *lines = self.buffer[:end].decode("latin-1").split("\r\n")
            headers = {k.lower(): v.strip() for k, _, v in (h.partition(":") for h in lines)}
            stop = end + 4 + int(headers.get("content-length", 0))
            if len(self.buffer) < stop:
                return
            body, self.buffer = self.buffer[end + 4 : stop], self.buffer[stop:]
            self.handle(line.split(" ")[1], headers, body)

    def handle(self, path: str, headers: dict[str, str], body: bytes) -> None:
        if path == "/stats":
            self.server.stats.cpu_seconds = time.process_time()
            return self.send(Canned(body=asdict(self.server.stats)))
        if path != "/v1/chat/completions":
            return self.send(Canned(status=404, body=error("no such path", "not_found")))
        stats = self.server.stats
        stats.requests += 1
        stats.in_flight += 1
        stats.max_in_flight = max(stats.max_in_flight, stats.in_flight)
        request = json.loads(body)
        self.server.seen.append(Seen(path, headers, request))
        reply = self.server.scripted.popleft() if self.server.scripted else self.react(request)
        streams = request.get("stream") and self.server.behaviour.streams
        if streams and reply.body is None and not (reply.drop or reply.hang):
            self.count_paid(request)
            delay = self.server.behaviour.latency
            asyncio.get_running_loop().call_later(delay, self.begin_stream, reply, request)
            return None
        if reply.body is None:
            if not (reply.drop or reply.hang):
                self.count_paid(request)
            reply = self.completion(reply, request)
        delay = self.server.behaviour.latency if reply.status == 200 else 0.0
        asyncio.get_running_loop().call_later(delay, self.finish, reply)
        return None

    def react(self, request: dict[str, Any]) -> Canned:
        """What the configured behaviour answers."""
        b, stats = self.server.behaviour, self.server.stats
        fault = self.over_the_limit() or self.fault() or self.server.answers.get(request["model"])
        if fault is not None:
            return fault
        asked = request.get("response_format", {"type": "text"})["type"]
        if asked not in b.formats.split(","):
            stats.rejected_formats += 1
            words = f"response_format type {asked} is not supported by this model"
            return Canned(status=400, body=error(words, "invalid_request_error"))
        if b.refuse_word and b.refuse_word in json.dumps(request["messages"], ensure_ascii=False):
            stats.refused += 1
            return Canned(status=400, body=error("filtered by content policy", "content_filter"))
        verdict = self.verdict(request["messages"])
        text = json.dumps({"reason": f"A seeded judge prefers {verdict}.", "verdict": verdict})
        thought = "<think>Let me compare A and B.</think>\n" if b.thinking else ""
        return Canned(text=thought + text)

    def over_the_limit(self) -> Canned | None:
        """A refusal when requests come faster than `per_minute` allows, or None."""
        if not self.server.behaviour.per_minute:
            return None
        now = time.monotonic()
        wait = self.server.next_allowed - now
        if wait <= 0:
            share = 60.0 / self.server.behaviour.per_minute
            self.server.next_allowed = max(now, self.server.next_allowed) + share
            return None
        self.server.stats.rate_limited += 1
        words = error("too many requests", "rate_limit_exceeded")
        return Canned(status=429, body=words, headers={"retry-after": f"{wait:.2f}"})

    def fault(self) -> Canned | None:
        """A fault by the drawn probability, or None."""
        b, stats, draw = self.server.behaviour, self.server.stats, self.server.rng.random()
        if (draw := draw - b.p429) < 0:
            stats.rate_limited += 1
            headers = {"retry-after-ms": str(b.retry_after_ms)}
            words = error("too many requests", "rate_limit_exceeded")
            return Canned(status=429, body=words, headers=headers)
        if (draw := draw - b.p500) < 0:
            stats.errors += 1
            return Canned(status=500, body=error("something broke", "server_error"))
        if (draw := draw - b.pdrop) < 0:
            return Canned(drop=True)
        if (draw := draw - b.phang) < 0:
            return Canned(hang=True)
        if (draw := draw - b.pbad) < 0:
            return Canned(text="Both answers have their merits.")
        return Canned() if draw < b.pempty else None

    def verdict(self, messages: list[dict[str, Any]]) -> str:
        """A, B or tie by the configured rule, from the answers in the prompt."""
        rule = self.server.behaviour.verdict
        if rule == "first":
            return "A"
        if rule == "random":
            return self.server.rng.choice(("A", "B", "tie"))
        score = {"longer": len, "quality": quality}[rule]
        answers = shown_answers(messages)
        a, b = score(answers["A"]), score(answers["B"])
        return "tie" if a == b else "A" if a > b else "B"

    def count_paid(self, request: dict[str, Any]) -> None:
        server = self.server
        digest = hashlib.sha256(json.dumps(request["messages"]).encode()).digest()
        server.stats.answered += 1
        if digest in server.prompts:
            server.stats.repeated_prompts += 1
        else:
            server.stats.distinct_prompts += 1
            server.prompts.add(digest)

    def completion(self, reply: Canned, request: dict[str, Any]) -> Canned:
        """The reply with its text wrapped as a chat completion."""
        message = {"role": "assistant", "content": reply.text} | reply.message
        choice = {"index": 0, "finish_reason": reply.finish_reason, "message": message}
        body: dict[str, Any] = {
            "id": f"chatcmpl-{self.server.stats.requests}",
            "object": "chat.completion",
            "created": 1,
            "model": f"{request['model']}-fake",
            "choices": [choice],
        }
        if self.server.behaviour.usage:
            sent = sum(len(str(m["content"])) for m in request["messages"]) // 4
            got = max(1, len(reply.text) // 4)
            body["usage"] = {"prompt_tokens": sent, "completion_tokens": got}
        return Canned(body=body, headers=reply.headers, drop=reply.drop, hang=reply.hang)

    def begin_stream(self, reply: Canned, request: dict[str, Any]) -> None:
        """Send the head of a stream, then word by word."""
        head = "content-type: text/event-stream\r\ntransfer-encoding: chunked"
        self.transport.write(f"HTTP/1.1 200 X\r\n{head}\r\n\r\n".encode())
        words = re.findall(r"\s*\S+\s*", reply.text)
        events: list[Any] = [{"delta": {"role": "assistant", "content": ""}}]
        events += [{"delta": {"content": word}} for word in words]
        if reply.cut:
            events = events[: 1 + len(words) // 2]
        else:
            events.append({"delta": {}, "finish_reason": reply.finish_reason})
        shown = {"object": "chat.completion.chunk", "model": f"{request['model']}-fake"}
        whole = [json.dumps({**shown, "choices": [{"index": 0, **one}]}) for one in events]
        self.send_events(deque(whole + ([] if reply.cut else ["[DONE]"])))

    def send_events(self, events: deque[str]) -> None:
        delay = self.server.behaviour.piece_delay
        while events and not self.transport.is_closing():
            data = f"data: {events.popleft()}\n\n".encode()
            self.transport.write(b"%x\r\n%s\r\n" % (len(data), data))
            if delay and events:
                asyncio.get_running_loop().call_later(delay, self.send_events, events)
                return
        self.server.stats.in_flight -= 1
        self.transport.write(b"0\r\n\r\n")

    def finish(self, reply: Canned) -> None:
        stats = self.server.stats
        if reply.hang:
            stats.hung += 1  # and stays in flight
            return
        stats.in_flight -= 1
        if reply.drop:
            stats.dropped += 1
            self.transport.close()
        elif not self.transport.is_closing():
            self.send(reply)

    def send(self, reply: Canned) -> None:
        body = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
        content = body.encode()
        headers = {"content-type": "application/json", "content-length": len(content)}
        headers |= reply.headers
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.transport.write(f"HTTP/1.1 {reply.status} X\r\n{head}\r\n".encode() + content)


def shown_answers(messages: list[dict[str, Any]]) -> dict[str, str]:
    """{"A": text, "B": text} as fenced by the last mark: one that content cannot come after."""
    found = list(FENCED.finditer("\n".join(str(m["content"]) for m in messages)))
    answers = {"A": "", "B": ""}
    for fence in found:
        if fence["mark"] == found[-1]["mark"]:
            answers[fence["name"]] += fence["text"]
    return answers


def quality(answer: str) -> float:
    """The number in the last `quality=0.7` of an answer; 0 without one."""
    marks = QUALITY.findall(answer)
    return float(marks[-1]) if marks else 0.0


def error(message: str, code: str) -> dict[str, Any]:
    """An error body in OpenAI's form."""
    return {"error": {"message": message, "type": "error", "param": None, "code": code}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    hints = get_type_hints(Behaviour)
    for option in fields(Behaviour):
        name, default = f"--{option.name.replace('_', '-')}", option.default
        if hints[option.name] is bool:
            parser.add_argument(name, action=argparse.BooleanOptionalAction, default=default)
        else:
            parser.add_argument(name, type=hints[option.name], default=default)
    fake = FakeOpenAI(**vars(parser.parse_args()))

    async def serve() -> None:
        server = await fake.listen()
        print(fake.base_url, flush=True)
        await server.serve_forever()

    asyncio.run(serve())


if __name__ == "__main__":
    main()
