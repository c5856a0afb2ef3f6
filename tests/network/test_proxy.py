"""An HTTP proxy and the owner's own authorities, for both HTTP clients alike."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import httpx2
import pytest
from raw_server import CERTIFICATE, Serve, answer, names
from small_proxy import running_proxy

from dragoman.errors import AddressRefusedError, CredentialError, DragomanError, NetworkError
from dragoman.network import Bounds, Network, Proxy, Reach, Request, Way, trusting

OK = answer(b"ok")
LOGIN = "dragoman:p@ss word"
WRITTEN = "dragoman:p%40ss%20word"
TYPED = Reach()

Ask = Callable[..., Awaitable[bytes]]


@asynccontextmanager
async def asking(
    client: str, proxy: Proxy | None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Ask]:
    """A client of a network with that proxy, as a function from an address to a body."""

    async def way() -> Way:
        return Way(proxy, tls)

    async with AsyncExitStack() as stack:
        network = await stack.enter_async_context(Network(resolver=names, way=way))

        async def by_aiohttp(url: str, reach: Reach = TYPED) -> bytes:
            found = await network.exchange(Request("GET", url), reach=reach, bounds=Bounds(5))
            return found.body

        async def by_httpx2(url: str, reach: Reach = TYPED) -> bytes:
            transport = network.httpx2_transport(reach)
            async with httpx2.AsyncClient(transport=transport, timeout=5) as opened:
                return (await opened.get(url)).content

        yield by_aiohttp if client == "aiohttp" else by_httpx2


@pytest.fixture(params=["aiohttp", "httpx2"])
def client(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def server_tls() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    return context


async def test_http_is_asked_for_by_its_whole_address(serve: Serve, client: str) -> None:
    server = await serve(OK)
    async with running_proxy() as proxy, asking(client, Proxy.of(proxy.url)) as ask:
        url = server.url("/%2e%2e/a?b=%20c", host="api.corp")
        assert await ask(url) == b"ok"
        assert proxy.lines == [f"GET {url} HTTP/1.1"]
    assert server.lines()[0] == "GET /%2e%2e/a?b=%20c HTTP/1.1"
    assert f"Host: api.corp:{server.port}" in server.lines()


async def test_https_goes_through_a_tunnel_and_the_authority_of_the_owner_is_trusted(
    serve: Serve, client: str
) -> None:
    server = await serve(OK, tls=server_tls())
    trust = trusting(CERTIFICATE)
    async with (
        running_proxy(LOGIN) as proxy,
        asking(client, Proxy.of(proxy.url_for(WRITTEN)), trust) as ask,
    ):
        assert await ask(server.url("/secret?token=hunter2", host="api.corp")) == b"ok"
    assert proxy.lines == [f"CONNECT api.corp:{server.port} HTTP/1.1"]
    assert "hunter2" not in str(proxy.heads)
    assert "proxy-authorization" not in server.requests[0].decode().lower()


async def test_a_certificate_that_nobody_vouches_for_is_refused_in_the_tunnel_too(
    serve: Serve, client: str
) -> None:
    server = await serve(OK, tls=server_tls())
    async with running_proxy() as proxy, asking(client, Proxy.of(proxy.url)) as ask:
        with pytest.raises((NetworkError, httpx2.ConnectError)) as caught:
            await ask(server.url(host="api.corp"))
    assert "certificate" in str(caught.value)
    assert server.requests == []


async def test_the_system_s_authorities_are_trusted_beside_the_owner_s() -> None:
    assert {one["serialNumber"] for one in ssl.create_default_context().get_ca_certs()} <= {
        one["serialNumber"] for one in trusting(CERTIFICATE).get_ca_certs()
    }


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("login", ["", "dragoman:wrong-password@"])
async def test_a_proxy_that_refuses_our_password_is_told_of_without_it(
    serve: Serve, client: str, scheme: str, login: str
) -> None:
    server = await serve(OK)
    async with running_proxy(LOGIN) as proxy:
        way = Proxy.of(f"http://{login}127.0.0.1:{proxy.port}")
        async with asking(client, way) as ask:
            with pytest.raises(CredentialError) as caught:
                await ask(f"{scheme}://api.corp:{server.port}/")
    assert caught.value.detail == (
        f"The proxy {proxy.url} refused its user and password, or wants some (407)."
    )
    assert "wrong-password" not in str(caught.value) + repr(way)
    assert server.requests == []


async def test_each_request_on_a_kept_connection_shows_the_password(serve: Serve) -> None:
    server = await serve(OK)
    async with (
        running_proxy(LOGIN) as proxy,
        asking("aiohttp", Proxy.of(proxy.url_for(WRITTEN))) as ask,
    ):
        for path in "ab":
            assert await ask(server.url(f"/{path}", host="api.corp")) == b"ok"
    # The second went through the same connection, which this proxy only passes on by then.
    assert len(proxy.lines) == 1
    assert b"proxy-authorization: basic" in server.requests[1].lower()


async def test_what_a_proxy_cannot_reach_was_not_sent(client: str) -> None:
    async with running_proxy() as proxy, asking(client, Proxy.of(proxy.url)) as ask:
        with pytest.raises((NetworkError, httpx2.ProxyError)) as caught:
            await ask("https://nowhere.corp/?token=hunter2")
    assert "502" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert getattr(caught.value, "sent", False) is False


async def test_a_proxy_that_is_not_there_is_named_and_its_password_is_not(client: str) -> None:
    async with asking(client, Proxy.of("http://me:hunter2@127.0.0.1:9")) as ask:
        with pytest.raises((NetworkError, httpx2.ConnectError)) as caught:
            await ask("http://api.corp/")
    if isinstance(caught.value, NetworkError):
        assert str(caught.value) == "The proxy http://127.0.0.1:9 refused the connection."
        assert caught.value.sent is False
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "host",
    ["10.0.0.7", "192.168.1.1", "169.254.1.1", "[fd00::1]", "[64:ff9b::a00:7]", "0x0a.7"],
)
async def test_an_address_is_judged_before_the_proxy_is_asked(client: str, host: str) -> None:
    async with running_proxy() as proxy, asking(client, Proxy.of(proxy.url)) as ask:
        with pytest.raises(AddressRefusedError, match="came from the document"):
            await ask(f"http://{host}/")
        assert proxy.lines == []
        reach = Reach.of(urls=[f"http://{host}/"])
        if client == "aiohttp":
            await ask(f"http://{host}/", reach)
            assert len(proxy.lines) == 1


async def test_an_ipv6_address_is_asked_for_in_brackets_or_not_at_all(client: str) -> None:
    async with running_proxy() as proxy, asking(client, Proxy.of(proxy.url)) as ask:
        if client == "aiohttp":
            await ask("http://[2606:4700::1]/a")
            assert proxy.lines == ["GET http://[2606:4700::1]/a HTTP/1.1"]
        else:
            with pytest.raises(AddressRefusedError, match="no_proxy"):
                await ask("http://[2606:4700::1]/a")
            assert proxy.lines == []


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "metadata.google.internal", "METADATA.google.internal.", "instance-data"],
)
async def test_a_metadata_service_is_never_asked_for(client: str, host: str) -> None:
    url = f"http://{host}/"
    async with running_proxy() as proxy, asking(client, Proxy.of(proxy.url)) as ask:
        with pytest.raises(AddressRefusedError, match="a cloud keeps its credentials"):
            await ask(url, Reach.of(urls=[url]))
    assert proxy.lines == []


@pytest.mark.parametrize("without", ["api.corp", ".corp", "corp", "API.corp.", "api.corp:{port}"])
async def test_no_proxy_names_a_host_and_all_below_it(
    serve: Serve, client: str, without: str
) -> None:
    server = await serve(OK)
    url = server.url(host="api.corp")
    listed = [without.format(port=server.port)]
    async with asking(client, Proxy.of("http://127.0.0.1:9", listed)) as ask:
        assert await ask(url, Reach.of(urls=[url])) == b"ok"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_this_machine_is_reached_without_it(serve: Serve, host: str) -> None:
    server = await serve(OK)
    url = f"http://{host}:{server.port}/"

    async def way() -> Way:
        return Way(Proxy.of("http://127.0.0.1:9"))

    async with Network(way=way) as network:
        found = await network.exchange(
            Request("GET", url), reach=Reach.of(urls=[url]), bounds=Bounds(5)
        )
    assert found.body == b"ok"


@pytest.mark.parametrize(
    ("host", "without", "carried"),
    [
        ("10.0.0.7", ["10.0.0.7"], False),
        ("10.0.0.70", ["10.0.0.7"], True),
        ("notcorp", ["corp"], True),
        ("api.corp", ["api.corp:8443"], True),
        ("[::1]", [], False),
        ("[2001:db8::1]", ["2001:db8::1"], False),
    ],
)
def test_which_hosts_a_proxy_carries(host: str, without: list[str], carried: bool) -> None:
    from dragoman.network.address import parse_address

    assert Proxy.of("http://proxy", without).carries(parse_address(f"http://{host}/")) is carried


@pytest.mark.parametrize(
    "url",
    [
        *("proxy:3128", "https://proxy", "socks5://proxy", "http://u:hunter2@"),
        *("http://proxy/hunter2", "http://u:p@hunter2 word"),
    ],
)
def test_what_is_no_proxy_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(AddressRefusedError) as caught:
        Proxy.of(url)
    assert "hunter2" not in str(caught.value)


async def test_a_way_that_cannot_be_found_is_looked_for_again(serve: Serve) -> None:
    server = await serve(OK)
    tries: list[int] = []

    async def way() -> Way:
        tries.append(1)
        if len(tries) == 1:
            raise CredentialError("PROXY is not set.")
        return Way()

    async with Network(way=way) as network:
        request = Request("GET", server.url())
        with pytest.raises(DragomanError, match="PROXY is not set"):
            await network.exchange(request, reach=server.reach, bounds=Bounds(5))
        for _ in range(2):
            await network.exchange(request, reach=server.reach, bounds=Bounds(5))
    assert len(tries) == 2
