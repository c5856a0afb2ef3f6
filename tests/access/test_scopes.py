"""What a scope lets a caller use; the default is nothing."""

from __future__ import annotations

import pytest

from dragoman.access.scopes import parse_scope, permits
from dragoman.operation import Contract, Effect, Operation


def operation(name: str, effect: Effect, api: str = "shop", *tags: str) -> Operation:
    return Operation(
        f"{api}.{name}",
        api,
        name,
        "http",
        effect,
        tags=tags,
        read=lambda: Contract({}, (), None),
    )


GET = operation("getOrder", Effect.READ, "shop", "orders")
REFUND = operation("refundOrder", Effect.WRITE, "shop", "orders", "money")
DELETE = operation("deleteOrder", Effect.DESTRUCTIVE, "shop", "orders")
OTHER = operation("getOrder", Effect.READ, "shop2", "orders")


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("shop", {GET, REFUND, DELETE}),
        ("shop:read", {GET}),
        ("shop:write", {REFUND}),
        ("shop:destructive", {DELETE}),
        ("shop#money", {REFUND}),
        ("shop.getOrder", {GET}),
        ("shop.*Order", {GET, REFUND, DELETE}),
        ("shop.get*", {GET}),
        ("shop2", {OTHER}),
        ("sho", set()),
        ("shop.GETORDER", set()),
    ],
)
def test_a_scope_permits_these_and_no_others(scope: str, allowed: set[Operation]) -> None:
    parsed = parse_scope(scope)
    assert {o for o in (GET, REFUND, DELETE, OTHER) if permits(parsed, o)} == allowed


@pytest.mark.parametrize("text", ["", "shop:", "shop:reads", ":read", "shop#", "shop."])
def test_what_is_no_scope_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_scope(text)
