from __future__ import annotations

import pytest

from judges.contracts import JudgeError
from judges.llm.endpoint import (
    NO_KEY,
    OPENAI_URL,
    Endpoint,
    check_base_url,
    check_key_name,
    is_never_asked,
    resolve,
)

LOCAL = "http://127.0.0.1:8000/v1"


@pytest.mark.parametrize(
    ("base_url", "api_key_env", "environ", "expected"),
    [
        (None, None, {"OPENAI_API_KEY": "k"}, Endpoint(OPENAI_URL, "k")),
        (
            None,
            None,
            {"OPENAI_API_KEY": "k\n", "OPENAI_BASE_URL": f"{LOCAL}/"},
            Endpoint(LOCAL, "k"),
        ),
        (None, None, {"OPENAI_BASE_URL": LOCAL}, Endpoint(LOCAL, NO_KEY)),
        (None, "MY_API_KEY", {"MY_API_KEY": "m", "OPENAI_API_KEY": "k"}, Endpoint(OPENAI_URL, "m")),
        (LOCAL, None, {}, Endpoint(LOCAL, NO_KEY)),
        (LOCAL, "MY_API_KEY", {"MY_API_KEY": "m"}, Endpoint(LOCAL, "m")),
        (f"{OPENAI_URL}/", None, {"OPENAI_API_KEY": "k"}, Endpoint(OPENAI_URL, "k")),
        (LOCAL, None, {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": LOCAL}, Endpoint(LOCAL, "k")),
    ],
)
def test_params_are_completed_by_the_environment(
    base_url: str | None, api_key_env: str | None, environ: dict[str, str], expected: Endpoint
) -> None:
    assert resolve(base_url, api_key_env, environ) == expected


def test_the_default_key_is_not_sent_to_another_address() -> None:
    found = resolve("https://elsewhere.example/v1", None, {"OPENAI_API_KEY": "secret"})
    assert found.api_key == NO_KEY


@pytest.mark.parametrize(
    ("base_url", "api_key_env", "environ", "words"),
    [
        (None, None, {}, "set OPENAI_API_KEY"),
        (None, None, {"OPENAI_API_KEY": "  "}, "set OPENAI_API_KEY"),
        (LOCAL, "MY_API_KEY", {"OPENAI_API_KEY": "k"}, "MY_API_KEY, which is not set"),
        (None, None, {"OPENAI_BASE_URL": "http://me:pw@host/v1"}, "OPENAI_BASE_URL may not hold"),
    ],
)
def test_what_is_missing_is_said_once_and_for_all(
    base_url: str | None, api_key_env: str | None, environ: dict[str, str], words: str
) -> None:
    with pytest.raises(JudgeError, match=words) as raised:
        resolve(base_url, api_key_env, environ)
    assert raised.value.permanent
    assert "pw" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:8000",
        "ftp://host/v1",
        "file:///etc/passwd",
        "http://",
        "http://host:99999/",
        "http://[::1",
        "http://ho st/v1",
        "http://ho%0ast/v1",
        "https:///me@host",
        "https://user:pass@host/v1",
        "https://sk-secret@host/v1",
        "https://host/v1?key=secret",
        "https://host/v1#secret",
    ],
)
def test_addresses_that_cannot_be_used_are_refused_without_quoting_them(url: str) -> None:
    with pytest.raises(ValueError, match=r"must be|may not") as raised:
        check_base_url(url)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "name", ["sk-proj-secret", "SECRET_KEY", "DATABASE_URL", "openai_api_key", "_API_KEY", ""]
)
def test_only_api_keys_can_be_named(name: str) -> None:
    with pytest.raises(ValueError, match="ends in _API_KEY") as raised:
        check_key_name(name)
    assert "secret" not in str(raised.value)


def test_a_key_is_in_no_repr() -> None:
    assert "hush" not in repr(Endpoint(LOCAL, "hush"))
    assert Endpoint(LOCAL, "hush").host == "127.0.0.1:8000"


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "169.254.169.254.",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "0.0.0.0",
        "[::]",
        "224.0.0.1",
        "[ff02::1]",
        "255.255.255.255",
    ],
)
def test_where_no_model_server_can_stand_nothing_is_asked(host: str) -> None:
    with pytest.raises(ValueError, match="never asked"):
        check_base_url(f"http://{host}:80/v1")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "::1", "10.0.0.7", "192.168.1.5", "fd12::1", "8.8.8.8", "gpu-box", "a.b"]
)
def test_model_servers_may_stand_in_a_private_network(host: str) -> None:
    assert not is_never_asked(host)
