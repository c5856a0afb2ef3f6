from __future__ import annotations

import asyncio
import gzip
import json
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx2
import openai
import pytest
from raw_server import CERTIFICATE, NAMES, Client, Script, Serve, Server, Talk, answer, names

from dragoman.errors import AddressRefusedError, ArgumentError, ResponseError
from dragoman.network import Network, Reach

OK = answer(b"ok")
COMPLETION = {
    "id": "c1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi."}}
    ],
}


@asynccontextmanager
async def httpx2_client(
    network: Network, reach: Reach, **options: int
) -> AsyncIterator[httpx2.AsyncClient]:
    transport = network.httpx2_transport(reach, **options)
    async with httpx2.AsyncClient(transport=transport, timeout=2) as client:
        yield client


@asynccontextmanager
async def openai_client(
    network: Network, server: Server, reach: Reach
) -> AsyncIterator[openai.AsyncOpenAI]:
    async with httpx2_client(network, reach) as http_client:
        yield openai.AsyncOpenAI(
            api_key="hunter2", base_url=server.url("/v1"), http_client=http_client
        )


async def complete(client: openai.AsyncOpenAI) -> str | None:
    answered = await client.chat.completions.create(
        model="m", messages=[{"role": "user", "content": "Hello"}]
    )
    return answered.choices[0].message.content


async def test_a_private_address_is_refused_in_the_same_words(
    serve: Serve, network: Network
) -> None:
    server = await serve(OK)
    async with httpx2_client(network, Reach()) as client:
        with pytest.raises(AddressRefusedError) as caught:
            await client.get(server.url("/v1?token=hunter2"))
    assert str(caught.value) == (
        f"{server.url('/v1')} came from the document, not from you: refused."
        f" If it is yours: allow_private: [127.0.0.1:{server.port}]"
    )
    assert caught.value.__context__ is None
    assert server.connections == 0


async def test_a_private_address_in_reach_is_dialled(serve: Serve, network: Network) -> None:
    server = await serve(OK)
    async with httpx2_client(network, server.reach) as client:
        for _ in range(2):
            response = await client.post(server.url("/%2e%2e/a%2Fb?c=%20"), content=b"x")
            assert (response.status_code, response.content) == (200, b"ok")
    assert server.lines()[0] == "POST /%2e%2e/a%2Fb?c=%20 HTTP/1.1"
    assert server.connections == 1


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f.1", "127.1", "api.corp", "api.corp.", "mapped.corp"]
)
async def test_row_16_no_spelling_of_a_private_address_is_dialled_by_httpx2(
    serve: Serve, network: Network, host: str
) -> None:
    server = await serve(OK)
    async with httpx2_client(network, Reach.of(urls=["http://127.0.0.1:1/"])) as client:
        with pytest.raises(AddressRefusedError):
            await client.get(server.url(host=host))
    assert server.connections == 0


async def test_row_16_a_metadata_address_is_never_dialled_by_httpx2(network: Network) -> None:
    async with httpx2_client(network, Reach.of(hosts=["metadata.corp"])) as client:
        with pytest.raises(AddressRefusedError, match="keeps its credentials"):
            await client.get("http://metadata.corp/")


async def test_two_transports_do_not_share_their_connections(
    serve: Serve, network: Network
) -> None:
    server = await serve(OK)
    async with (
        httpx2_client(network, server.reach) as allowed,
        httpx2_client(network, Reach()) as confined,
    ):
        await allowed.get(server.url())
        with pytest.raises(AddressRefusedError):
            await confined.get(server.url())
    assert server.connections == 1


async def test_row_17_a_name_is_resolved_once_and_dialled_as_it_was_resolved(serve: Serve) -> None:
    server = await serve(OK)
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])

    async def rebinding(host: str, port: int) -> Sequence[str]:
        return next(answers)

    url = server.url(host="rebind.corp")
    async with (
        Network(resolver=rebinding) as network,
        httpx2_client(network, Reach.of(urls=[url])) as client,
    ):
        assert (await client.get(url)).content == b"ok"
    assert f"Host: rebind.corp:{server.port}" in server.lines()


async def test_of_several_addresses_the_next_is_dialled_when_one_refuses(
    serve: Serve, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await serve(OK)
    monkeypatch.setitem(NAMES, "both.corp", ["169.254.169.254", "127.0.0.2", "127.0.0.1"])
    url = server.url(host="both.corp")
    async with httpx2_client(network, Reach.of(urls=[url])) as client:
        assert (await client.get(url)).content == b"ok"


async def test_row_17_host_and_sni_stay_those_of_the_name(serve: Serve) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    asked: list[str | None] = []
    context.sni_callback = lambda _sock, name, _context: asked.append(name)
    server = await serve(OK, tls=context)
    url = server.url(host="api.corp")
    trust = ssl.create_default_context(cafile=CERTIFICATE)
    async with (
        Network(resolver=names, tls=trust) as network,
        httpx2_client(network, Reach.of(urls=[url])) as client,
    ):
        assert (await client.get(url)).content == b"ok"
    assert asked == ["api.corp"]
    assert f"Host: api.corp:{server.port}" in server.lines()


async def test_faults_of_the_network_are_those_of_httpx2(serve: Serve, network: Network) -> None:
    async def silent(talk: Talk) -> None:
        await talk.until_closed()

    hanging = await serve(silent)
    reach = Reach.of(urls=[hanging.url(), "http://127.0.0.1:9/"])
    async with httpx2_client(network, reach) as client:
        with pytest.raises(httpx2.ConnectError):
            await client.get("http://127.0.0.1:9/")
        with pytest.raises(httpx2.ConnectError, match=r"nowhere\.corp has no address"):
            await client.get("http://nowhere.corp/")
        with pytest.raises(httpx2.ReadTimeout):
            await client.get(hanging.url(), timeout=0.1)


async def test_a_body_that_is_cut_is_an_error_of_httpx2(serve: Serve, network: Network) -> None:
    async def cut(talk: Talk) -> None:
        await talk.hear()
        await talk.say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort")

    server = await serve(cut)
    async with httpx2_client(network, server.reach) as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get(server.url())


async def test_slow_dns_is_a_timeout_of_the_connection() -> None:
    async def slow(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(30)
        return []

    async with Network(resolver=slow) as network, httpx2_client(network, Reach()) as client:
        with pytest.raises(httpx2.ConnectTimeout):
            await client.get("http://a.corp/", timeout=0.1)


async def test_a_stream_is_handed_on_piece_by_piece(serve: Serve, network: Network) -> None:
    more = asyncio.Event()

    async def script(talk: Talk) -> None:
        await talk.hear()
        await talk.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        await more.wait()
        await talk.say(b"6\r\nsecond\r\n0\r\n\r\n")

    server = await serve(script)
    pieces: list[bytes] = []
    async with (
        httpx2_client(network, server.reach) as client,
        client.stream("GET", server.url()) as response,
    ):
        async for piece in response.aiter_bytes():
            pieces.append(piece)
            more.set()
    assert pieces == [b"first", b"second"]


async def test_a_stream_that_is_left_early_closes_its_connection(
    serve: Serve, network: Network
) -> None:
    async def script(talk: Talk) -> None:
        await talk.hear()
        await talk.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        await talk.until_closed()

    server = await serve(script)
    async with httpx2_client(network, server.reach) as client:
        async with client.stream("GET", server.url()) as response:
            async for _ in response.aiter_bytes():
                break
        await asyncio.wait_for(server.left.wait(), 1)


async def test_a_body_is_decoded_and_bounded_also_for_httpx2(
    serve: Serve, network: Network
) -> None:
    body = gzip.compress(bytes(4 * 1024 * 1024))
    server = await serve(answer(body, "Content-Encoding: gzip"))
    async with httpx2_client(network, server.reach) as client:
        response = await client.get(server.url())
        assert len(response.content) == 4 * 1024 * 1024
        assert "content-encoding" not in response.headers
        assert "content-length" not in response.headers
    async with httpx2_client(network, server.reach, max_bytes=1024 * 1024) as client:
        with pytest.raises(ResponseError, match="sent more than 1 MiB"):
            await client.get(server.url())
    assert "Accept-Encoding: gzip, deflate" in server.lines()


async def test_damaged_gzip_is_our_error_also_for_httpx2(serve: Serve, network: Network) -> None:
    server = await serve(answer(gzip.compress(b"x" * 99)[:-1], "Content-Encoding: gzip"))
    async with httpx2_client(network, server.reach) as client:
        with pytest.raises(ResponseError, match="damaged or cut gzip body"):
            await client.get(server.url())


async def test_the_environment_names_no_proxy_for_httpx2(
    serve: Serve, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, server = await serve(OK), await serve(OK)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url())
    async with httpx2_client(network, server.reach) as client:
        await client.get(server.url())
    assert (proxy.connections, server.connections) == (0, 1)


async def test_the_openai_sdk_works_with_reach(serve: Serve, network: Network) -> None:
    server = await serve(answer(json.dumps(COMPLETION).encode(), "Content-Type: application/json"))
    async with openai_client(network, server, server.reach) as client:
        assert await complete(client) == "Hi."
    assert server.lines()[0] == "POST /v1/chat/completions HTTP/1.1"
    assert "authorization: Bearer hunter2" in server.lines()


async def test_the_openai_sdk_does_not_retry_a_refusal_and_hands_it_on(
    serve: Serve, network: Network
) -> None:
    server = await serve(OK)
    began = time.monotonic()
    async with openai_client(network, server, Reach()) as client:
        assert client.max_retries > 0
        with pytest.raises(AddressRefusedError, match="came from the document"):
            await complete(client)
    assert time.monotonic() - began < 0.4  # its first retry would wait that long
    assert server.connections == 0


async def test_the_openai_sdk_streams(serve: Serve, network: Network) -> None:
    chunk = {
        "id": "c1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "delta": {"content": "Hi."}, "finish_reason": None}],
    }
    event = f"data: {json.dumps(chunk)}\n\n".encode()

    async def script(talk: Talk) -> None:
        await talk.hear()
        await talk.say(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
        )
        for data in (event, event, b"data: [DONE]\n\n"):
            await talk.say(data)

    server = await serve(script)
    async with openai_client(network, server, server.reach) as client:
        stream = await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "Hello"}], stream=True
        )
        assert [part.choices[0].delta.content async for part in stream] == ["Hi.", "Hi."]


async def test_the_openai_sdk_retries_what_httpx2_raises(serve: Serve, network: Network) -> None:
    done = answer(json.dumps(COMPLETION).encode(), "Content-Type: application/json")

    def flaky() -> Script:
        seen = 0

        async def script(talk: Talk) -> None:
            nonlocal seen
            await talk.hear()
            seen += 1
            if seen > 1:
                await talk.say(done)

        return script

    server = await serve(flaky())
    async with openai_client(network, server, server.reach) as client:
        assert await complete(client) == "Hi."
    assert len(server.requests) == 2


@pytest.mark.parametrize("key", ["hunter2\n", "hunter2\r\nX-A: b"])
async def test_a_key_that_was_read_with_its_newline_is_refused_and_not_printed(
    serve: Serve, network: Network, key: str
) -> None:
    server = await serve(OK)
    async with httpx2_client(network, server.reach) as client:
        with pytest.raises(ArgumentError, match="The header Authorization holds") as caught:
            await client.get(server.url(), headers={"Authorization": f"Bearer {key}"})
    assert "hunter2" not in str(caught.value)
    assert server.connections == 0


async def test_the_two_clients_of_a_network_share_nothing(
    serve: Serve, client: Client, network: Network
) -> None:
    server = await serve(OK)
    await client.send(server)
    async with httpx2_client(network, Reach()) as confined:
        with pytest.raises(AddressRefusedError):
            await confined.get(server.url())
    assert server.connections == 1
