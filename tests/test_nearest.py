"""What somebody may have meant who named a thing that there is not."""

from __future__ import annotations

import pytest

from dragoman.nearest import did_you_mean, nearest

IDS = ["shop.getOrder", "shop.listOrders", "shop.refundOrder", "carrier.track"]


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("shop.getOrdr", "shop.getOrder"),
        ("SHOP.GETORDER", "shop.getOrder"),
        ("getorder", "shop.getOrder"),
        ("trak", "carrier.track"),
        ("shop.listorder", "shop.listOrders"),
    ],
)
def test_the_nearest_comes_first(name: str, first: str) -> None:
    assert nearest(name, IDS)[0] == first


@pytest.mark.parametrize("name", ["", "zzz", "x" * 100_000])
def test_where_nothing_is_near_nothing_is_said(name: str) -> None:
    assert nearest(name, IDS) == []
    assert did_you_mean(name, IDS) == ""


def test_a_sentence_names_up_to_three() -> None:
    assert did_you_mean("limit", ["limits"]) == "Did you mean limits?"
    assert did_you_mean("order", ["orders", "border"]) in {
        "Did you mean orders or border?",
        "Did you mean border or orders?",
    }
    names = ["order1", "order2", "order3", "order4"]
    assert did_you_mean("order", names).count("order") == 3
    assert len(nearest("order", names, 2)) == 2


def test_of_thousands_the_nearest_is_found_as_well() -> None:
    names = [f"github.{word}{number}" for number in range(500) for word in ("get", "list", "zip")]
    assert nearest("github.lst499", names)[0] == "github.list499"


def test_names_that_differ_in_case_alone_are_both_offered() -> None:
    assert set(nearest("getorder", ["getOrder", "GetOrder"])) == {"getOrder", "GetOrder"}
