from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.tools.naming import tool_name

LEGAL = re.compile(r"[a-zA-Z0-9_-]{1,64}")

API = st.from_regex(r"[a-z][a-z0-9_-]{0,20}", fullmatch=True)
IDS = st.builds(lambda api, name: f"{api}.{name}", API, st.text(min_size=1, max_size=90))
ALIKE = st.builds(
    lambda api, name: f"{api}.{name}",
    st.text("a_-", min_size=1, max_size=3),
    st.text("a_-/. ", min_size=1, max_size=4),
)


@pytest.mark.parametrize(
    ("operation_id", "name"),
    [
        ("shop.getOrder", "shop__getOrder"),
        ("shop.get_api_orders_id", "shop__get_api_orders_id"),
        ("github.repos/list-for-user", "github__repos--list-for-user"),
        ("maps.places.search", "maps__places-_search"),
    ],
)
def test_a_name_reads_as_its_id(operation_id: str, name: str) -> None:
    assert tool_name(operation_id) == name


@pytest.mark.parametrize(
    "operation_id",
    ["shop." + "x" * 90, "shop.Bestellung löschen", "a__b.c", "shop.get--order", "shop.x_0a1b2c3d"],
)
def test_a_name_that_would_not_read_back_ends_in_a_hash(operation_id: str) -> None:
    name = tool_name(operation_id)
    assert LEGAL.fullmatch(name)
    assert re.search(r"_[0-9a-f]{8}$", name)


@given(IDS)
def test_every_name_is_legal(operation_id: str) -> None:
    assert LEGAL.fullmatch(tool_name(operation_id))


@given(st.sets(ALIKE | IDS, max_size=40))
def test_no_two_ids_have_one_name(ids: set[str]) -> None:
    assert len({tool_name(one) for one in ids}) == len(ids)


def test_long_ids_that_begin_alike_have_different_names() -> None:
    assert tool_name("shop." + "x" * 90 + "1") != tool_name("shop." + "x" * 90 + "2")
