"""What kind of place an IP address is: public, private, or one that is never dialled.

The networks are written down here, not asked of `ipaddress.is_private`: what that answers changed
within Python 3.11, and it knows no addresses inside addresses.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

__all__ = ["Verdict", "judge", "may_dial"]


class Verdict(StrEnum):
    """Who may be told to dial an address.

    `PUBLIC`: anyone. `PRIVATE`: only an exchange whose reach lists the host. `NEVER`: nobody.
    """

    PUBLIC = "public"
    PRIVATE = "private"
    NEVER = "never"


def _v4(networks: str) -> tuple[IPv4Network, ...]:
    return tuple(IPv4Network(text) for text in networks.split())


def _v6(networks: str) -> tuple[IPv6Network, ...]:
    return tuple(IPv6Network(text) for text in networks.split())


# Where clouds hand out credentials to whoever asks: AWS, Google, Azure (the whole /24 of each),
# AWS ECS and EKS, Tencent, Scaleway, Alibaba, Oracle, Azure's wire server.
_METADATA_V4 = _v4(
    "169.254.169.0/24 169.254.170.0/24 169.254.0.23/32 169.254.42.42/32"
    " 100.100.100.200/32 192.0.0.192/32 168.63.129.16/32"
)
_METADATA_V6 = _v6("fd00:ec2::/32 fd20:ce::254/128 fd00:42::42/128")

# IANA's IPv4 Special-Purpose Address Registry (RFC 6890), multicast (RFC 5771), class E.
_SPECIAL_V4 = _v4(
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24"
    " 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24"
    " 224.0.0.0/4 240.0.0.0/4"
)

# All global unicast lies in 2000::/3 (RFC 4291 2.4); what is special within it is listed:
# protocol assignments with Teredo (RFC 2928, RFC 4380) and documentation (RFC 3849, RFC 9637).
_GLOBAL_V6 = IPv6Network("2000::/3")
_SPECIAL_V6 = _v6("2001::/23 2001:db8::/32 3fff::/20")

_MAPPED = IPv6Network("::ffff:0:0/96")  # RFC 4291 2.5.5.2
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052 2.1
_SIX_TO_FOUR = IPv6Network("2002::/16")  # RFC 3056 2


@lru_cache(maxsize=4096)
def judge(address: str) -> Verdict:
    """Return what kind of place a numeric address is; `NEVER` for text that is none.

    An IPv4 address that is wrapped in IPv6 (mapped, NAT64, 6to4) is judged as itself.
    """
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return Verdict.NEVER
    if isinstance(ip, IPv4Address):
        return _judge(ip, _METADATA_V4, _SPECIAL_V4)
    wrapped = _wrapped(ip)
    if wrapped is not None:
        return _judge(wrapped, _METADATA_V4, _SPECIAL_V4)
    verdict = _judge(ip, _METADATA_V6, _SPECIAL_V6)
    return Verdict.PRIVATE if verdict is Verdict.PUBLIC and ip not in _GLOBAL_V6 else verdict


def may_dial(address: str, *, private: bool) -> bool:
    """Tell whether an exchange may dial an address; `private`: its reach allows private ones."""
    verdict = judge(address)
    return verdict is Verdict.PUBLIC or (private and verdict is Verdict.PRIVATE)


def _judge(
    ip: IPv4Address | IPv6Address,
    metadata: Iterable[IPv4Network | IPv6Network],
    special: Iterable[IPv4Network | IPv6Network],
) -> Verdict:
    if any(ip in network for network in metadata):
        return Verdict.NEVER
    if any(ip in network for network in special):
        return Verdict.PRIVATE
    return Verdict.PUBLIC


def _wrapped(ip: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that packets to this IPv6 address end up at, if there is one."""
    if ip in _MAPPED or ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    if ip in _SIX_TO_FOUR:
        return IPv4Address((int(ip) >> 80) & 0xFFFFFFFF)
    return None
