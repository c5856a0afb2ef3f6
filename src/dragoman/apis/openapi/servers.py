"""Servers: absolute addresses, with the default values of their variables and no others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from dragoman.apis.openapi.document import Document, text_of
from dragoman.errors import AddressRefusedError, DescriptionError
from dragoman.network.address import parse_address
from dragoman.operation import JsonObject, JsonValue

__all__ = ["Server", "Servers", "resolved"]

_VARIABLE = re.compile(r"\{([^{}]*)\}")
_DOTS = re.compile(r"/(?:\.|%2e){1,2}(?:/|\Z)", re.IGNORECASE)
_PATH = re.compile(r"(?!//)[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")
"""What is safe in a path (RFC 3986, section 3.3), and is no address without its scheme."""

_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Server:
    """The server of an operation, without a slash at its end, and why it is not the first."""

    url: str
    change: str = ""


@dataclass(frozen=True, slots=True)
class Servers:
    """Chooses servers of one document; `base_url` replaces all of them."""

    document: Document
    base_url: str | None

    def of(self, *owners: JsonObject) -> Server:
        """Return the server of an operation, given the objects that may name one, nearest first.

        Raises `DescriptionError` where none of those that are named can be used.
        """
        if self.base_url is not None:
            return Server(_usable(self.base_url, self.document))
        faults = []
        for index, server in enumerate(_named(*owners, self.document.root)):
            try:
                url = _usable(_with_defaults(server), self.document)
            except DescriptionError as error:
                faults.append(error.detail)
                continue
            return Server(url, f"the first server cannot be used: {faults[0]}" if index else "")
        raise DescriptionError(faults[0])

    def all(self, *owners: JsonObject) -> Iterator[str]:
        """Yield every address that these objects name and that can be used."""
        named = [{"url": self.base_url}] if self.base_url is not None else _named(*owners)
        for server in named:
            try:
                yield _usable(_with_defaults(server), self.document)
            except DescriptionError:
                continue

    def relative(self, *owners: JsonObject) -> Iterator[str]:
        """Yield the paths of servers on a host that is not named, of a document from a disk."""
        if self.base_url is not None or "://" in self.document.location:
            return
        for server in _named(*owners):
            try:
                url = _with_defaults(server)
            except DescriptionError:
                continue
            if "://" not in url and _PATH.fullmatch(url) and not _DOTS.search(f"/{url.strip('/')}"):
                yield f"/{url.strip('/')}"


def resolved(url: str, base: str) -> str:
    """Return an address, relative to another; raises `DescriptionError` where that is none."""
    try:
        absolute = urljoin(base, url)
        parse_address(absolute)
    except (ValueError, AddressRefusedError) as error:
        said = error.detail if isinstance(error, AddressRefusedError) else str(error)
        raise DescriptionError(f"the address {url[:_SHOWN]} cannot be used: {said}") from None
    return absolute


def _named(*owners: JsonObject) -> list[JsonValue]:
    for owner in owners:
        servers = owner.get("servers")
        if isinstance(servers, list) and servers:
            return servers
    # Without any, the server is that of the document (OpenAPI 3.1.1, section 4.8.1.1).
    return [{"url": "/"}]


def _with_defaults(server: JsonValue) -> str:
    if not isinstance(server, dict) or not isinstance(server.get("url"), str):
        raise DescriptionError("a server has no address")
    variables = server.get("variables")

    def default(match: re.Match[str]) -> str:
        variable = variables.get(match[1]) if isinstance(variables, dict) else None
        if not isinstance(variable, dict) or not isinstance(variable.get("default"), str | int):
            raise DescriptionError(f"the server variable {match[1][:_SHOWN]} has no default")
        value = variable["default"]
        return str(value).lower() if isinstance(value, bool) else str(value)

    return _VARIABLE.sub(default, text_of(server, "url").strip())


def _usable(url: str, document: Document) -> str:
    base = document.location if "://" in document.location else ""
    if not base and url.startswith("//"):
        url = f"https:{url}"
    elif not base and "://" not in url:
        raise DescriptionError(
            f"its server {url[:_SHOWN]} is relative, and the document was not fetched from"
            " an address: set base_url"
        )
    absolute = resolved(url, base).rstrip("/")
    parts = urlsplit(absolute)
    if parts.query or parts.fragment or "?" in absolute or "#" in absolute:
        raise DescriptionError(f"the server {url[:_SHOWN]} has a query or fragment")
    if _DOTS.search(parts.path):
        raise DescriptionError(f"the server {url[:_SHOWN]} has a segment of dots")
    return absolute
