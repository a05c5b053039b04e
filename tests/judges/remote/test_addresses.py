from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judges.contracts import JudgeError
from judges.remote.addresses import check, check_literal, listed_hosts

PRIVATE = [
    "10.0.0.1",
    "127.0.0.1",
    "169.254.169.254",  # where clouds keep their credentials
    "172.16.9.9",
    "192.168.1.1",
    "0.0.0.0",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1%eth0",
    "fd00::1",
    "ff02::1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "2002:0a00:0001::",  # 6to4 of 10.0.0.1
    "64:ff9b::a9fe:a9fe",  # NAT64 of 169.254.169.254
]


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_may_not_lead_into_a_private_network(address: str) -> None:
    with pytest.raises(JudgeError, match="leads into a private network") as raised:
        check("judge.example", address, frozenset())
    assert raised.value.permanent


@pytest.mark.parametrize("address", PRIVATE)
def test_a_listed_host_may(address: str) -> None:
    check("judge.example", address, {"judge.example"})


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f::1", "64:ff9b::5db8:d70e"])
def test_public_addresses_may_be_reached(address: str) -> None:
    check("judge.example", address, frozenset())


@pytest.mark.parametrize(
    ("host", "address"), [("localhost", "127.0.0.1"), ("localhost", "::1"), ("127.0.0.1",) * 2]
)
def test_this_machine_may_be_named_literally(host: str, address: str) -> None:
    check(host, address, frozenset())


def test_localhost_that_leads_elsewhere_is_refused() -> None:
    with pytest.raises(JudgeError):
        check("localhost", "10.0.0.1", frozenset())


def test_literal_addresses_are_checked_and_names_are_left_to_the_resolver() -> None:
    check_literal("127.0.0.1", frozenset())
    check_literal("judge.example", frozenset())
    check_literal("192.168.1.1", {"192.168.1.1"})
    for literal in ("192.168.1.1", "127.0.0.2", "::ffff:127.0.0.1"):
        with pytest.raises(JudgeError):
            check_literal(literal, frozenset())


@given(st.sampled_from(["10.0.0.0/8", "192.168.0.0/16", "127.0.0.0/8"]), st.data())
def test_no_way_of_writing_a_private_address_gets_through(net: str, data: st.DataObject) -> None:
    network = ipaddress.IPv4Network(net)
    number = data.draw(st.integers(int(network[0]), int(network[-1])))
    v4 = ipaddress.IPv4Address(number)
    spellings = [str(v4), f"::ffff:{v4}", str(ipaddress.IPv6Address(int(v4) | 0x64FF9B << 96))]
    for spelling in spellings:
        with pytest.raises(JudgeError):
            check("judge.example", spelling, frozenset())


def test_listed_hosts_are_read_without_case_and_blanks() -> None:
    assert listed_hosts({"JUDGE_HOSTS": " A.example, ,b"}) == {"a.example", "b"}
    assert listed_hosts({}) == frozenset()
