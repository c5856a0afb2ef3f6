"""`network:` of the owner's file, through Dragoman: its proxy and authorities, for everything."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import httpx2
import pytest
from raw_server import CERTIFICATE, Serve, answer
from small_proxy import running_proxy

from dragoman import Dragoman
from dragoman.errors import ConfigurationError, CredentialError
from dragoman.network import Reach

PASSWORD = "hunter2-of-the-proxy"
API: dict[str, Any] = {"operations": {"read": {"get": "/a"}}}
OK = answer(b"{}", "Content-Type: application/json")


def config(url: str, **network: Any) -> dict[str, Any]:
    return {
        "store": "sqlite:///:memory:",
        "apis": {"api": {"http": url, **API}},
        "network": network,
    }


async def test_calls_and_models_go_through_the_proxy_of_the_file(serve: Serve) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(CERTIFICATE)
    server = await serve(OK, tls=tls)
    url = server.url("", host="api.corp")
    async with running_proxy(f"me:{PASSWORD}") as proxy:
        settings = config(url, proxy="${PROXY}", ca=str(CERTIFICATE))
        environ = {"PROXY": proxy.url_for(f"me:{PASSWORD}")}
        async with Dragoman(settings, environ=environ) as d:
            assert (await d.call("api.read")).ok
            transport = d.parts.network.httpx2_transport(Reach())
            async with httpx2.AsyncClient(transport=transport) as client:
                assert (await client.get(f"{url}/model")).status_code == 200
            # In every form in which it was shown.
            for head in proxy.heads:
                assert PASSWORD not in d.parts.live.redact(head)
                (shown,) = [line for line in head.split("\r\n") if "basic" in line.lower()]
                assert d.parts.live.redact(shown).endswith("[network.proxy]")
    assert proxy.lines == [f"CONNECT api.corp:{server.port} HTTP/1.1"] * 2
    assert len(server.requests) == 2


async def test_the_password_of_a_proxy_is_read_when_it_is_first_used() -> None:
    settings = config("http://api.corp", proxy="${PROXY}")
    async with Dragoman(settings, environ={}) as d:
        assert d.tools()
        outcome = await d.call("api.read")
    assert outcome.problem is not None
    assert outcome.problem.code == CredentialError.code
    assert "PROXY is not set (network.proxy)" in outcome.problem.detail


async def test_the_environment_names_no_proxy(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await serve(OK)
    environ = {"HTTP_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
        monkeypatch.setenv(name.lower(), value)
    async with Dragoman(config(server.url("")), environ=environ) as d:
        assert (await d.call("api.read")).ok


@pytest.mark.parametrize(
    ("network", "said"),
    [
        ({"proxy": "http://me:hunter2@proxy:3128"}, "network.proxy holds a password"),
        ({"proxy": "socks5://proxy"}, "network.proxy: A proxy is written as http://host:port."),
        ({"no_proxy": ["http://corp"]}, "'http://corp' is no host"),
    ],
)
def test_what_cannot_be_is_told_when_the_file_is_read(network: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        Dragoman(config("http://api.corp", **network))
    assert "hunter2" not in str(caught.value)


async def test_a_secret_that_is_no_address_of_a_proxy_is_told_with_its_line_alone() -> None:
    settings = config("http://api.corp", proxy="${PROXY}")
    async with Dragoman(settings, environ={"PROXY": "proxy:hunter2"}) as d:
        outcome = await d.call("api.read")
    assert outcome.problem is not None
    assert outcome.problem.detail == "network.proxy: A proxy is written as http://host:port."


def test_authorities_that_cannot_be_read_are_told_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("no certificate")
    for name, why in (("gone.pem", "No such file"), ("no.pem", "it holds none|no certificate")):
        file = tmp_path / "dragoman.yaml"
        file.write_text(f"version: 1\nnetwork:\n  ca: {name}\n")
        with pytest.raises(ConfigurationError, match=rf"dragoman.yaml:3: no cert.*{name}: .*{why}"):
            Dragoman(file)
