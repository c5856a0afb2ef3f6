"""Traps of aiohttp that this room has to avoid: first that they are there, then that we do.

The first half of a test pins the trap in the installed aiohttp. If it fails after an upgrade the
trap is gone, and what avoids it may go too.
"""

from __future__ import annotations

import asyncio
import gzip
import warnings
from pathlib import Path

import aiohttp
import pytest
from raw_server import Client, Script, Serve, Talk, answer
from yarl import URL

from dragoman.errors import AddressRefusedError, NetworkError, ResponseError
from dragoman.network import Bounds, Network, Reach, Request

OK = answer(b"ok")


def closing_from_the_second_request() -> Script:
    """Answer the first request of a connection, and close without a word at the second."""

    async def script(talk: Talk) -> None:
        await talk.hear()
        await talk.say(OK)
        await talk.hear()

    return script


async def test_the_resolver_is_not_asked_for_a_literal_address_but_the_guard_sees_it(
    serve: Serve,
) -> None:
    server = await serve(OK)
    asked: list[str] = []

    async def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    async with Network(resolver=resolver) as network:
        with pytest.raises(AddressRefusedError):
            await network.exchange(Request("GET", server.url()), reach=Reach(), bounds=Bounds(2))
    assert asked == []
    assert server.connections == 0


async def test_a_refusal_among_several_addresses_is_not_lost_in_happy_eyeballs() -> None:
    async def resolver(host: str, port: int) -> list[str]:
        return ["10.0.0.1", "fd00::1", "192.168.0.1", "::1"]

    async with Network(resolver=resolver) as network:
        with pytest.raises(AddressRefusedError, match=r"allow_private: \[many\.corp\]"):
            await network.exchange(
                Request("GET", "http://many.corp/"), reach=Reach(), bounds=Bounds(2)
            )


async def test_across_origins_an_api_key_travels_on_so_we_do_not_follow(
    serve: Serve, client: Client
) -> None:
    other = await serve(OK)
    server = await serve(answer(b"", f"Location: {other.url()}", status="302 Found"))
    async with aiohttp.ClientSession() as plain:
        await (await plain.get(server.url(), headers={"X-Api-Key": "hunter2"})).read()
    assert "X-Api-Key: hunter2" in other.lines()

    with pytest.raises(ResponseError):
        await client.send(server, headers=[("X-Api-Key", "hunter2")])
    assert len(other.requests) == 1


@pytest.mark.parametrize("method", ["DELETE", "PUT"])
async def test_on_a_stale_connection_aiohttp_sends_a_write_twice_and_we_do_not(
    serve: Serve, client: Client, method: str
) -> None:
    server = await serve(closing_from_the_second_request())
    async with aiohttp.ClientSession() as plain:
        await (await plain.get(server.url("/"))).read()
        await (await plain.request(method, server.url("/plain"))).read()
    assert [request.split()[1] for request in server.requests].count(b"/plain") == 2

    await client.send(server, "/")
    with pytest.raises(NetworkError) as caught:
        await client.send(server, "/ours", method)
    assert [request.split()[1] for request in server.requests].count(b"/ours") == 1
    # It reached the server, and nobody can tell what the server did with it.
    assert caught.value.sent is True
    assert not isinstance(caught.value, ResponseError)


@pytest.mark.parametrize("method", ["POST", "PATCH", "GET"])
@pytest.mark.parametrize("body", [None, b"x"])
async def test_on_a_stale_connection_nothing_else_is_sent_twice_either(
    serve: Serve, client: Client, method: str, body: bytes | None
) -> None:
    server = await serve(closing_from_the_second_request())
    await client.send(server, "/")
    with pytest.raises(NetworkError) as caught:
        await client.send(server, "/ours", method, body=body)
    assert [request.split()[1] for request in server.requests].count(b"/ours") == 1
    assert caught.value.sent is True


async def test_a_connection_that_the_server_has_closed_is_not_used(
    serve: Serve, client: Client
) -> None:
    async def script(talk: Talk) -> None:
        await talk.hear()
        await talk.say(OK)

    server = await serve(script)
    await client.send(server)
    await asyncio.sleep(0.02)
    assert (await client.send(server, "/", "POST")).body == b"ok"
    assert server.connections == 2


async def test_yarl_resolves_encoded_dots_and_we_do_not(serve: Serve, client: Client) -> None:
    assert URL("http://a/x/%2e%2e/admin").raw_path == "/admin"
    assert URL("http://a/x?", encoded=True).raw_path_qs == "/x"

    server = await serve(OK)
    await client.send(server, "/x/%2e%2e/admin?")
    assert server.lines()[0] == "GET /x/%2e%2e/admin? HTTP/1.1"


async def test_exceptions_of_aiohttp_print_headers_and_query_and_none_leaves(
    serve: Serve, client: Client
) -> None:
    server = await serve(b"nonsense\r\n\r\n")
    async with aiohttp.ClientSession() as plain:
        with pytest.raises(aiohttp.ClientResponseError) as theirs:
            await plain.get(server.url("/?q=hunter2"), headers={"X-Api-Key": "hunter2"})
    assert repr(theirs.value).count("hunter2") >= 2

    with pytest.raises(NetworkError) as ours:
        await client.send(server, "/?q=hunter2", headers=[("X-Api-Key", "hunter2")])
    assert "hunter2" not in repr(ours.value) + str(ours.value)
    assert ours.value.__context__ is None
    assert ours.value.__cause__ is None


async def test_through_a_proxy_the_proxy_would_resolve_so_the_environment_is_not_read(
    serve: Serve, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = await serve(OK)
    server = await serve(OK)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url())
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with aiohttp.ClientSession(trust_env=True) as plain:
        await (await plain.get(server.url())).read()
    assert (proxy.connections, server.connections) == (1, 0)

    await client.send(server)
    assert (proxy.connections, server.connections) == (1, 1)


async def test_a_netrc_file_gives_no_credential(
    serve: Serve, client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login maria password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server = await serve(OK)
    await client.send(server)
    assert not any(line.startswith("Authorization") for line in server.lines())


async def test_cookies_are_not_kept(serve: Serve, client: Client) -> None:
    server = await serve(answer(b"", "Set-Cookie: session=1; Path=/"))
    url = server.url(host="api.corp")
    for _ in range(2):
        await client.get(url, Reach.of(urls=[url]))
    assert server.connections == 1
    assert not any(line.startswith("Cookie") for line in server.lines())


async def test_a_cookie_that_the_request_carries_is_sent_as_it_is(
    serve: Serve, client: Client
) -> None:
    server = await serve(OK)
    await client.send(server, headers=[("Cookie", 'a="1"; b=2; a=3')])
    assert 'Cookie: a="1"; b=2; a=3' in server.lines()


async def test_names_of_headers_that_differ_in_case_replace_each_other_but_not_here(
    serve: Serve, client: Client
) -> None:
    server = await serve(OK)
    pairs = [("X-A", "1"), ("x-a", "2")]
    async with aiohttp.ClientSession() as plain:
        await (await plain.get(server.url(), headers=pairs)).read()
    assert sum(line.lower().startswith("x-a:") for line in server.lines()) == 1

    await client.send(server, headers=pairs)
    assert sum(line.lower().startswith("x-a:") for line in server.lines()) == 2


async def test_aiohttp_takes_truncated_gzip_for_whole_and_we_do_not(
    serve: Serve, client: Client
) -> None:
    server = await serve(answer(gzip.compress(b"x" * 1000)[:-9], "Content-Encoding: gzip"))
    async with aiohttp.ClientSession() as plain:
        await (await plain.get(server.url())).read()

    with pytest.raises(ResponseError):
        await client.send(server)


async def test_aiohttp_takes_a_reset_for_the_end_of_a_body_and_we_do_not(
    serve: Serve, client: Client
) -> None:
    async def script(talk: Talk) -> None:
        await talk.hear()
        await talk.say(b"HTTP/1.1 200 OK\r\n\r\nhalf")
        await asyncio.sleep(0.02)
        talk.reset()

    server = await serve(script)
    async with aiohttp.ClientSession() as plain:
        assert await (await plain.get(server.url())).read() == b"half"

    with pytest.raises(ResponseError):
        await client.send(server)


async def test_aiohttp_waits_for_ever_after_a_malformed_chunk_and_we_do_not(
    serve: Serve, client: Client
) -> None:
    async def script(talk: Talk) -> None:
        await talk.hear()
        await talk.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        await asyncio.sleep(0.02)
        await talk.say(b"zz\r\n")
        await talk.until_closed()

    server = await serve(script)
    async with aiohttp.ClientSession() as plain:
        response = await plain.get(server.url())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(response.read(), 0.2)

    with pytest.raises(ResponseError):
        await client.send(server, seconds=30)


async def test_aiohttp_reads_an_unasked_answer_as_the_next_one_and_we_do_not(
    serve: Serve, client: Client
) -> None:
    async def script(talk: Talk) -> None:
        await talk.hear()
        await talk.say(OK)
        await asyncio.sleep(0.02)
        await talk.say(answer(b"forged"))
        await talk.until_closed()

    server = await serve(script)
    async with aiohttp.ClientSession() as plain:
        await (await plain.get(server.url())).read()
        await asyncio.sleep(0.05)
        assert await (await plain.get(server.url())).read() == b"forged"

    await client.send(server)
    await asyncio.sleep(0.05)
    assert (await client.send(server)).body == b"ok"


async def test_a_large_body_of_bytes_draws_a_warning_and_is_sent_as_a_file(
    serve: Serve, client: Client
) -> None:
    server = await serve(OK)
    body = b"x" * (1024 * 1024 + 1)
    with pytest.warns(ResourceWarning, match="large body"):
        aiohttp.BytesPayload(body)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await client.send(server, "/", "POST", body=body)
    assert server.requests[-1].endswith(body)
