"""Rules of the GPT editor on servers and authentication."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from dragoman.tools.actions.check import Breach, Check, Node
from dragoman.tools.actions.parts import listed, mapped, schemes, servers, text

__all__ = ["CHECKS"]

_IP = re.compile(r"[0-9.]+|.*:.*")
_OF_NO_PUBLIC_NAME = (".localhost", ".local", ".internal")

_OTHER_DOMAINS = (
    *("google.com", "googleapis.com", "microsoft.com", "microsoftonline.com"),
    *("adobe.com", "adobelogin.com"),
)
"""Of Google, Microsoft and Adobe: the only hosts beside that of the API where OAuth may be."""


def _server_given(document: Node) -> Iterator[Breach]:
    if not listed(document.get("servers")):
        yield "/servers", "there is none"


def _one_host(document: Node) -> Iterator[Breach]:
    hosts = dict.fromkeys(_split(one["url"]).netloc.lower() for _, one in servers(document))
    if len(hosts) > 1:
        yield "/servers", f"there are {', '.join(list(hosts)[:5])}"


def _server_https(document: Node) -> Iterator[Breach]:
    for at, one in servers(document):
        if _split(one["url"]).scheme != "https":
            yield at, f"it is {one['url'][:80]}"


def _server_port(document: Node) -> Iterator[Breach]:
    for at, one in servers(document):
        port = _port(one["url"])
        if _split(one["url"]).scheme == "https" and port not in (None, 443):
            yield at, f"it is {port}"


def _server_public(document: Node) -> Iterator[Breach]:
    for at, one in servers(document):
        host = _split(one["url"]).hostname or ""
        is_local = host in ("", "localhost") or host.endswith(_OF_NO_PUBLIC_NAME)
        if is_local or _IP.fullmatch(host) or "." not in host:
            yield at, f"it is {host[:80] or 'missing'}"


def _server_lower_case(document: Node) -> Iterator[Breach]:
    for at, one in servers(document):
        host = _split(one["url"]).netloc
        if host != host.lower():
            yield at, f"it is {host[:80]}"


def _split(url: str) -> Any:
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _port(url: str) -> int | None:
    try:
        port: int | None = _split(url).port
    except ValueError:
        return -1
    return port


def _one_scheme(document: Node) -> Iterator[Breach]:
    if len(names := schemes(document)) > 1:
        yield "/components/securitySchemes", f"there are {len(names):,}"


def _auth_type(document: Node) -> Iterator[Breach]:
    for name, scheme in schemes(document).items():
        kind, how = text(scheme, "type"), text(scheme, "scheme").lower()
        if kind == "http" and how in ("basic", "bearer"):
            continue
        if kind == "oauth2" and "authorizationCode" in mapped(scheme.get("flows")):
            continue
        if kind == "apiKey" and scheme.get("in") == "header":
            continue
        shown = " ".join(part for part in (kind, how, text(scheme, "in")) if part)
        yield f"/components/securitySchemes/{name}", f"it is {shown[:80] or 'not said'}"


def _oauth_fields(document: Node) -> Iterator[Breach]:
    for at, flow in _code_flows(document):
        for key in ("authorizationUrl", "tokenUrl"):
            if _split(text(flow, key)).scheme != "https":
                yield f"{at}/{key}", f"it is {text(flow, key)[:80] or 'missing'}"


def _oauth_domain(document: Node) -> Iterator[Breach]:
    hosts = {_split(one["url"]).hostname for _, one in servers(document)}
    for at, flow in _code_flows(document):
        for key in ("authorizationUrl", "tokenUrl"):
            host = _split(text(flow, key)).hostname
            known = host and any(host == one or host.endswith(f".{one}") for one in _OTHER_DOMAINS)
            if host and host not in hosts and not known:
                yield f"{at}/{key}", f"it is {host[:80]}"


def _code_flows(document: Node) -> Iterator[tuple[str, Node]]:
    for name, scheme in schemes(document).items():
        flow = mapped(scheme.get("flows")).get("authorizationCode")
        if isinstance(flow, Mapping):
            yield f"/components/securitySchemes/{name}/flows/authorizationCode", flow


CHECKS = (
    Check(
        "server",
        "reported",
        "a server is named",
        "Add its public address under servers.",
        _server_given,
    ),
    Check(
        "one-host",
        "reported",
        "all servers are one host",
        "Make a document for each host.",
        _one_host,
    ),
    Check(
        "server-https",
        "documented",
        "a server is reached by https",
        "Use the public https address.",
        _server_https,
    ),
    Check(
        "server-port",
        "documented",
        "the port is 443",
        "Serve it on port 443.",
        _server_port,
    ),
    Check(
        "server-public",
        "reported",
        "a server has a public name",
        "Use a host name that the internet knows.",
        _server_public,
    ),
    Check(
        "server-lower-case",
        "reported",
        "a host is written in lower case",
        "Write it in lower case.",
        _server_lower_case,
    ),
    Check(
        "one-scheme",
        "documented",
        "there is one security scheme at the most",
        "Keep the one that all operations share.",
        _one_scheme,
    ),
    Check(
        "auth-type",
        "documented",
        "a scheme is Basic, Bearer, a custom header, or OAuth with an authorization code",
        "Use one of these.",
        _auth_type,
    ),
    Check(
        "oauth-fields",
        "documented",
        "OAuth has an authorization and a token address, by https",
        "Name both.",
        _oauth_fields,
    ),
    Check(
        "oauth-domain",
        "documented",
        "the addresses of OAuth are on the host of the API",
        "Use an API and an authorization server on one host.",
        _oauth_domain,
    ),
)
