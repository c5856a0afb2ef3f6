"""The way out: through an HTTP proxy or straight, and which authorities are trusted on it.

The owner's file says so, and nothing else: HTTP_PROXY, HTTPS_PROXY and NO_PROXY of the environment
are not read, for whoever sets one would read along.
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Self
from urllib.parse import unquote

from dragoman.errors import AddressRefusedError, CredentialError, DragomanError, NetworkError
from dragoman.network.address import Address, parse_address
from dragoman.network.reach import Reach, refusal
from dragoman.network.verdict import may_dial

__all__ = ["Proxy", "Way", "proxy_refusal", "trusting"]

_METADATA_NAMES = frozenset(
    {
        *("metadata", "metadata.google.internal", "metadata.goog"),
        *("instance-data", "instance-data.ec2.internal"),
        *("metadata.tencentyun.com", "metadata.platformequinix.com"),
    }
)
"""Names by which Google, AWS, Tencent and Equinix let their metadata services be asked."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy: CONNECT for https, and whole addresses for http (RFC 9110 9.3.6, 7.6.3).

    It resolves the names of targets, so what a name leads to is not seen here. Judged before is
    what can be: a target that is an address, by the rules that hold without a proxy, and the names
    of cloud metadata services, which are never asked for. Whether another name may lead to a
    private address is for the proxy to say; that of the proxy itself was typed by the owner, and
    may be one. This machine (localhost, 127.0.0.0/8, ::1) is never reached through it.

    `direct` are hosts, each with all names below it, and a port or None for every one.
    """

    address: Address
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    direct: frozenset[tuple[str, int | None]] = frozenset()

    @classmethod
    def of(cls, url: str, without: Iterable[str] = ()) -> Self:
        """Read `http://user:password@host:port`, and the hosts that are reached without it.

        Raises `AddressRefusedError`, which never repeats the address.
        """
        scheme, slashes, rest = url.strip().partition("://")
        if scheme.lower() != "http" or not slashes:
            raise AddressRefusedError("A proxy is written as http://host:port.")
        login, _, place = rest.rpartition("@")
        user, _, password = login.partition(":")
        try:
            address = parse_address(f"http://{place}")
        except AddressRefusedError:  # which shows it: half a password, if that holds an @
            raise AddressRefusedError("What stands for host and port is neither.") from None
        if address.target != "/":
            raise AddressRefusedError("The address of a proxy ends with its port.")
        listed = Reach.of(hosts=[host.removeprefix(".") for host in without])
        return cls(address, unquote(user), unquote(password), listed.private)

    @property
    def url(self) -> str:
        """Its address, without user and password."""
        return f"http://{self.address.netloc}"

    @property
    def reach(self) -> Reach:
        """What is dialled on the way through it: itself."""
        return Reach.of(urls=[self.url])

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """What it is shown, in each request over http and in each CONNECT (RFC 7617)."""
        if not self.user and not self.password:
            return ()
        shown = base64.b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")
        return (("Proxy-Authorization", f"Basic {shown}"),)

    def carries(self, address: Address) -> bool:
        """Whether an address is reached through it."""
        host, port = address.host, address.port
        if host == "localhost" or host.endswith(".localhost"):
            return False
        if _is_numeric(host):
            names = [host]
            if ip_address(host).is_loopback:
                return False
        else:
            labels = host.split(".")
            names = [".".join(labels[start:]) for start in range(len(labels))]
        return not any((name, of) in self.direct for name in names for of in (port, None))

    def admit(self, address: Address, reach: Reach) -> None:
        """Let an address be asked for through it, or raise `AddressRefusedError`."""
        host = address.host
        private = reach.allows(host, address.port)
        if host in _METADATA_NAMES or (_is_numeric(host) and not may_dial(host, private=private)):
            raise refusal(address, host)


@dataclass(frozen=True, slots=True)
class Way:
    """How everything outside is reached; `tls` judges certificates, by default as the system."""

    proxy: Proxy | None = None
    tls: ssl.SSLContext | None = None


def trusting(authorities: Path) -> ssl.SSLContext:
    """Return what judges certificates by the authorities of the system and those of a file (PEM).

    Raises `OSError` (`ssl.SSLError` is one) for a file that cannot be read or holds none.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(authorities)
    return context


def proxy_refusal(shown: str, proxy: str, status: int) -> DragomanError:
    """Return the error for what a proxy answered itself; nothing has reached the target."""
    if status == 407:
        return CredentialError(
            f"The proxy {proxy} refused its user and password, or wants some (407).",
            hint="They stand in its address: network: {proxy: ${PROXY}}, http://user:password@host",
        )
    return NetworkError(f"{shown} was not reached: the proxy {proxy} said {status}.", sent=False)


def _is_numeric(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
