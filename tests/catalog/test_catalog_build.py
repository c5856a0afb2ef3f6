from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from catalog.by_hand import SHOP, operation
from dragoman.catalog.build import build
from dragoman.catalog.catalog import Catalog
from dragoman.config.settings import Settings
from dragoman.errors import ConfigurationError, NotFoundError
from dragoman.operation import Effect, Operation


@dataclass
class Described:
    """As much of a description as the catalog reads."""

    api: str
    operations: dict[str, Operation]


def described(*operations: Operation) -> Described:
    return Described(operations[0].api, {one.id: one for one in operations})


def settings(shop: dict[str, Any] | None = None, **top: Any) -> Settings:
    shop = {"openapi": "./shop.json", **(shop or {})}
    return Settings.model_validate({"apis": {"shop": shop, **top.pop("apis", {})}, **top})


def built(shop: dict[str, Any] | None = None, **top: Any) -> Catalog:
    return build([described(*SHOP)], settings(shop, **top))


def faults(shop: dict[str, Any] | None = None, **top: Any) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        built(shop, **top)
    return caught.value.messages


def test_the_order_of_the_description_stays() -> None:
    assert list(built().operations) == [one.id for one in SHOP]


def test_include_and_exclude_say_what_is_served() -> None:
    catalog = built({"include": ["tag:orders"], "exclude": ["delete*", "shop.cancelOrder"]})
    assert list(catalog.operations) == ["shop.listOrders", "shop.getOrder", "shop.refundOrder"]


def test_the_owner_corrects_the_effect() -> None:
    catalog = built({"operations": {"refundOrder": {"effect": "destructive"}}})
    assert catalog.get("shop.refundOrder").effect is Effect.DESTRUCTIVE
    assert catalog.get("shop.cancelOrder").effect is Effect.WRITE


def test_the_owner_s_description_replaces_summary_and_description() -> None:
    catalog = built({"operations": {"getOrder": {"description": "An order and its parcel."}}})
    order = catalog.get("shop.getOrder")
    assert (order.summary, order.description) == ("", "An order and its parcel.")


def test_an_include_that_names_nothing_is_an_error_with_the_nearest() -> None:
    [tag, route, name] = faults({"include": ["tag:order", "GET /product", "getOrdr", "get*"]})
    assert tag == (
        "apis.shop.include: 'tag:order' in apis.shop.include names no operation. "
        "Did you mean tag:orders?"
    )
    assert "Did you mean GET /products" in route
    assert "Did you mean getOrder" in name


def test_an_exclude_may_name_what_is_not_there_yet_only_with_a_wildcard() -> None:
    assert built({"exclude": ["admin*", "DELETE /admin/**"]})
    [fault] = faults({"exclude": ["deleteOrdr"]})
    assert fault.endswith("names no operation. Did you mean deleteOrder?")


def test_pages_are_asked_for_by_an_argument_that_there_is() -> None:
    pages = {"listOrders": {"pages": {"argument": "curser"}}}
    assert faults({"operations": pages}) == (
        "apis.shop.operations.listOrders.pages: listOrders has no argument 'curser'. It has: none.",
    )


def test_a_key_under_operations_that_names_nothing_is_an_error() -> None:
    [fault] = faults({"operations": {"getOrdr": {"repeatable": True}}})
    assert fault.startswith("apis.shop.operations.getOrdr: there is no operation 'getOrdr' in shop")
    assert "getOrder" in fault


def test_a_key_under_operations_may_name_an_excluded_operation() -> None:
    catalog = built({"exclude": ["delete*"], "operations": {"deleteOrder": {"omit": ["x"]}}})
    assert "shop.deleteOrder" not in catalog.operations


def test_a_toolset_glob_that_names_nothing_is_an_error() -> None:
    toolsets = {"support": {"tools": ["shop.*", "shp.get*", "shop"]}}
    assert faults(toolsets=toolsets) == (
        "toolsets.support.tools: 'shp.get*' in toolsets.support.tools names no operation. "
        "Did you mean shop.get*?",
        "toolsets.support.tools: 'shop' in toolsets.support.tools names no operation. "
        "Did you mean shop.*?",
    )


def test_a_toolset_is_not_blamed_for_an_api_that_was_not_read() -> None:
    apis = {"carrier": {"openapi": "http://carrier.example/openapi.json"}}
    assert built(apis=apis, toolsets={"all": {"tools": ["shop.*", "carrier.*"]}})


def test_all_faults_are_told_at_once_with_their_lines() -> None:
    with pytest.raises(ConfigurationError) as caught:
        build(
            [described(*SHOP)],
            settings({"include": ["nope*", "get*"], "operations": {"nope": {}}}),
            where=lambda *path: f"dragoman.yaml:{len(path)}",
        )
    assert [message.partition(" ")[0] for message in caught.value.messages] == [
        "dragoman.yaml:3:",
        "dragoman.yaml:4:",
    ]


def test_get_names_the_nearest_three() -> None:
    with pytest.raises(NotFoundError) as caught:
        built().get("shop.getOrdr")
    assert str(caught.value).startswith(
        "There is no operation shop.getOrdr. Did you mean shop.getOrder"
    )
    assert str(caught.value).count("shop.") == 4
    with pytest.raises(NotFoundError, match=r"Did you mean shop\.getStock"):
        built().get("getStock")
    with pytest.raises(NotFoundError) as caught:
        built().get("zzzzzzzz")
    assert caught.value.hint == ""


def test_select_takes_globs_of_ids_and_keeps_the_catalog_s_order() -> None:
    catalog = built()
    assert [one.name for one in catalog.select(["shop.getStock", "shop.list*"])] == [
        "listOrders",
        "listProducts",
        "getStock",
    ]
    assert len(catalog.select(["shop.*"])) == len(SHOP)
    with pytest.raises(NotFoundError, match=r"No operation is named shop\.gone"):
        catalog.select(["shop.*", "shop.gone*"])


def test_two_apis_may_have_operations_of_one_name() -> None:
    catalog = Catalog.of([operation("shop.list"), operation("helpdesk.list")])
    assert list(catalog.operations) == ["shop.list", "helpdesk.list"]
