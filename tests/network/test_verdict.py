from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.network.verdict import Verdict, judge


@pytest.mark.parametrize(
    "ip",
    [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.7",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.1.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::10.0.0.7",
        "::ffff:127.0.0.1",
        "::ffff:a00:7",
        "64:ff9b::10.0.0.7",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:a00:7::1",
        "2002:7f00:1::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_what_is_not_public_is_private(ip: str) -> None:
    assert judge(ip) is Verdict.PRIVATE


@pytest.mark.parametrize(
    "ip",
    [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.1",
        "223.255.255.255",
        "2606:4700:4700::1111",
        "2a00:1450::1",
        "::ffff:1.1.1.1",
        "64:ff9b::1.1.1.1",
        "2002:101:101::1",
    ],
)
def test_what_is_public_is_public_also_wrapped(ip: str) -> None:
    assert judge(ip) is Verdict.PUBLIC


@pytest.mark.parametrize(
    "ip",
    [
        "169.254.169.254",
        "169.254.169.253",
        "169.254.170.2",
        "169.254.170.23",
        "169.254.0.23",
        "169.254.42.42",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "fd00:42::42",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
    ],
)
def test_metadata_addresses_are_never_dialled(ip: str) -> None:
    assert judge(ip) is Verdict.NEVER


@pytest.mark.parametrize("text", ["", "localhost", "2130706433", "127.1", "1.2.3", "[::1]"])
def test_text_that_is_no_address_is_never_dialled(text: str) -> None:
    assert judge(text) is Verdict.NEVER


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_in_every_wrapping(ip: object) -> None:
    number = int(ip)  # type: ignore[call-overload]
    high, low = number >> 16, number & 0xFFFF
    verdict = judge(str(ip))
    assert judge(f"::ffff:{ip}") is verdict
    assert judge(f"64:ff9b::{ip}") is verdict
    assert judge(f"2002:{high:x}:{low:x}::1") is verdict


@given(st.ip_addresses(v=6))
def test_nothing_outside_global_unicast_is_public_but_what_wraps_ipv4(ip: object) -> None:
    if judge(str(ip)) is Verdict.PUBLIC:
        first = int(ip) >> 112  # type: ignore[call-overload]
        assert 0x2000 <= first < 0x4000 or first in {0, 0x64}
