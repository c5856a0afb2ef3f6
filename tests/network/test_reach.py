from __future__ import annotations

from collections.abc import Sequence

import pytest
from raw_server import NAMES, Client, Serve, answer

from dragoman.errors import AddressRefusedError, Fault
from dragoman.network import Bounds, Network, Reach, Request

OK = answer(b"ok")


def test_a_typed_address_allows_its_host_at_its_port_only() -> None:
    reach = Reach.of(urls=["http://Localhost:8001/openapi.json", "https://api.corp/v1"])
    assert reach.allows("localhost", 8001)
    assert reach.allows("api.corp", 443)
    assert not reach.allows("localhost", 8002)
    assert not reach.allows("api.corp", 80)


def test_a_listed_host_is_allowed_at_every_port_unless_it_names_one() -> None:
    reach = Reach.of(hosts=["10.0.0.7", "api.corp:8443", "::1", "[fd00::1]:90"])
    assert reach.allows("10.0.0.7", 80)
    assert reach.allows("10.0.0.7", 9999)
    assert reach.allows("api.corp", 8443)
    assert not reach.allows("api.corp", 443)
    assert reach.allows("::1", 1)
    assert reach.allows("fd00::1", 90)
    assert not reach.allows("fd00::1", 91)


def test_a_reach_of_nothing_allows_nothing_private() -> None:
    assert not Reach().allows("localhost", 80)


@pytest.mark.parametrize("host", ["http://10.0.0.7", "10.0.0.0/8", "*.corp", "", "a:b"])
def test_a_listed_host_that_is_none_is_refused(host: str) -> None:
    with pytest.raises(AddressRefusedError):
        Reach.of(hosts=[host])


async def test_a_private_address_is_refused_in_the_words_of_the_interface(client: Client) -> None:
    with pytest.raises(AddressRefusedError) as caught:
        await client.get("http://10.0.0.7/?token=hunter2")
    assert str(caught.value) == (
        "http://10.0.0.7/ came from the document, not from you: refused."
        " If it is yours: allow_private: [10.0.0.7]"
    )
    assert caught.value.problem.fault is Fault.POLICY
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


async def test_a_refusal_of_a_name_says_where_the_name_led(client: Client) -> None:
    with pytest.raises(AddressRefusedError) as caught:
        await client.get("http://api.corp:8080/orders")
    assert str(caught.value) == (
        "http://api.corp:8080/orders, which is 127.0.0.1, came from the document, not from you:"
        " refused. If it is yours: allow_private: [api.corp:8080]"
    )


async def test_the_hint_quotes_an_ipv6_address_as_yaml_needs_it(client: Client) -> None:
    with pytest.raises(AddressRefusedError) as caught:
        await client.get("http://[fd00::1]:8080/")
    assert caught.value.hint == 'If it is yours: allow_private: ["[fd00::1]:8080"]'


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "localhost.",
        "2130706433",
        "0177.0.0.1",
        "0x7f.1",
        "127.1",
        "0.0.0.0",
        "10.0.0.7",
        "100.64.0.1",
        "169.254.1.1",
        "172.16.0.1",
        "192.168.0.1",
        "224.0.0.1",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fc00::1]",
        "１２７.０.０.１",
        "①②⑦.０.０.①",
        "127。0。0。1",
        "127.0.0.1.",
        "0x7f000001",
        "017700000001",
        "api.corp",
        "api.corp.",
        "mapped.corp",
        "mixed.corp",
    ],
)
async def test_row_16_no_spelling_of_a_private_address_is_dialled(
    serve: Serve, client: Client, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await serve(OK)
    monkeypatch.setitem(NAMES, "localhost", ["127.0.0.1"])
    with pytest.raises(AddressRefusedError):
        await client.get(f"http://{host}:{server.port}/")
    assert server.connections == 0


@pytest.mark.parametrize(
    ("lookalike", "name"),
    [("\u0430pi.corp", "xn--pi-6kc.corp"), ("api.\u0441orp", "api.xn--orp-3ed")],
    ids=["a Cyrillic a", "a Cyrillic c"],
)
async def test_row_16_a_name_that_looks_like_an_allowed_one_is_another(
    serve: Serve, client: Client, lookalike: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await serve(OK)
    monkeypatch.setitem(NAMES, name, ["127.0.0.1"])
    with pytest.raises(AddressRefusedError, match=name):
        await client.get(f"http://{lookalike}:{server.port}/", Reach.of(hosts=["api.corp"]))
    assert server.connections == 0


@pytest.mark.parametrize("host", ["api.corp.", "API.corp", "ａpi.corp"])
async def test_row_16_another_spelling_of_an_allowed_name_is_that_name(
    serve: Serve, client: Client, host: str
) -> None:
    server = await serve(OK)
    found = await client.get(f"http://{host}:{server.port}/", Reach.of(hosts=["api.corp"]))
    assert found.body == b"ok"


@pytest.mark.parametrize("host", ["169.254.169.254", "metadata.corp", "[::ffff:a9fe:a9fe]"])
async def test_row_16_a_metadata_address_is_not_dialled_even_if_it_is_listed(
    client: Client, host: str
) -> None:
    with pytest.raises(AddressRefusedError) as caught:
        await client.get(f"http://{host}/latest", Reach.of(hosts=[host]))
    assert "where a cloud keeps its credentials" in str(caught.value)
    assert not caught.value.hint


@pytest.mark.parametrize("host", ["127.0.0.1", "api.corp", "127.1", "mapped.corp"])
async def test_a_private_address_in_reach_is_dialled(
    serve: Serve, client: Client, host: str
) -> None:
    server = await serve(OK)
    url = server.url(host=host)
    assert (await client.get(url, Reach.of(urls=[url]))).body == b"ok"
    assert (await client.get(url, Reach.of(hosts=[host]))).body == b"ok"


async def test_ipv6_loopback_in_reach_is_dialled(serve: Serve, client: Client) -> None:
    try:
        server = await serve(OK, host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    url = server.url(host="[::1]")
    assert (await client.get(url, Reach.of(hosts=["::1"]))).body == b"ok"
    assert f"Host: [::1]:{server.port}" in server.lines()
    with pytest.raises(AddressRefusedError):
        await client.get(url)


async def test_a_kept_connection_is_not_reused_by_an_exchange_that_may_not_dial_it(
    serve: Serve, client: Client
) -> None:
    server = await serve(OK)
    await client.get(server.url(), server.reach)
    with pytest.raises(AddressRefusedError):
        await client.get(server.url(), Reach.of(urls=["http://127.0.0.1:1/"]))
    await client.get(server.url(), server.reach)
    assert server.connections == 1
    assert len(server.requests) == 2


async def test_two_apis_on_one_host_have_each_their_own_reach(serve: Serve, client: Client) -> None:
    first, second = await serve(OK), await serve(OK)
    assert (await client.get(first.url(), first.reach)).body == b"ok"
    with pytest.raises(AddressRefusedError):
        await client.get(second.url(), first.reach)
    with pytest.raises(AddressRefusedError):
        await client.get(first.url(), second.reach)
    assert (await client.get(second.url(), second.reach)).body == b"ok"


async def test_another_name_of_a_reachable_host_is_not_in_reach(
    serve: Serve, client: Client
) -> None:
    server = await serve(OK)
    reach = Reach.of(urls=[server.url(host="api.corp")])
    assert (await client.get(server.url(host="api.corp"), reach)).body == b"ok"
    with pytest.raises(AddressRefusedError):
        await client.get(server.url(host="second.corp"), reach)


async def test_row_17_a_name_is_dialled_as_it_was_resolved_and_resolved_once(serve: Serve) -> None:
    server = await serve(OK)
    answers = iter([["127.0.0.1"], ["169.254.169.254"], ["10.0.0.1"]])
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return next(answers)

    url = server.url(host="rebind.corp")
    async with Network(resolver=rebinding) as network:
        response = await network.exchange(
            Request("GET", url), reach=Reach.of(urls=[url]), bounds=Bounds(5)
        )
    assert response.body == b"ok"
    assert asked == ["rebind.corp"]
    assert f"Host: rebind.corp:{server.port}" in server.lines()


async def test_a_name_with_a_refused_and_a_reachable_address_is_dialled_at_the_second(
    serve: Serve, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await serve(OK)
    monkeypatch.setitem(NAMES, "both.corp", ["169.254.169.254", "127.0.0.1"])
    url = server.url(host="both.corp")
    assert (await client.get(url, Reach.of(urls=[url]))).body == b"ok"
