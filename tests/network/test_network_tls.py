from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from raw_server import CERTIFICATE, Serve, Server, Talk, answer, names

from dragoman.errors import AddressRefusedError, NetworkError
from dragoman.network import Bounds, Network, Reach, Request

OK = answer(b"ok")


class Hello:
    """A context of the server that remembers which names clients asked for."""

    def __init__(self) -> None:
        self.names: list[str | None] = []
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(CERTIFICATE)
        self.context.sni_callback = self._note

    def _note(self, _sock: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        self.names.append(name)


@pytest_asyncio.fixture
async def trusting() -> AsyncIterator[Network]:
    """A network of an owner who trusts the certificate of api.corp."""
    async with Network(
        resolver=names, tls=ssl.create_default_context(cafile=CERTIFICATE)
    ) as network:
        yield network


async def ask(network: Network, url: str, reach: Reach, seconds: float = 5) -> bytes:
    request = Request("GET", f"{url}?token=hunter2", (("X-Api-Key", "hunter2"),))
    return (await network.exchange(request, reach=reach, bounds=Bounds(seconds))).body


async def refused(network: Network, server: Server, host: str) -> str:
    """Return the words of the error, which says that nothing was sent."""
    url = server.url(host=host)
    with pytest.raises(NetworkError) as caught:
        await ask(network, url, Reach.of(urls=[url]))
    assert caught.value.sent is False
    assert server.requests == []
    assert "hunter2" not in str(caught.value)
    return str(caught.value).replace(url, "URL")


async def test_row_17_host_and_sni_stay_those_of_the_name_that_was_resolved(
    serve: Serve, trusting: Network
) -> None:
    hello = Hello()
    server = await serve(OK, tls=hello.context)
    url = server.url(host="API.corp.")
    assert await ask(trusting, url, Reach.of(urls=[url])) == b"ok"
    assert hello.names == ["api.corp"]
    assert f"Host: api.corp:{server.port}" in server.lines()


async def test_a_private_address_is_refused_before_the_handshake(
    serve: Serve, trusting: Network
) -> None:
    server = await serve(OK, tls=Hello().context)
    with pytest.raises(AddressRefusedError):
        await ask(trusting, server.url(host="api.corp"), Reach())
    assert server.connections == 0


async def test_a_certificate_of_an_unknown_authority_is_refused(
    serve: Serve, network: Network
) -> None:
    server = await serve(OK, tls=Hello().context)
    text = await refused(network, server, "api.corp")
    assert text.startswith("URL showed a certificate that is not accepted: self")


async def test_a_certificate_of_another_name_is_refused(serve: Serve, trusting: Network) -> None:
    server = await serve(OK, tls=Hello().context)
    text = await refused(trusting, server, "second.corp")
    assert text.startswith("URL showed a certificate that is not accepted: Hostname mismatch")
    assert not text.endswith("..")


async def test_a_server_without_tls_is_an_error_of_tls(serve: Serve, trusting: Network) -> None:
    async def greeting(talk: Talk) -> None:
        await talk.say(b"220 mail.corp\r\n")
        await talk.until_closed()

    server = await serve(greeting)
    server.scheme = "https"
    assert await refused(trusting, server, "api.corp") == "URL does not speak TLS as it should."


async def test_a_handshake_that_never_ends_ends_at_the_deadline(
    serve: Serve, trusting: Network
) -> None:
    async def silent(_talk: Talk) -> None:
        await asyncio.sleep(30)

    server = await serve(silent)
    server.scheme = "https"
    url = server.url(host="api.corp")
    with pytest.raises(NetworkError, match=r"could not be connected to within 0\.1 s") as caught:
        await ask(trusting, url, Reach.of(urls=[url]), 0.1)
    assert caught.value.sent is False
