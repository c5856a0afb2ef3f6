from __future__ import annotations

import pytest

from dragoman.errors import AddressRefusedError
from dragoman.network import origin_of
from dragoman.network.address import authority_of, parse_address


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://api.example", ("https", "api.example", 443)),
        ("HTTP://API.Example:8080/a?b#c", ("http", "api.example", 8080)),
        ("http://api.example./", ("http", "api.example", 80)),
        ("http://api.example:/", ("http", "api.example", 80)),
        ("https://bücher.example/", ("https", "xn--bcher-kva.example", 443)),
        ("https://BÜCHER.example./", ("https", "xn--bcher-kva.example", 443)),
        ("http://[::1]:9/", ("http", "::1", 9)),
        ("http://[2606:4700:0000::1]/", ("http", "2606:4700::1", 80)),
        ("http://under_score.example/", ("http", "under_score.example", 80)),
    ],
)
def test_an_origin_has_one_form(url: str, origin: tuple[str, str, int]) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1.",
        "2130706433",
        "0177.0.0.1",
        "0x7f.1",
        "0X7F000001",
        "127.1",
        "１２７.０.０.１",
        "①②⑦.0.0.1",
        "127。0。0。1",
    ],
)
def test_every_spelling_of_an_ipv4_address_is_that_address(host: str) -> None:
    assert origin_of(f"http://{host}:80/") == ("http", "127.0.0.1", 80)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.example",
        "//api.example/",
        "/path",
        "file:///etc/passwd",
        "ftp://api.example/",
        "gopher://api.example/",
        "javascript:alert(1)",
        "http:/api.example",
        "http://",
        "http:///path",
        "http://?q",
        "http://:80/",
        "http://a..b/",
        "http://.a/",
        "http://..",
        "http://a b/",
        "http://a\tb/",
        "http://a\nb/",
        "http://a%2eb/",
        "http://a\\b/",
        "http://a:port/",
        "http://a:0/",
        "http://a:65536/",
        "http://a:99999/",
        "http://a:-1/",
        "http://a:1:2/",
        "http://::1/",
        "http://[::1/",
        "http://[::1]x/",
        "http://x[::1]/",
        "http://[fe80::1%25eth0]/",
        "http://[127.0.0.1]/",
        "http://[::g]/",
        "http://256.1.1.1/",
        "http://1.2.3.4.5/",
        "http://example.1/",
        "http://0x/",
        "http://08.1.1.1/",
        "http://a\u200db/",
        f"http://{'a' * 64}.example/",
        f"http://{'a.' * 127}aa/",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        origin_of(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://maria:hunter2@api.example/",
        "http://hunter2@api.example/",
        "https://@api.example/",
        "http://api.example\\@evil.example/",
        "http://maria:hunter2@/",
        "http://maria:hunter2/x@api.example/",
        "http://maria:hunter2@10.0.0.7@api.example/",
    ],
)
def test_an_address_with_a_user_name_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(AddressRefusedError) as caught:
        origin_of(url)
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(caught.value)


@pytest.mark.parametrize(
    "target",
    ["/", "/%2e%2e/admin", "/a%2Fb", "/a/../b", "//evil.example/x", "/?", "/a?b=%20&c=[1]{2}|\\^`"],
)
def test_a_target_stays_byte_for_byte(target: str) -> None:
    assert parse_address(f"http://api.example{target}").target == target


def test_a_fragment_is_never_part_of_the_target() -> None:
    assert parse_address("http://api.example/a?b#c?d/e").target == "/a?b"


def test_a_query_without_a_path_gets_the_root_path() -> None:
    assert parse_address("http://api.example?a=1").target == "/?a=1"


@pytest.mark.parametrize("character", [" ", "\t", "\r", "\n", "\0", "\x7f", "ü", "\ud800"])
def test_a_character_that_would_have_to_be_encoded_is_refused(character: str) -> None:
    with pytest.raises(AddressRefusedError, match=f"U\\+{ord(character):04X}"):
        parse_address(f"http://api.example/a{character}b")


def test_what_is_shown_has_no_query_and_no_default_port() -> None:
    address = parse_address("https://api.example:443/orders/7?token=hunter2")
    assert address.shown == "https://api.example/orders/7"
    assert parse_address("http://[::1]:80/x").shown == "http://[::1]/x"
    assert parse_address("http://a:443/").shown == "http://a:443/"


def test_a_long_path_is_cut_where_it_is_shown() -> None:
    assert len(parse_address("http://a/" + "x" * 5000).shown) < 250


@pytest.mark.parametrize(
    ("text", "authority"),
    [
        ("10.0.0.7", ("10.0.0.7", None)),
        ("10.0.0.7:8080", ("10.0.0.7", 8080)),
        ("API.corp.", ("api.corp", None)),
        ("[::1]:8080", ("::1", 8080)),
    ],
)
def test_an_authority_is_a_host_and_perhaps_a_port(
    text: str, authority: tuple[str, int | None]
) -> None:
    assert authority_of(text) == authority


@pytest.mark.parametrize("text", ["", ":80", "a:b", "http://a", "a/b", "*", "*.corp", "10.0.0.0/8"])
def test_a_pattern_or_an_address_is_no_authority(text: str) -> None:
    with pytest.raises(AddressRefusedError):
        authority_of(text)
