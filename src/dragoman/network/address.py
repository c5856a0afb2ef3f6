"""An address as it is dialled and as it is shown: parsed once, strictly, and never re-encoded.

Everything that decides (reach, redirects, the Host header, the name that is resolved) uses the
host in one canonical form, so that no two spellings of it can be judged differently.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from typing import TypeAlias

from dragoman.errors import AddressRefusedError

__all__ = ["Address", "Origin", "authority_of", "canonical_host", "origin_of", "parse_address"]

Origin: TypeAlias = tuple[str, str, int]
"""Scheme, host and port. The host is lower case, IDNA, without a trailing dot or brackets."""

_PORTS = {"http": 80, "https": 443}
_SHOWN_PATH = 200
_SHOWN_HOST = 80

_URL = re.compile(r"(https?)://([^/?#]*)([^#]*)(?:#.*)?", re.IGNORECASE | re.DOTALL)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*(?=:)", re.IGNORECASE)
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_AUTHORITY = re.compile(r"(\[[^\[\]]*\]|[^\[\]:]*)(?::([0-9]{0,5}))?")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
_UNSENDABLE = re.compile(r"[^!-~]")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a request goes: `target` is path and query, byte for byte what is sent."""

    scheme: str
    host: str
    port: int
    target: str = field(repr=False)

    @property
    def origin(self) -> Origin:
        """Scheme, host and port."""
        return self.scheme, self.host, self.port

    @property
    def netloc(self) -> str:
        """Host and, where it is not the scheme's own, port: as in a Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole address, query included: not for messages."""
        return f"{self.scheme}://{self.netloc}{self.target}"

    @property
    def shown(self) -> str:
        """The address as messages name it: without the query, which may hold a secret."""
        path = self.target.partition("?")[0]
        if len(path) > _SHOWN_PATH:
            # Between segments: half a secret would not be known as one by whoever redacts.
            path = f"{path[:_SHOWN_PATH].rpartition('/')[0]}/…"
        return f"{self.scheme}://{self.netloc}{path}"


def origin_of(url: str) -> Origin:
    """Return scheme, host and port of an address.

    Raises `AddressRefusedError` for one that is not http(s), names no usable host or port, or
    holds a user name or password.
    """
    scheme, host, port, _ = _split(url)
    return scheme, host, port


def parse_address(url: str) -> Address:
    """Return an address that can be dialled; its fragment, which is never sent, is left out.

    Raises `AddressRefusedError` as `origin_of` does, and for a path or query with characters that
    cannot stand in a request line (RFC 9112 3.2): they would have to be re-encoded.
    """
    scheme, host, port, target = _split(url)
    address = Address(scheme, host, port, target if target.startswith("/") else f"/{target}")
    if found := _UNSENDABLE.search(target):
        shown = f"U+{ord(found[0]):04X}"
        raise AddressRefusedError(
            f"An address on {address.netloc} holds the character {shown}, which is not encoded:"
            " refused.",
            hint="Percent-encode it.",
        )
    return address


@lru_cache(maxsize=1024)
def authority_of(text: str) -> tuple[str, int | None]:
    """Return host and port of `host`, `host:port` or `[::1]:port`; no port is None.

    Raises `AddressRefusedError` where that is no host or no port.
    """
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        # Not repeated: it may be the front half of a password that holds a slash.
        raise AddressRefusedError("What stands for host and port is neither: refused.")
    host = canonical_host(match[1])
    if not match[2]:
        return host, None
    port = int(match[2])
    if not 0 < port < 65536:
        raise _refused(match[2], "no port")
    return host, port


def _split(url: str) -> tuple[str, str, int, str]:
    match = _URL.fullmatch(url)
    if match is None:
        scheme = _SCHEME.match(url)
        what = f"{scheme[0].lower()}: addresses are" if scheme else "A text without a scheme is"
        raise AddressRefusedError(
            f"{what} not dialled.", hint="An address begins with http:// or https:// and a host."
        )
    scheme_text, authority, target = match[1].lower(), match[2], match[3]
    if "@" in authority:
        host, _ = authority_of(authority.rpartition("@")[2])
        raise AddressRefusedError(
            f"An address on {host} holds a user name or password: refused.",
            hint="Write it without, and the credential under auth.",
        )
    host, port = authority_of(authority)
    return scheme_text, host, port or _PORTS[scheme_text], target


def canonical_host(text: str) -> str:
    """Return a host in its one form; an IPv6 address may stand in brackets or bare.

    Raises `AddressRefusedError` for what is no host.
    """
    if ":" in text or text.startswith("["):
        return _ipv6(text.removeprefix("[").removesuffix("]"))
    name = (text if text.isascii() else _idna(text)).lower().removesuffix(".")
    if not _NAME.fullmatch(name):
        raise _refused(text, "no usable host")
    if not _NUMBER.fullmatch(name.rpartition(".")[2]):
        return name
    # A name whose last label is a number is an IPv4 address or nothing (WHATWG URL 4.1.4):
    # 2130706433, 0177.0.0.1, 0x7f.1 and 127.1 are all 127.0.0.1.
    try:
        return socket.inet_ntoa(socket.inet_aton(name))
    except OSError:
        pass
    raise _refused(name, "no IPv4 address")


def _ipv6(text: str) -> str:
    try:
        # A zone (fe80::1%eth0) names an interface of this machine: no business of a description.
        if "%" not in text:
            return IPv6Address(text).compressed
    except AddressValueError:
        pass
    raise _refused(text, "no usable IPv6 address")


def _idna(text: str) -> str:
    import idna  # noqa: PLC0415 - only for names beyond ASCII

    try:
        return idna.encode(text, uts46=True).decode("ascii")
    except UnicodeError:
        pass
    raise _refused(text, "no valid internationalized name")


def _refused(text: str, what: str) -> AddressRefusedError:
    return AddressRefusedError(f"{text[:_SHOWN_HOST]!r} is {what}: refused.")
