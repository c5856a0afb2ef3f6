from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.by_hand import SHOP, operation
from dragoman.catalog.catalog import Catalog
from dragoman.catalog.index import words_of
from dragoman.operation import Operation

CATALOG = Catalog.of(SHOP)


def found(text: str, limit: int = 5) -> list[str]:
    return [hit.operation.name for hit in CATALOG.search(text, limit)]


def test_the_best_fit_comes_first() -> None:
    assert found("refund an order", 1) == ["refundOrder"]
    assert found("how many units are on hand?", 1) == ["getStock"]


def test_words_inside_names_are_found() -> None:
    assert found("stock", 1) == ["getStock"]
    assert found("getStock", 1) == ["getStock"]
    assert found("get_stock", 1) == ["getStock"]


def test_other_forms_of_a_word_are_found() -> None:
    assert found("refunding", 1) == ["refundOrder"]


def test_path_parameters_are_found() -> None:
    assert set(found("sku", 2)) == {"getProduct", "getStock"}


def test_what_finds_the_id_that_an_operation_needs_is_found_with_it() -> None:
    shop = [
        operation("shop.getCard", "GET /v1/customers/{customer}/cards/{card}", summary="Read it"),
        operation("shop.listCards", "GET /v1/customers/{customer}/cards"),
        operation("shop.listCustomers", "GET /v1/customers"),
        operation("shop.searchCustomers", "GET /v1/search/customers"),
        operation("shop.createCustomer", "POST /v1/customers"),
        operation("shop.ping", "GET /v1/ping"),
        operation("other.customers", "GET /v1/customers"),
    ]
    hits = Catalog.of(shop).search("read it", 10)
    assert [hit.operation.id for hit in hits] == [
        "shop.getCard",
        "shop.listCards",
        "shop.listCustomers",
        "shop.searchCustomers",
    ]
    assert hits[0].score > hits[1].score


def test_what_an_operation_takes_and_gives_is_found() -> None:
    shop = [
        operation("shop.a", "POST /a", takes="couponCode The code of a voucher", gives="total"),
        operation("shop.b", "POST /b", takes="note", gives="trackingNumber"),
    ]
    catalog = Catalog.of(shop)
    assert [hit.operation.name for hit in catalog.search("coupon code", 1)] == ["a"]
    assert [hit.operation.name for hit in catalog.search("the tracking number", 1)] == ["b"]


def test_a_name_counts_for_more_than_a_long_description() -> None:
    shop = [
        operation("shop.b", "GET /b", description="About an invoice. " * 40),
        operation("shop.getInvoice", "GET /invoices/{id}", description="Long. " * 200),
    ]
    assert Catalog.of(shop).search("invoice", 1)[0].operation.name == "getInvoice"


def test_a_long_word_finds_longer_ones_and_a_short_one_does_not() -> None:
    assert found("subscri", 3) == []
    shop = Catalog.of([operation("shop.isOpen", "GET /open"), operation("shop.invitations")])
    assert [hit.operation.name for hit in shop.search("invite", 5)] == ["invitations"]
    assert shop.search("op", 5) == []


def test_whose_summary_says_just_that_comes_first() -> None:
    shop = [
        operation("shop.b", "POST /b", summary="Create a note for an issue", tags=("issue",)),
        operation("shop.c", "POST /c", summary="An issue is what one may create a label for"),
        operation("shop.a", "POST /a", summary="Create an issue", description="Long. " * 90),
    ]
    assert Catalog.of(shop).search("create an issue", 1)[0].operation.name == "a"


def test_paths_without_end_are_read_as_far_as_the_bounds_go() -> None:
    many = [operation(f"big.op{n}", "GET " + "/things" * n) for n in range(300)]
    many += [operation(f"big.by{n}", f"GET /a{n}/things/{{id}}") for n in range(2_000)]
    start = time.perf_counter()
    assert len(Catalog.of(many).search("things", 5)) == 5
    assert time.perf_counter() - start < 2


def test_a_hit_has_a_score_that_falls() -> None:
    scores = [hit.score for hit in CATALOG.search("refund order", 5)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 0


def test_the_limit_holds_and_none_is_none() -> None:
    assert len(found("order", 2)) == 2
    assert found("order", 0) == []


def test_search_may_be_narrowed_to_what_one_may_use() -> None:
    hits = CATALOG.search("order", 3, among={"shop.cancelOrder"})
    assert [hit.operation.name for hit in hits] == ["cancelOrder"]


def test_a_text_without_words_finds_nothing() -> None:
    assert found("") == found("?! …") == []


@pytest.mark.parametrize(
    "text", ['"', "order OR", "name:order", "order*", "NEAR(a b)", "^order", "-order", "a\0b", "'"]
)
def test_nothing_in_a_text_is_syntax(text: str) -> None:
    assert isinstance(found(text), list)


@given(st.text(max_size=80))
def test_any_text_is_a_query(text: str) -> None:
    found(text)


def test_a_text_of_any_length_is_bounded() -> None:
    start = time.perf_counter()
    found("refund order " * 100_000)
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("getOrderByID", ["get", "Order", "By", "ID"]),
        ("get_order-by.id", ["get", "order", "by", "id"]),
        ("HTTPServer", ["HTTP", "Server"]),
        ("GET /orders/{order_id}", ["GET", "orders", "order", "id"]),
        ("", []),
    ],
)
def test_names_are_split_into_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_threads_may_search_at_the_same_time() -> None:
    catalog = Catalog.of(SHOP)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: catalog.search("refund", 1), range(64)))
    assert {hits[0].operation.name for hits in results} == {"refundOrder"}


def test_over_a_thousand_operations_are_indexed_at_once() -> None:
    many: list[Operation] = [
        operation(
            f"big.getThing{number}",
            f"GET /things/{number}/{{id}}",
            summary=f"Thing {number}",
            description="It is there, has a colour, a price and a name. " * 4,
        )
        for number in range(1_223)
    ]
    catalog = Catalog.of(many)
    start = time.perf_counter()
    hits = catalog.search("thing 77", 1)
    assert time.perf_counter() - start < 1, "20 ms on the machine this was written on"
    assert hits[0].operation.name == "getThing77"
