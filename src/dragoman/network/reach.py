"""Which private addresses an exchange may dial, and the refusal when it may not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dragoman.errors import AddressRefusedError
from dragoman.network.address import Address, authority_of, origin_of
from dragoman.network.verdict import Verdict, judge

__all__ = ["Reach", "refusal"]


@dataclass(frozen=True, slots=True)
class Reach:
    """Which private addresses an exchange may dial: a host or host and port that the owner named.

    `private` holds pairs of canonical host and port; a port of None stands for every port.
    Public addresses may always be dialled, those of cloud metadata services never.
    """

    private: frozenset[tuple[str, int | None]] = frozenset()

    @classmethod
    def of(cls, *, urls: Iterable[str] = (), hosts: Iterable[str] = ()) -> Reach:
        """Return the reach of addresses that the owner typed and of entries of `allow_private`.

        Raises `AddressRefusedError` for what names no host.
        """
        typed = (origin_of(url)[1:] for url in urls)
        return cls(frozenset({*typed, *(authority_of(_bracketed(host)) for host in hosts)}))

    def allows(self, host: str, port: int) -> bool:
        """Tell whether this host, in its canonical form, may be private at this port."""
        return (host, port) in self.private or (host, None) in self.private


def _bracketed(host: str) -> str:
    """Return a listed host as it stands in a URL: a bare IPv6 address has no port behind it."""
    return f"[{host}]" if host.count(":") > 1 and not host.startswith("[") else host


def refusal(address: Address, ip: str) -> AddressRefusedError:
    """Return the error for an address that led to an IP address which it may not lead to."""
    named = address.shown if ip == address.host else f"{address.shown}, which is {ip},"
    if judge(ip) is Verdict.NEVER:
        return AddressRefusedError(f"{named} is where a cloud keeps its credentials: refused.")
    listed = f'"{address.netloc}"' if ":" in address.host else address.netloc
    return AddressRefusedError(
        f"{named} came from the document, not from you: refused.",
        hint=f"If it is yours: allow_private: [{listed}]",
    )
