"""What an overlay does to a description, what is told of one that is wrong, and its bounds."""

from __future__ import annotations

import copy
import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.apis.openapi import jsonpath
from dragoman.apis.openapi.load import parsed
from dragoman.apis.openapi.overlay import apply
from dragoman.config.load import load as load_configuration
from dragoman.errors import ConfigurationError, DescriptionError

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Parcels", "version": "4"},
    "servers": [{"url": "https://parcels.example"}],
    "tags": [{"name": "public"}],
    "paths": {
        "/parcels": {
            "get": {
                "operationId": "list",
                "tags": ["public", "beta"],
                "parameters": [{"name": "page", "in": "query"}, {"name": "debug", "in": "query"}],
            },
            "post": {"operationId": "send", "x-audience": "staff"},
        },
        "/parcels/{id}": {
            "get": {"operationId": "track", "parameters": [{"name": "debug", "in": "query"}]},
        },
    },
}


def laid_over(*actions: dict[str, Any], version: str = "1.1.0") -> tuple[Any, tuple[str, ...]]:
    overlay = {"overlay": version, "info": {"title": "t", "version": "1"}, "actions": [*actions]}
    return apply(DOCUMENT, overlay, "fix.yaml")


def changed(*actions: dict[str, Any], version: str = "1.1.0") -> Any:
    document, findings = laid_over(*actions, version=version)
    assert findings == ()
    return document


def refused(*actions: dict[str, Any], document: Any = None, version: str = "1.1.0") -> str:
    overlay = {"overlay": version, "actions": [*actions]}
    with pytest.raises(DescriptionError) as told:
        apply(DOCUMENT if document is None else document, overlay, "fix.yaml")
    return str(told.value)


# What the three verbs do


def test_an_update_by_path_is_merged_into_what_is_there() -> None:
    made = changed({"target": "$.paths['/parcels'].get", "update": {"summary": "All parcels"}})
    assert made["paths"]["/parcels"]["get"] == {
        **DOCUMENT["paths"]["/parcels"]["get"],
        "summary": "All parcels",
    }


def test_an_update_of_the_root_may_have_the_shape_of_the_document() -> None:
    made = changed(
        {"target": "$", "update": {"info": {"title": "Post"}, "paths": {"/new": {"get": {}}}}}
    )
    assert made["info"] == {"title": "Post", "version": "4"}
    assert list(made["paths"]) == ["/parcels", "/parcels/{id}", "/new"]


def test_a_wildcard_updates_many_places() -> None:
    made = changed({"target": "$.paths.*.get", "update": {"x-safe": True}})
    assert [item["get"]["x-safe"] for item in made["paths"].values()] == [True, True]
    assert "x-safe" not in made["paths"]["/parcels"]["post"]


def test_a_filter_updates_what_it_fits() -> None:
    target = "$.paths.*.get.parameters[?@.name == 'debug' && @.in == 'query']"
    made = changed({"target": target, "update": {"deprecated": True}})
    assert made["paths"]["/parcels"]["get"]["parameters"] == [
        {"name": "page", "in": "query"},
        {"name": "debug", "in": "query", "deprecated": True},
    ]


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_a_list_gets_an_item_or_the_items_of_a_list(version: str) -> None:
    at = {"target": "$.paths['/parcels/{id}'].get.parameters"}
    one, two = {"name": "lang", "in": "query"}, {"name": "unit", "in": "query"}
    for update, names in ((one, ["debug", "lang"]), ([one, two], ["debug", "lang", "unit"])):
        made = changed({**at, "update": update}, version=version)
        listed = made["paths"]["/parcels/{id}"]["get"]["parameters"]
        assert [parameter["name"] for parameter in listed] == names


def test_a_list_inside_of_an_update_is_joined_to_the_one_that_is_there() -> None:
    made = changed({"target": "$", "update": {"tags": [{"name": "beta"}]}})
    assert made["tags"] == [{"name": "public"}, {"name": "beta"}]


def test_a_plain_value_is_replaced_where_it_stands() -> None:
    made = changed({"target": "$.info.title", "update": "Post"})
    assert made["info"]["title"] == "Post"


@pytest.mark.parametrize("value", [0, False, "", None])
def test_values_that_count_as_false_are_values(value: Any) -> None:
    assert changed({"target": "$.info.title", "update": value})["info"]["title"] == value
    made = changed({"target": "$.info", "update": {"x-value": value}})
    assert made["info"]["x-value"] == value


def test_a_member_is_removed() -> None:
    made = changed({"target": "$.paths.*[?@['x-audience'] == 'staff']", "remove": True})
    assert list(made["paths"]["/parcels"]) == ["get"]


def test_items_of_lists_are_removed_and_the_others_keep_their_order() -> None:
    made = changed(
        {"target": "$..parameters[?@.name == 'debug']", "remove": True},
        {"target": "$..tags[?@ == 'public']", "remove": True},
    )
    assert made["paths"]["/parcels"]["get"]["parameters"] == [{"name": "page", "in": "query"}]
    assert made["paths"]["/parcels/{id}"]["get"]["parameters"] == []
    assert made["paths"]["/parcels"]["get"]["tags"] == ["beta"]


def test_a_place_inside_of_a_removed_one_goes_with_it() -> None:
    made = changed({"target": "$.paths['/parcels']..*", "remove": True})
    assert made["paths"]["/parcels"] == {}


def test_a_copy_takes_what_the_document_has() -> None:
    made = changed(
        {"target": "$.paths['/parcels/{id}']", "copy": "$.paths['/parcels']"},
    )
    item = made["paths"]["/parcels/{id}"]
    assert item["post"] == DOCUMENT["paths"]["/parcels"]["post"]
    assert item["get"]["operationId"] == "list"
    assert [one["name"] for one in item["get"]["parameters"]] == ["debug", "page", "debug"]


def test_three_actions_move_a_path() -> None:
    made = changed(
        {"target": "$.paths", "update": {"/boxes": {}}},
        {"target": "$.paths['/boxes']", "copy": "$.paths['/parcels']"},
        {"target": "$.paths['/parcels']", "remove": True},
    )
    assert made["paths"]["/boxes"] == DOCUMENT["paths"]["/parcels"]
    assert "/parcels" not in made["paths"]


def test_each_action_sees_what_the_one_before_left() -> None:
    at = {"target": "$.servers"}
    fresh = [{"url": "https://sandbox.parcels.example"}]
    made = changed({**at, "remove": True}, {"target": "$", "update": {"servers": fresh}})
    assert made["servers"] == fresh
    _, findings = laid_over({**at, "remove": True}, {**at, "update": fresh[0]})
    assert findings == ("fix.yaml: actions[1].target $.servers selects nothing.",)


def test_overlays_of_a_swagger_document_are_written_against_it_as_it_stands() -> None:
    swagger = {"swagger": "2.0", "info": {}, "paths": {}, "definitions": {"Old": {}, "Kept": {}}}
    overlay = {"overlay": "1.0.0", "actions": [{"target": "$.definitions.Old", "remove": True}]}
    source = parsed(
        json.dumps(swagger).encode(),
        "api.json",
        from_disk=True,
        overlays=[("fix.yaml", json.dumps(overlay).encode())],
    )
    assert list(source.document["components"]["schemas"]) == ["Kept"]  # type: ignore[index, call-overload, arg-type]


# What stays as it was


def test_the_input_is_never_changed_and_what_stayed_is_shared() -> None:
    before = copy.deepcopy(DOCUMENT)
    made = changed(
        {"target": "$.paths['/parcels'].get", "update": {"tags": ["new"], "summary": "s"}},
        {"target": "$.paths['/parcels'].get.parameters[0]", "remove": True},
        {"target": "$.tags", "copy": "$.servers"},
    )
    assert before == DOCUMENT
    assert made["paths"]["/parcels/{id}"] is DOCUMENT["paths"]["/parcels/{id}"]
    assert made["paths"]["/parcels"]["post"] is DOCUMENT["paths"]["/parcels"]["post"]


def test_a_value_that_stands_at_two_places_changes_at_the_one_that_was_selected() -> None:
    shared = {"name": "page"}
    document = {"openapi": "3.1.0", "a": shared, "b": shared}
    overlay = {"overlay": "1.0", "actions": [{"target": "$.a", "update": {"name": "size"}}]}
    made, _ = apply(document, overlay, "fix.yaml")
    assert (made["a"], made["b"]) == ({"name": "size"}, {"name": "page"})


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=12,
)
_TARGETS = st.sampled_from(["$", "$.a", "$.*", "$..*", "$..a", "$..[0]", "$..[?@.a]", "$.a[*].b"])


@settings(max_examples=300, deadline=None)
@given(document=st.dictionaries(st.sampled_from("abc"), _JSON), target=_TARGETS, update=_JSON)
def test_whatever_is_laid_over_whatever_the_input_stays(
    document: Any, target: str, update: Any
) -> None:
    before = copy.deepcopy(document)
    for change in ({"update": update}, {"remove": True}, {"copy": "$.a"}):
        overlay = {"overlay": "1.1.0", "actions": [{"target": target, **change}]}
        try:
            made, _ = apply(document, overlay, "fix.yaml")
        except DescriptionError:
            made = {}
        assert isinstance(made, dict)
        assert document == before


# What is told


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ([], "it has no 'overlay' at its root"),
        ({"actions": []}, "it has no 'overlay' at its root"),
        (DOCUMENT, "it is an OpenAPI document"),
        ({"overlay": "2.0.0", "actions": []}, "version 2.0.0. Supported are 1.0 and 1.1."),
        ({"overlay": "1.3.0", "actions": []}, "version 1.3.0. Supported are 1.0 and 1.1."),
        ({"overlay": "1.1.0"}, "actions must be a list"),
        ({"overlay": "1.1.0", "actions": [7]}, "fix.yaml: actions[0] must be an object"),
    ],
)
def test_what_is_no_overlay_is_told_by_name(overlay: Any, message: str) -> None:
    with pytest.raises(DescriptionError) as told:
        apply(DOCUMENT, overlay, "fix.yaml")
    assert message in str(told.value)


def test_a_version_may_be_a_number_of_yaml() -> None:
    overlay = yaml.safe_load("overlay: 1.1\nactions: [{target: $.info, update: {x: 1}}]")
    assert apply(DOCUMENT, overlay, "fix.yaml")[0]["info"]["x"] == 1  # type: ignore[index, call-overload]


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ({"update": {}}, "fix.yaml: actions[0].target is missing."),
        ({"target": 1, "update": {}}, "fix.yaml: actions[0].target is missing."),
        ({"target": "$.paths./x", "remove": True}, "is no JSONPath of RFC 9535"),
        ({"target": "paths", "remove": True}, "is no JSONPath of RFC 9535"),
        ({"target": "", "remove": True}, "is no JSONPath of RFC 9535"),
        ({"target": "$", "remove": "yes"}, "actions[0].remove must be true or false"),
        ({"target": "$", "remove": True}, "is the whole document: it cannot go"),
        ({"target": "$", "update": {}, "copy": "$"}, "has update and copy"),
        ({"target": "$", "copy": 1}, "actions[0].copy must be a JSONPath"),
        ({"target": "$.info", "copy": "$.none"}, "actions[0].copy $.none selects 0 places"),
        ({"target": "$.info", "copy": "$.paths.*"}, "selects 2 places. It must select the one"),
        ({"target": "$", "update": "text"}, "actions[0].update is a plain value, and what"),
        ({"target": "$.info.title", "update": {}}, "is an object, and what it is to be merged"),
        ({"target": "$.info", "update": {"title": ["a"]}}, "actions[0].update['title'] is a list"),
        ({"target": "$", "update": {"tags": None}}, "actions[0].update['tags'] is a plain value"),
        (
            {"target": "$.*", "update": {}},
            "selects a list and a plain value and an object together",
        ),
    ],
)
def test_an_action_that_cannot_be_carried_out_is_told_with_its_place(
    action: dict[str, Any], message: str
) -> None:
    assert message in refused(action)


def test_a_bad_path_is_told_with_a_good_one() -> None:
    assert refused({"target": "$.paths./orders", "remove": True}).endswith(
        "Write a name with signs in brackets, such as $.paths['/orders'].get"
    )


@pytest.mark.parametrize(
    ("action", "finding"),
    [
        ({"target": "$.none", "update": {}}, "actions[0].target $.none selects nothing."),
        ({"target": "$.info"}, "actions[0] changes nothing"),
        ({"target": "$.info", "remove": False}, "actions[0] changes nothing"),
        ({"target": "$.tags", "remove": True, "update": {}}, "does not count beside remove: true"),
        (
            {"target": "$.info", "updte": {"x": 1}, "remove": False},
            "'updte' is not known and does not count. Did you mean update?",
        ),
        ({"target": "$.info", "$ref": "#/components/actions/a"}, "'$ref' is of Overlay 1.2"),
    ],
)
def test_what_does_nothing_is_a_finding(action: dict[str, Any], finding: str) -> None:
    _, findings = laid_over(action)
    assert any(finding in one for one in findings)


def test_a_copy_in_an_overlay_of_1_0_is_a_finding() -> None:
    document, findings = laid_over({"target": "$.info", "copy": "$.tags[0]"}, version="1.0.0")
    assert document == DOCUMENT
    assert "copy is of version 1.1 and is not applied: write overlay: 1.1.0" in findings[0]


def test_words_of_1_2_are_findings_and_the_rest_is_applied() -> None:
    overlay = {
        "overlay": "1.2.0",
        "$self": "https://x.example/o",
        "components": {"actions": {}},
        "x-own": 1,
        "actions": [{"target": "$.info", "update": {"title": "Post"}, "x-own": 1}],
    }
    document, findings = apply(DOCUMENT, overlay, "fix.yaml")
    assert document["info"]["title"] == "Post"  # type: ignore[index, call-overload]
    assert [one.split("'")[1] for one in findings] == ["$self", "components"]


# Bounds


def deep(levels: int, leaf: Any = "end") -> Any:
    value = leaf
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize("target", ["$..*", "$..a", "$..[?@..a]", "$" + ".a" * 150])
def test_a_deep_document_ends_a_query_and_not_the_process(target: str) -> None:
    told = refused({"target": target, "remove": True}, document=deep(900))
    assert "levels of the document" in told


def test_a_deep_merge_is_refused() -> None:
    told = refused({"target": "$", "update": deep(900)}, document=deep(900))
    assert "nested deeper than 100" in told


def test_a_query_that_multiplies_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonpath, "MAX_PLACES", 1_000)
    told = refused({"target": "$..*", "remove": True}, document={"a": list(range(2_000))})
    assert "selects more than 1,000 places" in told
    assert "selects more" in refused({"target": "$..*..*..*", "remove": True}, document=deep(60))


@pytest.mark.parametrize(
    "target",
    ["$[?" + "!" * 3000 + "@.a]", "$" + "[?@" * 900 + "]" * 900, "$" + ".a" * 4000, "$[?(((" * 99],
)
def test_a_hostile_query_is_refused(target: str) -> None:
    assert "actions[0].target" in refused({"target": target, "remove": True})


@pytest.mark.parametrize("function", ["match", "search"])
@pytest.mark.parametrize(
    "pattern", ["(a*)*b", "(a|a)*b", "(a|b|ab)*c", "(.*)*x", "(a{1,99}){1,99}b"]
)
def test_a_regular_expression_takes_linear_time(function: str, pattern: str) -> None:
    document = {"list": [{"text": "a" * 50_000, "pattern": pattern}]}
    for right in (f"'{pattern}'", "@.pattern"):
        query = f"$.list[?{function}(@.text, {right})]"
        assert jsonpath.find(query, document, "here") == {}  # type: ignore[arg-type]


def test_a_regular_expression_of_a_document_cannot_end_the_process() -> None:
    bombs = ["(" * 100_000 + ")" * 100_000, "[" * 100_000, "(a{1,1000}){1,1000}", "\\", "a\\"]
    document = {"list": [{"text": "a", "pattern": bomb} for bomb in bombs]}
    assert jsonpath.find("$.list[?match(@.text, @.pattern)]", document, "here") == {}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ("match(@, 'a.c')", ["abc", "a.c"]),
        ("search(@, 'a.c')", ["abc", "xabcx", "a.c"]),
        ("match(@, 'a[.]c')", ["a.c"]),
        ("match(@, 'a\\\\.c')", ["a.c"]),
        ("match(@, '\\\\p{Lu}+')", ["É"]),
        ("match(@, '\\\\d')", []),
    ],
)
def test_a_regular_expression_means_what_rfc_9485_says(query: str, texts: list[str]) -> None:
    # \d is no part of RFC 9485, and a dot is neither end of a line.
    document = ["abc", "xabcx", "a.c", "É", "7", "a\nc", "a\rc"]
    assert list(jsonpath.find(f"$[?{query}]", document, "here").values()) == texts


def test_laying_an_overlay_over_the_largest_document_we_know(
    specs: Path, record_property: Any
) -> None:
    data = (specs / "github.json").read_bytes()
    actions = [
        {"target": "$.paths['/repos/{owner}/{repo}'].get", "update": {"summary": "One"}},
        {"target": "$.paths.*.get", "update": {"x-safe": True}},
        {"target": "$.paths.*.*.parameters[?@.name == 'per_page']", "remove": True},
        {"target": "$..example", "remove": True},
    ]
    document = json.loads(data)
    for count in range(1, len(actions) + 1):
        overlay = {"overlay": "1.1.0", "actions": actions[:count]}
        start = time.perf_counter()
        made, findings = apply(document, overlay, "fix.yaml")
        record_property(f"{count} actions", f"{time.perf_counter() - start:.3f} s")
        assert findings == ()
    assert made is not document


# In the owner's file


@pytest.mark.parametrize(
    ("api", "message"),
    [
        ("http: http://x.example\n    overlays: [a.yaml]", "overlays change a document"),
        (
            "openapi: a.json\n    overlays: ['ftp://x/a']",
            "must be an address that begins with http",
        ),
    ],
)
def test_overlays_that_cannot_be_are_told_with_the_configuration(
    tmp_path: Path, api: str, message: str
) -> None:
    file = tmp_path / "dragoman.yaml"
    file.write_text(f"apis:\n  shop:\n    {api}\n")
    with pytest.raises(ConfigurationError) as told:
        load_configuration(file, environ={})
    assert message in str(told.value)
