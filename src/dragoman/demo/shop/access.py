"""Who calls the shop: its own programs by key, or a customer by token; with both, the customer."""

from __future__ import annotations

from collections.abc import Mapping
from hmac import compare_digest

from aiohttp import web

from dragoman.demo.description import Operation
from dragoman.demo.keys import Credentials
from dragoman.demo.routing import Identify, Who
from dragoman.demo.work import Call, RefusalError

__all__ = ["identify_by", "is_visible", "only_for"]

_CHALLENGE = {"WWW-Authenticate": "Bearer"}


def identify_by(credentials: Credentials) -> Identify:
    """Return what tells who calls; a wrong credential is refused even beside a right one."""
    customers = {credentials.customer_token: "cu-101", credentials.other_customer_token: "cu-102"}

    def identify(request: web.Request, operation: Operation) -> Who:
        if operation.security == ():
            return Who("anybody")
        given: set[str] = set()
        if (key := request.headers.get("X-Shop-Key")) is not None:
            if not _is_same(key, credentials.shop_key):
                raise RefusalError(401, "Not authenticated", "The X-Shop-Key is not valid.")
            given.add("ShopKey")
        customer = _customer(request.headers.get("Authorization"), customers)
        if customer is not None:
            given.add("CustomerToken")
        _check(operation, given)
        return Who(customer or "shop", customer)

    return identify


def _customer(header: str | None, customers: Mapping[str, str]) -> str | None:
    if header is None:
        return None
    kind, _, given = header.partition(" ")
    found = [customer for token, customer in customers.items() if _is_same(given.strip(), token)]
    if kind.lower() != "bearer" or not found:
        raise RefusalError(
            401, "Not authenticated", "The bearer token is not valid.", headers=_CHALLENGE
        )
    return found[0]


def _check(operation: Operation, given: set[str]) -> None:
    if any(given.issuperset(alternative) for alternative in operation.security):
        return
    if not given:
        hint = "Send the header X-Shop-Key, or a customer's token as Authorization: Bearer."
        raise RefusalError(401, "Not authenticated", hint, headers=_CHALLENGE)
    raise RefusalError(403, "Not allowed", f"{operation.id} wants the shop's own X-Shop-Key.")


def _is_same(given: str, wanted: str) -> bool:
    return compare_digest(given.encode(errors="replace"), wanted.encode())


def is_visible(call: Call, customer_id: str) -> bool:
    """Whether the caller may see what belongs to this customer."""
    return call.customer is None or call.customer == customer_id


def only_for(call: Call, customer_id: str | None) -> str | None:
    """Return whose things to show, None for everybody's; raises `RefusalError` for another's."""
    if call.customer is None:
        return customer_id
    if customer_id not in (None, call.customer):
        hint = "This token shows its own customer's things only: leave customer_id out."
        raise RefusalError(403, "Not allowed", hint)
    return call.customer
