from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

import pytest

from judges.contracts import JudgeError
from judges.llm.faults import Fault
from judges.llm.reply import Reply
from judges.remote import wire
from judges.remote.client import MAX_REPLY, PostClient, posting, signed_endpoint
from tests.fakes.http_judge import FakeJudge, Scripted

OK = Scripted()


def posted(
    url: str, *, secret: str = "", timeout: float = 30, listed: frozenset[str] = frozenset()
) -> Reply | Fault:
    async def main() -> Reply | Fault:
        client = PostClient(signed_endpoint(url, secret), listed)
        try:
            return await client.complete(posting(b'{"x": 1}', timeout))
        finally:
            await client.close()

    return asyncio.run(main())


def text_of(reply: Reply | Fault) -> str:
    assert isinstance(reply, Reply)
    return reply.text


def fault_of(reply: Reply | Fault) -> Fault:
    assert isinstance(reply, Fault)
    return reply


def test_the_body_is_posted_as_it_is_and_the_reply_given_back() -> None:
    with FakeJudge(Scripted(b'{"verdict": "tie"}')) as judge:
        assert text_of(posted(judge.url)) == '{"verdict": "tie"}'
    (seen,) = judge.seen
    assert (seen.path, seen.body) == ("/judge", b'{"x": 1}')
    assert seen.headers["content-type"] == "application/json"
    assert wire.SIGNATURE.lower() not in seen.headers


def test_a_secret_signs_body_and_time() -> None:
    with FakeJudge() as judge:
        posted(judge.url, secret="s3cret")
    headers = judge.seen[0].headers
    timestamp = headers["arena-timestamp"]
    assert abs(int(timestamp) - time.time()) < 60
    assert headers["arena-signature"] == wire.signature("s3cret", timestamp, b'{"x": 1}')
    assert "s3cret" not in str(headers)
    assert "s3cret" not in repr(signed_endpoint(judge.url, "s3cret"))


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_what_may_pass_is_told_apart(status: int) -> None:
    busy = Scripted(b"busy", status=status, headers={"Retry-After": "1.5"})
    with FakeJudge(busy) as judge:
        fault = fault_of(posted(judge.url))
    assert (fault.status, fault.message, fault.pause) == (status, "busy", 1.5)
    assert not fault.permanent
    assert len(judge.seen) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_a_rejection_is_final(status: int) -> None:
    with FakeJudge(Scripted(b'{"error": "no such thing"}', status=status)) as judge:
        fault = fault_of(posted(judge.url))
    assert (fault.status, fault.message) == (status, "no such thing")
    assert fault.permanent


def test_an_error_that_repeats_the_secret_does_not_carry_it_on() -> None:
    with FakeJudge(Scripted(b"bad secret s3cret", status=401)) as judge:
        assert fault_of(posted(judge.url, secret="s3cret")).message == "bad secret ***"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    with (
        FakeJudge() as elsewhere,
        FakeJudge(Scripted(status=status, headers={"Location": elsewhere.url})) as judge,
        pytest.raises(JudgeError, match="not followed") as raised,
    ):
        posted(judge.url)
    assert raised.value.permanent
    assert not elsewhere.seen


def test_a_reply_without_end_is_not_read_to_its_end() -> None:
    with (
        FakeJudge(Scripted(b"x" * (MAX_REPLY + 1))) as judge,
        pytest.raises(JudgeError, match="more than 1,000,000 bytes") as raised,
    ):
        posted(judge.url)
    assert raised.value.permanent
    with FakeJudge(Scripted(b"x" * MAX_REPLY)) as judge:
        assert len(text_of(posted(judge.url))) == MAX_REPLY


def test_a_packed_reply_is_not_unpacked() -> None:
    packed = Scripted(b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    with FakeJudge(packed) as judge:
        assert text_of(posted(judge.url)) == "\x1f\ufffd"
    assert judge.seen[0].headers["accept-encoding"] == "identity"


def test_a_judge_that_never_replies_is_left_in_time() -> None:
    with FakeJudge(Scripted(hang=True)) as judge:
        fault = fault_of(posted(judge.url, timeout=0.2))
    assert fault.timed_out
    assert "no reply within 0.2 s" in fault.message


def test_a_dropped_connection_and_nobody_there_may_pass() -> None:
    with FakeJudge(Scripted(drop=True)) as judge:
        url = judge.url
        assert not fault_of(posted(url)).permanent
    fault = fault_of(posted(url))
    assert "no usable reply" in fault.message
    assert not fault.permanent


@pytest.mark.parametrize("host", ["10.0.0.1", "[fd00::1]", "169.254.169.254", "127.0.0.2"])
def test_no_connection_is_made_into_a_private_network(host: str) -> None:
    with pytest.raises(JudgeError, match="private network") as raised:
        posted(f"http://{host}:9/judge")
    assert raised.value.permanent


def test_a_name_that_leads_to_this_machine_is_refused_unless_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    with FakeJudge() as judge:
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        url = judge.url.replace("127.0.0.1", "judge.example")
        with pytest.raises(JudgeError, match="private network") as raised:
            posted(url)
        assert raised.value.permanent
        assert not judge.seen
        assert text_of(posted(url, listed=frozenset({"judge.example"})))
