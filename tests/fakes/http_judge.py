"""A judge behind a URL for tests: scripted replies, and every request kept."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Scripted:
    """A reply. `length` overrides the content-length that is sent; `hang` never replies."""

    body: bytes = b'{"verdict": "first"}'
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    drop: bool = False


@dataclass(frozen=True)
class Posted:
    path: str
    headers: dict[str, str]
    body: bytes


class FakeJudge:
    """A server in a thread; `replies` are given in order, the last one for ever, or `decide`
    makes each from the body of the request."""

    def __init__(self, *replies: Scripted, decide: Callable[[bytes], bytes] | None = None) -> None:
        self.decide = decide
        self.replies = deque(replies or [Scripted()])
        self.seen: list[Posted] = []
        self.released = threading.Event()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                owner.answer(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/judge"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.seen.append(Posted(request.path, headers, body))
        reply = self.replies.popleft() if len(self.replies) > 1 else self.replies[0]
        if self.decide:
            reply = Scripted(self.decide(body))
        if reply.hang:
            self.released.wait(30)
        if reply.hang or reply.drop:
            request.close_connection = True
            return
        request.send_response(reply.status)
        for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(reply.body)

    def __enter__(self) -> FakeJudge:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
