"""Where a redirect leads, and whether it is followed: only reads, only within one origin."""

from __future__ import annotations

from urllib.parse import quote, urljoin

from dragoman.errors import AddressRefusedError, ResponseError
from dragoman.network.address import Address, parse_address

__all__ = ["is_redirect", "next_address"]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FOLLOWED = frozenset({"GET", "HEAD"})
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


def is_redirect(status: int) -> bool:
    """Tell whether a status sends the client elsewhere (RFC 9110 15.4); 304 does not."""
    return status in _REDIRECTS


def next_address(
    address: Address, *, method: str, status: int, location: str | None, left: int
) -> Address:
    """Return where to ask next.

    Raises `ResponseError`, which says where it pointed, for a method other than GET and HEAD
    (303 after POST too: the write has happened), another origin, no usable address, or when no
    redirect is left.
    """
    answered = f"{address.shown} answered {status}"
    if not location:
        raise ResponseError(f"{answered} without saying where to go.")
    target = _resolve(address, location)
    if target is None:
        raise ResponseError(f"{answered} and pointed to something that is no usable address.")
    pointed = f"{answered} and pointed to {target.shown}"
    if target.origin != address.origin:
        raise ResponseError(
            f"{pointed}: another origin, not followed.",
            hint="If that address is right, write it in the configuration.",
        )
    if method not in _FOLLOWED:
        raise ResponseError(f"{pointed}: not followed after {method}.")
    if left <= 0:
        raise ResponseError(f"{pointed}: too many redirects, not followed.")
    return target


def _resolve(address: Address, location: str) -> Address | None:
    """Return the address that a Location header names (RFC 9110 10.2.2), None for junk."""
    try:
        # Servers send blanks and UTF-8 as they are; everything else stays byte for byte.
        return parse_address(urljoin(address.url, quote(location, safe=_PRINTABLE)))
    except (AddressRefusedError, ValueError):
        return None
