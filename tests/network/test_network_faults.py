"""The fault table of the network: each fault ends within its bound, as a typed error."""

from __future__ import annotations

import asyncio
import gzip
import socket
import time

import pytest
from raw_server import Client, Script, Serve, Talk, answer

from dragoman.errors import CutAnswerError, NetworkError, ResponseError
from dragoman.network import Bounds, Network, Reach, Request

HEAD = b"HTTP/1.1 200 OK\r\n"
SECRET = "/orders?token=hunter2"
KEY = ("X-Api-Key", "hunter2")


def saying(data: bytes, *, then: str = "close") -> Script:
    """Say something to the first request of a connection, then close, reset or stay silent."""

    async def script(talk: Talk) -> None:
        await talk.hear()
        await talk.say(data)
        if then == "reset":
            await asyncio.sleep(0.02)
            talk.reset()
        if then == "silence":
            await talk.until_closed()

    return script


async def failing(
    serve: Serve, client: Client, script: Script | bytes, *, method: str = "POST", **bounds: float
) -> tuple[NetworkError, str]:
    """Return the error of an exchange, after the checks that hold for every fault."""
    server = await serve(script)
    began = time.monotonic()
    with pytest.raises(NetworkError) as caught:
        await client.send(server, SECRET, method, headers=[KEY], **{"seconds": 2, **bounds})  # type: ignore[arg-type]
    assert time.monotonic() - began < 1
    error = caught.value
    assert "hunter2" not in str(error) + repr(error) + str(error.problem)
    assert error.__cause__ is None
    assert error.__context__ is None
    # Whatever it was, the connection serves no further request.
    server.script = saying(answer(b"ok"))
    assert (await client.send(server)).body == b"ok"
    assert server.connections == 2
    return error, str(error).replace(server.url("/orders"), "URL")


async def test_a_closed_port_refuses_and_nothing_was_sent(client: Client) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        with pytest.raises(NetworkError) as caught:
            await client.get(f"{url}?token=hunter2", Reach.of(urls=[url]))
    assert str(caught.value) == f"{url} refused the connection."
    assert caught.value.sent is False
    assert caught.value.problem.retryable


async def test_a_name_without_an_address_was_not_sent_to(client: Client) -> None:
    with pytest.raises(NetworkError) as caught:
        await client.get("http://nowhere.example/a?b")
    assert str(caught.value) == (
        "http://nowhere.example/a has no address: its name could not be resolved."
    )
    assert caught.value.sent is False


async def test_a_resolver_that_finds_nothing_is_a_name_without_an_address() -> None:
    async def empty(host: str, port: int) -> list[str]:
        return []

    async with Network(resolver=empty) as network:
        with pytest.raises(NetworkError, match="has no address") as caught:
            await network.exchange(Request("GET", "http://a/"), reach=Reach(), bounds=Bounds(1))
    assert caught.value.sent is False


async def test_slow_dns_ends_at_the_deadline_and_nothing_was_sent() -> None:
    async def slow(host: str, port: int) -> list[str]:
        await asyncio.sleep(30)
        return []

    async with Network(resolver=slow) as network:
        with pytest.raises(NetworkError) as caught:
            await network.exchange(Request("GET", "http://a/"), reach=Reach(), bounds=Bounds(0.1))
    assert str(caught.value) == "http://a/ could not be connected to within 0.1 s."
    assert caught.value.sent is False


async def test_a_connection_that_is_never_accepted_ends_at_the_deadline(client: Client) -> None:
    # A backlog of one that is full: further handshakes are not answered.
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        try:
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(deaf.getsockname())
            await asyncio.sleep(0.05)
            url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
            with pytest.raises(NetworkError) as caught:
                await client.get(url, Reach.of(urls=[url]), seconds=0.2)
        finally:
            for filler in fillers:
                filler.close()
    assert str(caught.value) == f"{url} could not be connected to within 0.2 s."
    assert caught.value.sent is False


async def test_silence_ends_at_the_deadline_and_the_request_may_have_arrived(
    serve: Serve, client: Client
) -> None:
    error, text = await failing(serve, client, saying(b"", then="silence"), seconds=0.1)
    assert text == "URL gave no answer within 0.1 s."
    assert error.sent is True
    assert not isinstance(error, ResponseError)


async def test_row_19_slow_headers_end_at_the_deadline(serve: Serve, client: Client) -> None:
    async def script(talk: Talk) -> None:
        await talk.hear()
        await talk.say(HEAD)
        while True:
            await talk.say(b"X-A: b\r\n")
            await asyncio.sleep(0.03)

    error, text = await failing(serve, client, script, seconds=0.15)
    assert text == "URL gave no answer within 0.15 s."
    assert error.sent is True


async def test_row_19_a_body_of_one_byte_at_a_time_ends_at_the_deadline(
    serve: Serve, client: Client
) -> None:
    async def script(talk: Talk) -> None:
        await talk.hear()
        await talk.say(HEAD + b"Content-Length: 1000\r\n\r\n")
        while True:
            await talk.say(b"x")
            await asyncio.sleep(0.03)

    error, text = await failing(serve, client, script, seconds=0.15)
    assert text == "URL did not finish its answer within 0.15 s."
    assert error.sent is True


async def test_row_19_headers_that_do_not_come_in_time_end_at_the_bound_of_the_first_byte(
    serve: Serve, client: Client
) -> None:
    async def script(talk: Talk) -> None:
        await talk.hear()
        await talk.say(HEAD)
        while True:
            await talk.say(b"X-A: b\r\n")
            await asyncio.sleep(0.03)

    error, text = await failing(serve, client, script, seconds=5, first_byte_seconds=0.15)
    assert text == "URL gave no answer within 0.15 s (first_byte)."
    assert error.sent is True


async def test_a_body_may_take_longer_than_its_first_byte(serve: Serve, client: Client) -> None:
    async def script(talk: Talk) -> None:
        await talk.hear()
        await talk.say(HEAD + b"Content-Length: 2\r\n\r\no")
        await asyncio.sleep(0.2)
        await talk.say(b"k")

    server = await serve(script)
    found = await client.send(server, seconds=5, first_byte_seconds=0.1)
    assert found.body == b"ok"


async def test_endless_interim_responses_end_at_the_deadline(serve: Serve, client: Client) -> None:
    async def script(talk: Talk) -> None:
        await talk.hear()
        while True:
            await talk.say(b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n")
            await asyncio.sleep(0.005)

    _, text = await failing(serve, client, script, seconds=0.1)
    assert text == "URL gave no answer within 0.1 s."


async def test_row_19_an_endless_chunked_body_ends_at_the_byte_bound(
    serve: Serve, client: Client
) -> None:
    async def script(talk: Talk) -> None:
        await talk.hear()
        await talk.say(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        while True:
            await talk.say(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")

    error, text = await failing(serve, client, script, max_bytes=1024 * 1024)
    assert text == "URL sent more than 1 MiB."
    assert isinstance(error, ResponseError)


async def test_row_19_an_endless_body_without_a_length_ends_at_the_byte_bound(
    serve: Serve, client: Client
) -> None:
    async def script(talk: Talk) -> None:
        await talk.hear()
        await talk.say(HEAD + b"\r\n")
        while True:
            await talk.say(b"x" * 0x4000)

    _, text = await failing(serve, client, script, max_bytes=100)
    assert text == "URL sent more than 100 bytes."


async def test_row_19_a_body_that_announces_a_gigabyte_is_not_read(
    serve: Serve, client: Client
) -> None:
    script = saying(HEAD + b"Content-Length: 1073741824\r\n\r\n", then="silence")
    _, text = await failing(serve, client, script)
    assert text == "URL sent more than 16 MiB."


async def test_a_body_of_exactly_its_bound_is_read(serve: Serve, client: Client) -> None:
    server = await serve(answer(b"x" * 1000))
    assert (await client.send(server, max_bytes=1000)).body == b"x" * 1000


async def test_row_19_a_gigabyte_that_comes_is_read_up_to_the_bound(
    serve: Serve, client: Client
) -> None:
    said = 0

    async def script(talk: Talk) -> None:
        nonlocal said
        await talk.hear()
        await talk.say(HEAD + b"\r\n")
        for _ in range(1024):
            await talk.say(bytes(1024 * 1024))
            said += 1

    _, text = await failing(serve, client, script, max_bytes=4 * 1024 * 1024)
    assert text == "URL sent more than 4 MiB."
    assert said < 64


async def test_row_19_after_a_gzip_bomb_the_connection_is_not_used_again(
    serve: Serve, client: Client
) -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024), 1)
    script = saying(answer(bomb, "Content-Encoding: gzip"), then="silence")
    error, text = await failing(serve, client, script, max_bytes=1024 * 1024)
    assert text == "URL sent more than 1 MiB."
    assert isinstance(error, ResponseError)


async def test_row_19_gzip_that_is_cut_in_a_message_that_is_whole_is_an_error(
    serve: Serve, client: Client
) -> None:
    # Where the message ends is not in doubt, so the connection may go on; the body was not read.
    cut = gzip.compress(b"x" * 1000)[:-4]
    server = await serve(answer(cut, "Content-Encoding: gzip"))
    with pytest.raises(CutAnswerError, match="sent a damaged or cut gzip body"):
        await client.send(server)


async def test_row_19_endless_gzip_that_holds_nothing_ends_at_the_byte_bound(
    serve: Serve, client: Client
) -> None:
    nothing = gzip.compress(b"") * 1000

    async def script(talk: Talk) -> None:
        await talk.hear()
        await talk.say(HEAD + b"Content-Encoding: gzip\r\n\r\n")
        while True:
            await talk.say(nothing)

    _, text = await failing(serve, client, script, max_bytes=1024 * 1024)
    assert text == "URL sent more than 1 MiB."


@pytest.mark.parametrize("then", ["close", "reset"])
@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"Content-Length: 10\r\n\r\nshort",
        HEAD + b"Content-Length: 10\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\nshort",
    ],
)
async def test_row_19_a_body_that_is_cut_is_an_error(
    serve: Serve, client: Client, data: bytes, then: str
) -> None:
    error, text = await failing(serve, client, saying(data, then=then))
    assert isinstance(error, ResponseError)
    assert text == "URL cut its answer off, or sent one that is malformed."


async def test_row_19_a_reset_in_a_body_without_a_length_is_an_error(
    serve: Serve, client: Client
) -> None:
    error, _ = await failing(serve, client, saying(HEAD + b"\r\nhalf", then="reset"))
    assert isinstance(error, ResponseError)


@pytest.mark.parametrize("then", ["close", "reset"])
@pytest.mark.parametrize("data", [b"", HEAD, HEAD + b"Content-Le"])
async def test_no_whole_head_may_mean_that_the_request_arrived(
    serve: Serve, client: Client, data: bytes, then: str
) -> None:
    error, text = await failing(serve, client, saying(data, then=then))
    assert text == "URL closed the connection without an answer."
    assert error.sent is True


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"<html>\r\n\r\n",
        b"HTTP/1.1 twohundred OK\r\n\r\n",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: 1, 2\r\n\r\n",
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        HEAD + b"No colon\r\n\r\n",
        HEAD + b"X-A\0: b\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_an_error(serve: Serve, client: Client, data: bytes) -> None:
    error, text = await failing(serve, client, saying(data, then="silence"))
    assert isinstance(error, ResponseError)
    assert text == "URL sent headers that cannot be read: too large, malformed, or not HTTP."


async def test_a_malformed_chunk_is_an_error(serve: Serve, client: Client) -> None:
    data = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

    async def script(talk: Talk) -> None:
        await talk.hear()
        await talk.say(data)
        await asyncio.sleep(0.02)
        await talk.say(b"zz\r\nhello\r\n")
        await talk.until_closed()

    error, text = await failing(serve, client, script)
    assert isinstance(error, ResponseError)
    assert text == "URL cut its answer off, or sent one that is malformed."


@pytest.mark.parametrize(
    "fields",
    [
        b"X-A: " + b"a" * 200_000 + b"\r\n",
        b"X-" + b"a" * 200_000 + b": a\r\n",
        b"".join(b"X-%d: a\r\n" % n for n in range(10_000)),
    ],
    ids=["a long value", "a long name", "many"],
)
async def test_huge_headers_are_an_error(serve: Serve, client: Client, fields: bytes) -> None:
    script = saying(HEAD + fields + b"Content-Length: 0\r\n\r\n", then="silence")
    error, text = await failing(serve, client, script)
    assert isinstance(error, ResponseError)
    assert text == "URL sent headers that cannot be read: too large, malformed, or not HTTP."


async def test_headers_that_are_too_large_together_are_an_error(
    serve: Serve, client: Client
) -> None:
    server = await serve(answer(b"", *(f"X-{n}: {'a' * 1000}" for n in range(100))))
    with pytest.raises(ResponseError, match="sent more than 64 KiB of headers"):
        await client.send(server)


async def test_headers_within_their_bound_are_read(serve: Serve, client: Client) -> None:
    server = await serve(answer(b"", "X-A: " + "a" * 60_000))
    assert len((await client.send(server)).header("x-a") or "") == 60_000


async def test_an_unasked_change_of_protocol_is_an_error(serve: Serve, client: Client) -> None:
    data = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
    _, text = await failing(serve, client, saying(data, then="silence"))
    assert text == "URL switched to another protocol, unasked."


async def test_row_19_a_body_longer_than_its_length_does_not_reach_the_next_answer(
    serve: Serve, client: Client
) -> None:
    async def script(talk: Talk) -> None:
        await talk.hear()
        await talk.say(answer(b"ok"))
        await asyncio.sleep(0.02)
        await talk.say(answer(b"forged"))
        await talk.until_closed()

    server = await serve(script)
    assert (await client.send(server)).body == b"ok"
    await asyncio.sleep(0.06)
    assert (await client.send(server)).body == b"ok"
    assert server.connections == 2


async def test_a_body_and_at_once_more_than_its_length_does_not_reach_the_next_answer(
    serve: Serve, client: Client
) -> None:
    server = await serve(saying(answer(b"ok") + answer(b"forged"), then="silence"))
    for _ in range(2):
        assert (await client.send(server)).body == b"ok"
    assert server.connections == 2


async def test_cancelling_closes_the_connection(serve: Serve, client: Client) -> None:
    server = await serve(saying(HEAD + b"Content-Length: 10\r\n\r\nshort", then="silence"))
    task = asyncio.create_task(client.send(server))
    await server.heard.wait()
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(server.left.wait(), 1)


async def test_cancelling_while_connecting_leaves_nothing_behind() -> None:
    started = asyncio.Event()

    async def slow(host: str, port: int) -> list[str]:
        started.set()
        await asyncio.sleep(30)
        return []

    async with Network(resolver=slow) as network:
        exchange = network.exchange(Request("GET", "http://a/"), reach=Reach(), bounds=Bounds(9))
        task = asyncio.create_task(exchange)
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_an_answer_before_the_whole_body_was_sent_is_returned(
    serve: Serve, client: Client
) -> None:
    async def script(talk: Talk) -> None:
        await talk.say(answer(b"too much", status="413 Too Large"))
        await talk.until_closed()

    server = await serve(script)
    body = b"x" * (32 * 1024 * 1024)
    response = await client.send(server, "/", "POST", body=body)
    assert response.status == 413
    assert response.body == b"too much"


async def test_a_server_that_hangs_does_not_keep_others_waiting(
    serve: Serve, client: Client
) -> None:
    hanging = await serve(saying(b"", then="silence"))
    good = await serve(answer(b"ok"))
    stuck = [asyncio.create_task(client.send(hanging, seconds=0.5)) for _ in range(150)]
    await asyncio.sleep(0.1)
    assert (await client.send(good, seconds=0.2)).body == b"ok"
    results = await asyncio.gather(*stuck, return_exceptions=True)
    assert all(isinstance(result, NetworkError) for result in results)
