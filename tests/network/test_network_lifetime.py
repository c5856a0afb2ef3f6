from __future__ import annotations

import asyncio
import gzip
import subprocess
import sys

import pytest
from raw_server import Client, Serve, Talk, answer, names

from dragoman.errors import NetworkError
from dragoman.network import Bounds, Network, Request

OK = answer(b"ok")


def test_importing_the_network_imports_no_http_client() -> None:
    code = (
        "import sys, dragoman.network;"
        "dragoman.network.Network();"
        "heavy = {'aiohttp', 'httpx2', 'httpcore2', 'anyio', 'idna', 'openai'};"
        "print(*heavy & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("", "")


async def test_connections_are_kept_between_exchanges(serve: Serve, client: Client) -> None:
    server = await serve(OK)
    for _ in range(5):
        await client.send(server, "/", "POST", body=b"x")
    assert server.connections == 1


async def test_a_server_that_says_close_is_dialled_anew(serve: Serve, client: Client) -> None:
    server = await serve(answer(b"ok", "Connection: close"))
    for _ in range(2):
        await client.send(server)
    assert server.connections == 2


async def test_closing_a_network_that_was_never_used_does_nothing() -> None:
    async with Network():
        pass


async def test_closing_twice_is_allowed_and_closes_the_connections(serve: Serve) -> None:
    server = await serve(OK)
    network = Network(resolver=names)
    request = Request("GET", server.url())
    await network.exchange(request, reach=server.reach, bounds=Bounds(2))
    await network.aclose()
    await network.aclose()
    with pytest.raises(NetworkError, match="was closed") as caught:
        await network.exchange(request, reach=server.reach, bounds=Bounds(2))
    assert caught.value.sent is False


async def test_closing_ends_the_exchanges_under_way(serve: Serve) -> None:
    async def silent(talk: Talk) -> None:
        await talk.hear()
        await talk.until_closed()

    server = await serve(silent)
    network = Network()
    exchange = network.exchange(
        Request("POST", server.url()), reach=server.reach, bounds=Bounds(30)
    )
    task = asyncio.create_task(exchange)
    await server.heard.wait()
    await network.aclose()
    with pytest.raises(NetworkError) as caught:
        await asyncio.wait_for(task, 1)
    assert caught.value.sent is True


class FixedClock:
    """A clock that moves by a second whenever it is read."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> object:
        raise NotImplementedError

    def monotonic(self) -> float:
        self.at += 1.0
        return self.at


async def test_only_a_new_connection_has_taken_time_to_make(serve: Serve, client: Client) -> None:
    server = await serve(answer(gzip.compress(b"x" * 10_000), "Content-Encoding: gzip"))
    first, second = [await client.send(server) for _ in range(2)]
    assert first.connect is not None
    assert first.connect < (first.first_byte or 0) <= first.seconds
    assert second.connect is None
    assert len(first.body) == 10_000
    assert first.wire_bytes == len(gzip.compress(b"x" * 10_000))


async def test_the_seconds_of_a_response_come_from_the_clock(serve: Serve) -> None:
    server = await serve(OK)
    async with Network(clock=FixedClock()) as network:  # type: ignore[arg-type]
        response = await network.exchange(
            Request("GET", server.url()), reach=server.reach, bounds=Bounds(2)
        )
    # Looked at when it began, around the connecting, at the headers, and at the end.
    assert (response.connect, response.first_byte, response.seconds) == (1.0, 3.0, 4.0)
