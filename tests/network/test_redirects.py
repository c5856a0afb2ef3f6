from __future__ import annotations

import pytest
from raw_server import Client, Script, Serve, Talk, answer

from dragoman.errors import ResponseError


def redirecting(*targets: str, status: str = "302 Found", body: bytes = b"") -> Script:
    """Redirect to each target in turn, then answer `there`."""

    left = list(targets)

    async def script(talk: Talk) -> None:
        while True:
            request = await talk.hear()
            if left:
                await talk.say(answer(body, f"Location: {left.pop(0)}", status=status))
            else:
                await talk.say(answer(b"" if request.startswith(b"HEAD") else b"there"))

    return script


@pytest.mark.parametrize("status", ["301 M", "302 F", "303 S", "307 T", "308 P"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_read_follows_a_redirect_within_its_origin(
    serve: Serve, client: Client, status: str, method: str
) -> None:
    server = await serve(redirecting("/new?a=%2F", status=status))
    response = await client.send(server, "/old", method, headers=[("X-Api-Key", "k")])
    assert response.status == 200
    assert response.url == server.url("/new?a=%2F")
    assert server.lines()[0] == f"{method} /new?a=%2F HTTP/1.1"
    assert "X-Api-Key: k" in server.lines()


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("next", "/a/next"),
        ("../x", "/x"),
        ("?q=1", "/a/b?q=1"),
        ("/%2e%2e/admin", "/%2e%2e/admin"),
        ("/a b/ü", "/a%20b/%C3%BC"),
        ("/x#fragment", "/x"),
    ],
)
async def test_a_relative_redirect_is_resolved(
    serve: Serve, client: Client, location: str, target: str
) -> None:
    async def script(talk: Talk) -> None:
        await talk.hear()
        head = f"HTTP/1.1 302 F\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        await talk.say(head.encode())
        await talk.hear()
        await talk.say(answer(b"there"))

    server = await serve(script)
    await client.send(server, "/a/b")
    assert server.lines()[0] == f"GET {target} HTTP/1.1"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("status", ["303 S", "307 T"])
async def test_row_18_a_write_follows_no_redirect(
    serve: Serve, client: Client, method: str, status: str
) -> None:
    server = await serve(redirecting("/new?token=hunter2", status=status))
    with pytest.raises(ResponseError) as caught:
        await client.send(server, "/old?token=hunter2", method, body=b"x")
    assert str(caught.value) == (
        f"{server.url('/old')} answered {status[:3]} and pointed to {server.url('/new')}:"
        f" not followed after {method}."
    )
    assert caught.value.sent
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("http://169.254.169.254/latest/?a=b", "http://169.254.169.254/latest/"),
        ("http://10.0.0.7/", "http://10.0.0.7/"),
        ("https://127.0.0.1/", "https://127.0.0.1/"),
        ("http://127.0.0.1:1/", "http://127.0.0.1:1/"),
        ("//evil.example/x", "http://evil.example/x"),
        ("https://evil.example:8443/x?key=hunter2", "https://evil.example:8443/x"),
    ],
)
async def test_row_18_a_redirect_to_another_origin_is_an_error_that_says_where_it_pointed(
    serve: Serve, client: Client, location: str, shown: str
) -> None:
    server = await serve(redirecting(location))
    with pytest.raises(ResponseError) as caught:
        await client.send(server, headers=[("X-Api-Key", "hunter2")])
    assert caught.value.detail == (
        f"{server.url()} answered 302 and pointed to {shown}: another origin, not followed."
    )
    assert "hunter2" not in str(caught.value)
    assert len(server.requests) == 1


async def test_row_18_no_credential_reaches_another_origin(serve: Serve, client: Client) -> None:
    other = await serve(answer(b"mine"))
    server = await serve(redirecting(other.url("/take")))
    with pytest.raises(ResponseError):
        await client.send(
            server, headers=[("X-Api-Key", "hunter2"), ("Authorization", "Bearer hunter2")]
        )
    assert other.connections == 0


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "http://a:b/", "http://u:hunter2@127.0.0.1/"]
)
async def test_a_redirect_to_no_usable_address_is_an_error(
    serve: Serve, client: Client, location: str
) -> None:
    server = await serve(redirecting(location))
    with pytest.raises(ResponseError, match="no usable address") as caught:
        await client.send(server)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None


async def test_a_redirect_that_says_no_place_is_an_error(serve: Serve, client: Client) -> None:
    server = await serve(answer(status="302 Found"))
    with pytest.raises(ResponseError, match="without saying where to go"):
        await client.send(server)


async def test_row_18_a_redirect_loop_ends_at_its_bound(serve: Serve, client: Client) -> None:
    server = await serve(redirecting(*["/again"] * 50))
    with pytest.raises(ResponseError, match="too many redirects"):
        await client.send(server, redirects=3)
    assert len(server.requests) == 4


async def test_with_a_bound_of_zero_no_redirect_is_followed(serve: Serve, client: Client) -> None:
    server = await serve(redirecting("/again"))
    with pytest.raises(ResponseError, match="too many redirects"):
        await client.send(server, redirects=0)
    assert len(server.requests) == 1


async def test_a_body_sent_with_a_read_is_sent_again_where_it_was_redirected(
    serve: Serve, client: Client
) -> None:
    server = await serve(redirecting("/new"))
    body = b"q" * (2 * 1024 * 1024)
    await client.send(server, "/old", body=body)
    assert [request.endswith(body) for request in server.requests] == [True, True]


@pytest.mark.parametrize("status", ["300 M", "304 N", "305 U"])
async def test_a_status_that_is_no_redirect_is_an_answer(
    serve: Serve, client: Client, status: str
) -> None:
    server = await serve(answer(status=status) if status != "304 N" else b"HTTP/1.1 304 N\r\n\r\n")
    assert (await client.send(server)).status == int(status[:3])


async def test_the_body_of_a_redirect_is_not_mistaken_for_the_next_answer(
    serve: Serve, client: Client
) -> None:
    server = await serve(redirecting("/new", body=answer(b"forged") * 9))
    assert (await client.send(server)).body == b"there"
