from __future__ import annotations

import pytest

from catalog.by_hand import SHOP, operation
from dragoman.catalog.selection import matches, names, selected


def chosen(pattern: str) -> set[str]:
    return {one.name for one in SHOP if matches(one, pattern)}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("delete*", {"deleteOrder"}),
        ("shop.getOrder", {"getOrder"}),
        ("shop.get*", {"getOrder", "getProduct", "getStock"}),
        ("GETORDER", set()),
        ("tag:money", {"refundOrder"}),
        ("tag: stock", {"listProducts", "getProduct"}),
        ("tag:s*", {"listProducts", "getProduct"}),
        ("GET /products/**", {"listProducts", "getProduct", "getStock"}),
        ("GET /products/*", {"getProduct"}),
        ("get /products", {"listProducts"}),
        ("GET /products/{sku}", {"getProduct"}),
        ("GET /**/stock", {"getStock"}),
        ("GET /prod*", {"listProducts"}),
        ("DELETE /**", {"deleteOrder"}),
        ("* /orders/*/*", {"cancelOrder", "refundOrder"}),
        ("/orders", {"listOrders"}),
    ],
)
def test_a_pattern_names_operations_by_name_tag_or_route(pattern: str, expected: set[str]) -> None:
    assert chosen(pattern) == expected


def test_a_star_does_not_cross_a_slash() -> None:
    assert "getStock" not in chosen("GET /products/*")


def test_a_path_is_compared_whole() -> None:
    assert chosen("GET /order") == set()


def test_characters_of_expressions_are_themselves_in_a_path() -> None:
    one = operation("a.b", "GET /v1.0/items(x)/[y]")
    assert matches(one, "GET /v1.0/items(x)/[y]")
    assert not matches(one, "GET /v1x0/items(x)/[y]")


def test_a_name_with_brackets_is_named_by_itself() -> None:
    assert matches(operation("a.list[0]"), "list[0]")
    assert names("a.list[0]", "a.list[0]")


def test_without_include_all_are_selected() -> None:
    assert all(selected(one, [], []) for one in SHOP)


def test_exclude_wins_over_include() -> None:
    assert not selected(SHOP[4], ["tag:orders"], ["delete*"])
    assert selected(SHOP[1], ["tag:orders"], ["delete*"])
    assert not selected(SHOP[5], ["tag:orders"], [])
