"""Fields that no model ever sees are taken out wherever a pattern names them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.call.hide import hide

ORDER = {
    "id": "1042",
    "card_number": "4111",
    "customer": {"name": "Ana", "email": "a@x", "home": {"phone": "1"}, "work": {"phone": "2"}},
    "lines": [{"sku": "A", "note": "x", "card_number": "1"}, {"sku": "B", "note": "y"}],
}


@pytest.mark.parametrize(
    ("patterns", "gone"),
    [
        (["card_number"], [("card_number",)]),
        (["**.card_number"], [("card_number",), ("lines", 0, "card_number")]),
        (["customer.email"], [("customer", "email")]),
        (["customer.*.phone"], [("customer", "home", "phone"), ("customer", "work", "phone")]),
        (["lines.note"], [("lines", 0, "note"), ("lines", 1, "note")]),
        (["*.note", "**.sku"], [("lines", n, k) for n in (0, 1) for k in ("note", "sku")]),
        (["CARD_NUMBER"], [("card_number",)]),
        (["card_*"], [("card_number",)]),
        (["customer.**.phone"], [("customer", "home", "phone"), ("customer", "work", "phone")]),
        (["email"], []),
        (["customer"], [("customer",)]),
    ],
)
def test_what_a_pattern_names_is_gone_and_nothing_else(patterns, gone) -> None:
    import copy

    expected = copy.deepcopy(ORDER)
    for *path, last in gone:
        place = expected
        for step in path:
            place = place[step]
        del place[last]
    assert hide(ORDER, patterns) == expected


def test_lists_within_lists_and_a_list_at_the_root_are_passed_through() -> None:
    assert hide([[{"a": 1, "b": 2}]], ["a"]) == [[{"b": 2}]]
    assert hide("text", ["a"]) == "text"


def test_without_patterns_nothing_is_touched() -> None:
    assert hide(ORDER, []) is ORDER


values = st.recursive(
    st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=20,
)


def names_in(value) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {name for one in value.values() for name in names_in(one)}
    if isinstance(value, list):
        return {name for one in value for name in names_in(one)}
    return set()


@given(values)
def test_a_name_at_any_depth_is_nowhere_left_and_others_stay_where_they_were(value) -> None:
    left = hide(value, ["**.a"])
    assert "a" not in names_in(left)
    assert hide(left, ["**.a"]) == left


def test_many_wildcards_do_not_take_for_ever() -> None:
    deep: object = "end"
    for _ in range(60):
        deep = {"a": deep, "b": 1}
    pattern = ".".join(["**", "a"] * 15) + ".zzz"
    assert hide(deep, [pattern]) == deep


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("straße", "STRASSE"),
        ("caf\u00e9", "cafe\u0301"),
        ("\u0130d", "\u0130D"),
        ("**.PIN", "Pin"),
    ],
)
def test_names_are_the_same_in_any_case_and_any_form_of_unicode(pattern: str, name: str) -> None:
    assert hide({name: 1, "kept": 2}, [pattern]) == {"kept": 2}


def test_long_names_are_not_remembered() -> None:
    from dragoman.call import hide as module

    before = module._step.cache_info().currsize
    assert hide({f"{n}" + "x" * 10_000: n for n in range(50)}, ["**.zz"])
    assert module._step.cache_info().currsize == before


def test_text_of_one_long_word_is_searched_in_time() -> None:
    text = "ab" * 500_000
    assert hide(text, ["**.*a*b*c*", "**.card"]) != text
    assert hide(text, ["**.card_number", "**.x*zz*y"]) == text
