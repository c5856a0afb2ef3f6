from __future__ import annotations

from importlib.metadata import version

import pytest
from raw_server import Client, Serve, answer

from dragoman.errors import AddressRefusedError, ArgumentError
from dragoman.network import Bounds, Reach, Request

OK = answer(b"ok")


async def test_a_request_is_sent_in_these_bytes(serve: Serve, client: Client) -> None:
    server = await serve(OK)
    await client.send(
        server,
        "/orders?q=a%20b",
        "POST",
        headers=[("Content-Type", "application/json"), ("X-Api-Key", "k")],
        body=b'{"n": 0}',
    )
    agent = f"User-Agent: dragoman/{version('dragoman')}\r\n".encode()
    assert server.requests == [
        b"POST /orders?q=a%20b HTTP/1.1\r\n"
        b"Host: 127.0.0.1:" + str(server.port).encode() + b"\r\n"
        b"Accept: */*\r\n"
        b"Accept-Encoding: gzip, deflate\r\n" + agent + b"Content-Type: application/json\r\n"
        b"X-Api-Key: k\r\n"
        b"Content-Length: 8\r\n"
        b"\r\n"
        b'{"n": 0}'
    ]


@pytest.mark.parametrize(
    "target",
    [
        "/%2e%2e/admin",
        "/a%2Fb",
        "/a/../b",
        "/a/./b",
        "//evil.example/x",
        "/?",
        "/a?",
        "/%7Euser/~user",
        "/a+b%2Bc?d+e=%2B&d=2&d=1",
        "/a;b=1/c,d?[x]={y}|z",
        "/%C3%BC%c3%bc%zz%",
        "/a?http://b/?c=d",
    ],
)
async def test_a_target_arrives_as_it_was_given(serve: Serve, client: Client, target: str) -> None:
    server = await serve(OK)
    response = await client.send(server, target)
    assert server.lines()[0] == f"GET {target} HTTP/1.1"
    assert response.url == server.url(target)


async def test_a_fragment_is_not_sent(serve: Serve, client: Client) -> None:
    server = await serve(OK)
    await client.send(server, "/a?b#c")
    assert server.lines()[0] == "GET /a?b HTTP/1.1"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"])
async def test_every_method_may_have_a_body(serve: Serve, client: Client, method: str) -> None:
    server = await serve(OK)
    await client.send(server, "/", method, body=b"x")
    assert server.requests[-1].startswith(method.encode() + b" / ")
    assert server.requests[-1].endswith(b"\r\n\r\nx")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_no_body_is_said_as_length_zero_where_one_is_expected(
    serve: Serve, client: Client, method: str
) -> None:
    server = await serve(OK)
    await client.send(server, "/", method)
    assert "Content-Length: 0" in server.lines()
    assert not any(line.startswith("Content-Type") for line in server.lines())


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_a_read_without_a_body_says_nothing_of_one(
    serve: Serve, client: Client, method: str
) -> None:
    server = await serve(answer() if method == "HEAD" else OK)
    await client.send(server, "/", method)
    assert not any(line.startswith("Content-") for line in server.lines())


async def test_an_empty_body_is_a_body(serve: Serve, client: Client) -> None:
    server = await serve(OK)
    await client.send(server, "/", "GET", body=b"")
    assert "Content-Length: 0" in server.lines()


async def test_a_body_of_megabytes_arrives_whole(serve: Serve, client: Client) -> None:
    server = await serve(OK)
    body = bytes(range(256)) * 16 * 1024
    await client.send(server, "/", "POST", body=body)
    assert f"Content-Length: {len(body)}" in server.lines()
    assert server.requests[-1].endswith(b"\r\n\r\n" + body)


async def test_a_repeated_header_is_sent_each_time_whatever_its_case(
    serve: Serve, client: Client
) -> None:
    server = await serve(OK)
    await client.send(server, headers=[("X-A", "1"), ("x-a", "2"), ("X-A", "")])
    assert [line for line in server.lines() if line.lower().startswith("x-a")] == [
        "X-A: 1",
        "X-A: 2",
        "X-A: ",
    ]


async def test_our_defaults_yield_to_what_the_request_says(serve: Serve, client: Client) -> None:
    server = await serve(OK)
    own = [("user-agent", "shop/1"), ("accept", "text/csv"), ("accept-encoding", "identity")]
    await client.send(server, headers=own)
    assert server.lines()[2:] == [
        "accept: text/csv",
        "accept-encoding: identity",
        "user-agent: shop/1",
    ]


async def test_a_header_may_hold_text_beyond_ascii(serve: Serve, client: Client) -> None:
    server = await serve(OK)
    await client.send(server, headers=[("X-Name", "Zoë\tB")])
    assert "X-Name: Zoë\tB".encode() in server.requests[-1]


@pytest.mark.parametrize(
    "header",
    [
        ("X-A", "a\r\nX-B: b"),
        ("X-A", "a\nb"),
        ("X-A", "a\rb"),
        ("X-A", "a\0b"),
        ("X-A", "a\x7fb"),
        ("X-A", "hunter2\ud800"),
        ("X A", "b"),
        ("X-A:", "b"),
        ("X-A\r\nX-B", "b"),
        ("", "b"),
        ("X-Ä", "b"),
        ("Host", "evil.example"),
        ("host", "evil.example"),
        ("Content-Length", "1"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "close"),
        ("Keep-Alive", "timeout=5"),
        ("TE", "trailers"),
        ("Trailer", "X-A"),
        ("Upgrade", "websocket"),
        ("Expect", "100-continue"),
        ("Proxy-Connection", "close"),
        ("Proxy-Authorization", "Basic hunter2"),
        ("Accept-Encoding", "br"),
        ("Accept-Encoding", "gzip, zstd;q=0.5"),
        ("Accept-Encoding", "*"),
    ],
)
async def test_a_header_that_could_change_the_message_is_refused_before_anything_is_dialled(
    serve: Serve, client: Client, header: tuple[str, str]
) -> None:
    server = await serve(OK)
    with pytest.raises(ArgumentError) as caught:
        await client.send(server, headers=[header])
    assert server.connections == 0
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("method", ["", "GET /", "GET\r\n", "CONNECT", "connect", "TRACE", "GÄT"])
async def test_a_method_that_could_change_the_message_is_refused(
    serve: Serve, client: Client, method: str
) -> None:
    server = await serve(OK)
    with pytest.raises(ArgumentError):
        await client.send(server, "/", method)
    assert server.connections == 0


@pytest.mark.parametrize("path", ["/a b", "/a\r\nX: y", "/ü", "/\0"])
async def test_an_address_that_is_not_encoded_is_refused(
    serve: Serve, client: Client, path: str
) -> None:
    server = await serve(OK)
    with pytest.raises(AddressRefusedError):
        await client.send(server, path)
    assert server.connections == 0


async def test_an_internationalized_name_is_dialled_and_named_in_its_ascii_form(
    serve: Serve, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from raw_server import NAMES

    monkeypatch.setitem(NAMES, "xn--bcher-kva.corp", ["127.0.0.1"])
    server = await serve(OK)
    url = server.url(host="BÜCHER.corp")
    response = await client.get(url, Reach.of(urls=[url]))
    assert f"Host: xn--bcher-kva.corp:{server.port}" in server.lines()
    assert response.url == server.url(host="xn--bcher-kva.corp")


async def test_names_of_response_headers_are_lower_case_and_order_and_repetition_are_kept(
    serve: Serve, client: Client
) -> None:
    server = await serve(
        answer(b"{}", "Set-Cookie: a=1", "X-B: ü", "SET-COOKIE: b=2", "X-Empty:", status="418 No")
    )
    response = await client.send(server)
    assert response.status == 418
    assert response.headers == (
        ("set-cookie", "a=1"),
        ("x-b", "ü"),
        ("set-cookie", "b=2"),
        ("x-empty", ""),
        ("content-length", "2"),
    )
    assert response.header("Set-Cookie") == "a=1"
    assert response.header("x-empty") == ""
    assert response.header("x-none") is None
    assert 0 < response.seconds < 5


def test_neither_a_request_nor_a_response_prints_what_may_be_secret() -> None:
    from dragoman.network import Response

    request = Request("GET", "http://a/?key=hunter2", (("X-Key", "hunter2"),), b"hunter2")
    response = Response(200, (("x-key", "hunter2"),), b"hunter2", "http://a/?key=hunter2", 0.1)
    assert "hunter2" not in repr(request) + repr(response) + str(request) + str(response)
    assert "hunter2" not in repr((request, [response], Bounds(1)))
