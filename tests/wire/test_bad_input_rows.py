"""Bad input, row by row: what must not come of hostile arguments and hostile descriptions.

Rows 1 to 4 and 6 have their tests where requests are built (tests/apis/http); here they are shown
on the whole path, and with them the rows of descriptions: 5, 10, 11, and 13 to 15.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from wire_case import get, object_of, parameter, post
from wire_run import ENVIRON, Servers

from dragoman import Dragoman, Outcome
from network.raw_server import Script, Talk, answer

STRING = {"type": "string"}
KEY = {"Key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}}


def written(folder: Path, described: dict[str, Any], name: str = "api", **root: Any) -> str:
    """Write a document with these operations, and return its path."""
    paths: dict[str, Any] = {}
    for number, (route, node) in enumerate(described.items()):
        method, path = route.split(" ")
        named = {"operationId": "op" if number == 0 else f"op{number}", **node}
        paths.setdefault(path, {})[method.lower()] = named
    document = {"openapi": "3.1.1", "info": {"title": "T", "version": "1"}, "paths": paths, **root}
    (folder / f"{name}.json").write_text(json.dumps(document))
    return str(folder / f"{name}.json")


def over(folder: Path, **apis: dict[str, Any]) -> Dragoman:
    """Return Dragoman over these APIs; nobody is asked before a write."""
    store = f"sqlite:///{folder}/dragoman.db"
    asked = {name: {"require_approval": "never", **api} for name, api in apis.items()}
    return Dragoman({"version": 1, "store": store, "apis": asked}, environ=ENVIRON)


async def refused(d: Dragoman, operation: str, arguments: dict[str, Any]) -> Outcome:
    """Call, expecting a problem."""
    outcome = await d.call(operation, arguments)
    assert outcome.problem is not None, outcome.data
    return outcome


# What a model or a caller writes into arguments


@pytest.mark.parametrize(
    "value", ["../admin", "..", ".", "%2e%2e/x", "..%2fx", "..;/", "..\\admin", "%5c..%5c"]
)
async def test_row_1_a_path_that_leads_elsewhere_reaches_no_server(
    servers: Servers, tmp_path: Path, value: str
) -> None:
    location = written(tmp_path, get(parameter("path", "id", STRING), path="/orders/{id}"))
    async with over(tmp_path, api={"openapi": location, "base_url": servers.api.url()}) as d:
        outcome = await refused(d, "api.op", {"id": value})
        assert outcome.problem.code == "arguments"
    assert servers.api.connections == 0


@pytest.mark.parametrize("character", ["/", "?", "#", ";", " ", "\n", "\0", "🚚"])
async def test_row_2_a_character_is_encoded_and_the_template_keeps_its_shape(
    servers: Servers, tmp_path: Path, character: str
) -> None:
    location = written(tmp_path, get(parameter("path", "id", STRING), path="/orders/{id}/lines"))
    async with over(tmp_path, api={"openapi": location, "base_url": servers.api.url()}) as d:
        assert (await d.call("api.op", {"id": f"a{character}b"})).ok
    encoded = "".join(f"%{byte:02X}" for byte in character.encode())
    assert servers.api.lines()[0] == f"GET /orders/a{encoded}b/lines HTTP/1.1"


async def test_row_2_half_a_character_is_refused_by_its_name(
    servers: Servers, tmp_path: Path
) -> None:
    location = written(tmp_path, get(parameter("path", "id", STRING), path="/orders/{id}"))
    async with over(tmp_path, api={"openapi": location, "base_url": servers.api.url()}) as d:
        outcome = await refused(d, "api.op", {"id": "a\ud800"})
        assert "U+D800" in outcome.problem.detail
    assert servers.api.connections == 0


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\0b"])
async def test_row_3_a_header_argument_cannot_end_its_line(
    servers: Servers, tmp_path: Path, value: str
) -> None:
    location = written(tmp_path, get(parameter("header", "X-Note", STRING)))
    async with over(tmp_path, api={"openapi": location, "base_url": servers.api.url()}) as d:
        await refused(d, "api.op", {"X-Note": value})
    assert servers.api.connections == 0


@pytest.mark.parametrize(
    "name",
    ["Host", "Authorization", "Content-Length", "Transfer-Encoding", "Cookie", "X-Forwarded-For"],
)
async def test_row_3_a_described_header_that_is_not_the_callers_is_never_written(
    servers: Servers, tmp_path: Path, name: str
) -> None:
    location = written(tmp_path, get(parameter("header", name, STRING)))
    async with over(tmp_path, api={"openapi": location, "base_url": servers.api.url()}) as d:
        await refused(d, "api.op", {name: "evil.example"})
        assert (await d.call("api.op")).ok
    assert b"evil" not in b"".join(servers.api.requests)


async def test_row_4_one_value_stays_one_parameter(servers: Servers, tmp_path: Path) -> None:
    location = written(tmp_path, get(parameter("query", "q", STRING), parameter("query", "limit")))
    async with over(tmp_path, api={"openapi": location, "base_url": servers.api.url()}) as d:
        assert (await d.call("api.op", {"q": "1&limit=9&q=2&a[b]=c"})).ok
    assert servers.api.lines()[0] == "GET /things?q=1%26limit%3D9%26q%3D2%26a%5Bb%5D%3Dc HTTP/1.1"


async def test_row_5_an_argument_that_is_not_described_is_refused_and_recorded(
    servers: Servers, tmp_path: Path
) -> None:
    location = written(tmp_path, get(parameter("query", "q", STRING)))
    async with over(tmp_path, api={"openapi": location, "base_url": servers.api.url()}) as d:
        outcome = await refused(d, "api.op", {"q": "1", "admin": True})
        assert outcome.problem.detail == "api.op: admin is not an argument."
        assert outcome.record["arguments"] == {"q": "1", "admin": True}
    assert servers.api.connections == 0


async def test_row_5_a_member_that_is_not_described_is_refused_at_any_depth(
    servers: Servers, tmp_path: Path
) -> None:
    location = written(tmp_path, post(object_of(order=object_of(id=STRING))))
    async with over(tmp_path, api={"openapi": location, "base_url": servers.api.url()}) as d:
        await refused(d, "api.op", {"order": {"id": "1", "price": 0}})
    assert servers.api.connections == 0


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"fill": {"customer_id": "caller.user"}}, "GET /things?customer_id=u_7 HTTP/1.1"),
        ({"fill": {"customer_id": "u_1"}}, "GET /things?customer_id=u_1 HTTP/1.1"),
    ],
)
async def test_row_5_what_is_bound_or_pinned_replaces_what_the_model_chose_and_says_so(
    servers: Servers, tmp_path: Path, settings: dict[str, Any], line: str
) -> None:
    location = written(tmp_path, get(parameter("query", "customer_id", STRING)))
    api = {"openapi": location, "base_url": servers.api.url(), **settings}
    async with over(tmp_path, api=api) as d:
        outcome = await d.call("api.op", {"customer_id": "u_8"}, user="u_7")
        assert outcome.ok
    assert servers.api.lines()[0] == line
    assert "u_8" not in json.dumps(outcome.record["prepared"])
    assert outcome.record["origins"]["customer_id"] != "the caller"


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), pytest.param(10**5000, id="5,001 digits")]
)
async def test_row_6_what_no_wire_can_carry_is_refused(
    servers: Servers, tmp_path: Path, value: Any
) -> None:
    described = post({"type": "object", "properties": {"x": {"type": "number"}}})
    location = written(tmp_path, described)
    async with over(tmp_path, api={"openapi": location, "base_url": servers.api.url()}) as d:
        await refused(d, "api.op", {"x": value})
    assert servers.api.connections == 0


async def test_row_6_zero_false_empty_and_long_numbers_arrive(
    servers: Servers, tmp_path: Path
) -> None:
    location = written(tmp_path, post(object_of(a=True, b=True, c=True, d=True, e=True)))
    async with over(tmp_path, api={"openapi": location, "base_url": servers.api.url()}) as d:
        arguments = {"a": 0, "b": False, "c": "", "d": 2**53 + 1, "e": 10**399 + 7}
        assert (await d.call("api.op", arguments)).ok
    body = servers.api.requests[0].partition(b"\r\n\r\n")[2].decode()
    assert body == f'{{"a":0,"b":false,"c":"","d":9007199254740993,"e":{10**399 + 7}}}'


# Descriptions


async def test_row_10_aliases_that_expand_without_end_are_named_with_their_line(
    servers: Servers, tmp_path: Path
) -> None:
    lines = ["openapi: 3.1.1", "info: {title: T, version: '1'}", f"x-0: &a0 [{'x, ' * 9}x]"]
    lines += [f"x-{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    (tmp_path / "bomb.yaml").write_text("\n".join([*lines, "paths: {}", ""]))
    started = time.monotonic()
    async with over(tmp_path, api={"openapi": f"{tmp_path}/bomb.yaml"}) as d:
        outcome = await refused(d, "api.op", {})
        assert outcome.problem.code == "description"
        assert "bomb.yaml:" in outcome.problem.detail
        assert "aliases" in outcome.problem.detail
    assert time.monotonic() - started < 30


async def test_row_10_a_document_of_a_hundred_megabytes_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "big.json").open("wb") as file:
        file.truncate(100 * 2**20)
    async with over(tmp_path, api={"openapi": f"{tmp_path}/big.json"}) as d:
        outcome = await refused(d, "api.op", {})
        assert "larger than 64 MiB" in outcome.problem.detail


@pytest.mark.parametrize(
    "reference",
    [
        "file:///etc/passwd",
        "/etc/passwd",
        "../../../../../../etc/passwd#/root",
        "http://169.254.169.254/latest/meta-data",
        "{other}/schema.json",
        "//evil.example/schema.json",
        "#/nowhere",
        "#/components/schemas/Missing",
    ],
)
async def test_row_10_a_reference_that_is_not_followed_costs_its_operation_alone(
    servers: Servers, tmp_path: Path, reference: str
) -> None:
    reference = reference.replace("{other}", servers.other.url(""))
    described = {**post({"$ref": reference}), **get(path="/fine")}
    location = written(tmp_path, described)
    async with over(tmp_path, api={"openapi": location, "base_url": servers.api.url()}) as d:
        outcome = await refused(d, "api.op", {"body": {}})
        assert outcome.problem.code == "unsupported"
        assert reference in outcome.problem.detail
        assert "root:" not in outcome.problem.detail
        assert (await d.call("api.op1")).ok
    assert servers.other.connections == 0


async def test_row_10_a_schema_that_holds_itself_is_used_as_deep_as_its_arguments_go(
    servers: Servers, tmp_path: Path
) -> None:
    node = object_of(name=STRING, child={"$ref": "#/components/schemas/Node"})
    location = written(
        tmp_path,
        post({"$ref": "#/components/schemas/Node"}),
        components={"schemas": {"Node": node}},
    )
    async with over(tmp_path, api={"openapi": location, "base_url": servers.api.url()}) as d:
        assert (await d.call("api.op", {"child": {"child": {"name": "a"}}})).ok
        await refused(d, "api.op", {"child": {"child": {"name": 1}}})
    assert servers.api.requests[0].endswith(b'\r\n\r\n{"child":{"child":{"name":"a"}}}')


@pytest.mark.parametrize("reference", ["a.json#/A", "#/components/schemas/C"])
async def test_row_10_a_circle_of_nothing_but_references_is_told(
    servers: Servers, tmp_path: Path, reference: str
) -> None:
    (tmp_path / "a.json").write_text('{"A": {"$ref": "b.json#/B"}}')
    (tmp_path / "b.json").write_text('{"B": {"$ref": "a.json#/A"}}')
    circle = {"C": {"$ref": "#/components/schemas/D"}, "D": {"$ref": "#/components/schemas/C"}}
    location = written(
        tmp_path,
        {**post({"$ref": reference}), **get(path="/fine")},
        components={"schemas": circle},
    )
    async with over(tmp_path, api={"openapi": location, "base_url": servers.api.url()}) as d:
        outcome = await refused(d, "api.op", {"body": {}})
        assert outcome.problem.code == "unsupported"
        assert (await d.call("api.op1")).ok


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://[fd00:ec2::254]/",
        "http://2852039166/",
    ],
)
async def test_row_11_a_metadata_server_is_never_called_and_sees_no_credential(
    tmp_path: Path, url: str
) -> None:
    host = url.split("/")[2]
    location = written(tmp_path, {"GET /things": {}}, servers=[{"url": url}])
    api = {"openapi": location, "auth": {"bearer": "${TOKEN}"}, "allow_private": [host]}
    async with over(tmp_path, api=api) as d:
        outcome = await refused(d, "api.op", {})
        assert outcome.problem.code == "address-refused"


async def test_row_11_a_fetched_document_that_names_other_peoples_server_gets_no_credential(
    servers: Servers, tmp_path: Path
) -> None:
    document = {
        "openapi": "3.1.1",
        "info": {"title": "T", "version": "1"},
        "servers": [{"url": servers.other.url("")}],
        "security": [{"Key": []}],
        "components": {"securitySchemes": KEY},
        "paths": {"/things": {"get": {"operationId": "op"}}},
    }
    servers.api.script = saying(json.dumps(document).encode())
    api = {
        "openapi": servers.api.url("/openapi.json"),
        "auth": {"Key": "${KEY}"},
        "allow_private": ["127.0.0.1"],
    }
    async with over(tmp_path, api=api) as d:
        outcome = await refused(d, "api.op", {})
        assert ENVIRON["KEY"] not in repr(outcome)
    assert ENVIRON["KEY"].encode() not in b"".join(servers.other.requests + servers.api.requests)


def saying(body: bytes) -> Script:
    """Answer with this, whatever is asked."""

    async def script(talk: Talk) -> None:
        while True:
            await talk.hear()
            await talk.say(answer(body, "Content-Type: application/json"))

    return script


async def test_row_11_no_argument_sets_a_server_variable(servers: Servers, tmp_path: Path) -> None:
    variables = {"host": {"default": f"127.0.0.1:{servers.api.port}"}}
    location = written(
        tmp_path,
        get(parameter("query", "q", STRING)),
        servers=[{"url": "http://{host}/v1", "variables": variables}],
    )
    async with over(tmp_path, api={"openapi": location, "allow_private": ["127.0.0.1"]}) as d:
        hostile = f"127.0.0.1:{servers.other.port}"
        await refused(d, "api.op", {"q": "1", "host": hostile})
        assert (await d.call("api.op", {"q": hostile})).ok
    assert servers.api.lines()[0].startswith("GET /v1/things?q=127.0.0.1%3A")
    assert servers.other.connections == 0


async def test_row_13_two_apis_with_operations_of_one_name_are_told_apart(
    servers: Servers, tmp_path: Path
) -> None:
    location = written(tmp_path, {"GET /things": {}})
    async with over(
        tmp_path,
        shop={"openapi": location, "base_url": servers.api.url()},
        shop2={"openapi": location, "base_url": servers.other.url()},
    ) as d:
        assert (await d.call("shop2.op")).ok
        assert (servers.api.connections, len(servers.other.requests)) == (0, 1)
        assert {tool["name"] for tool in d.tools()} == {"shop__op", "shop2__op"}


async def test_row_14_each_api_sees_its_own_credential_and_no_other(
    servers: Servers, tmp_path: Path
) -> None:
    described = {"GET /things": {}}
    secured = {"security": [{"Key": []}], "components": {"securitySchemes": KEY}}
    one = written(tmp_path, described, "one", **secured)
    two = written(tmp_path, described, "two", **secured)
    async with over(
        tmp_path,
        one={"openapi": one, "base_url": servers.api.url(), "auth": {"Key": "${KEY}"}},
        two={"openapi": two, "base_url": servers.other.url(), "auth": {"Key": "${TOKEN}"}},
    ) as d:
        assert (await d.call("one.op")).ok
        assert (await d.call("two.op")).ok
    assert "X-Api-Key: " + ENVIRON["KEY"] in servers.api.lines()
    assert "X-Api-Key: " + ENVIRON["TOKEN"] in servers.other.lines()
    assert ENVIRON["TOKEN"].encode() not in b"".join(servers.api.requests)
    assert ENVIRON["KEY"].encode() not in b"".join(servers.other.requests)


async def test_row_14_an_api_without_a_credential_borrows_none_at_the_same_address(
    servers: Servers, tmp_path: Path
) -> None:
    secured = {"security": [{"Key": []}], "components": {"securitySchemes": KEY}}
    location = written(tmp_path, {"GET /things": {}}, **secured)
    async with over(
        tmp_path,
        one={"openapi": location, "base_url": servers.api.url(), "auth": {"Key": "${KEY}"}},
        two={"openapi": location, "base_url": servers.api.url()},
    ) as d:
        assert (await d.call("one.op")).ok
        outcome = await refused(d, "two.op", {})
        assert outcome.problem.code == "credential"
    assert len(servers.api.requests) == 1


async def test_row_15_an_operation_that_requires_nothing_is_shown_nothing(
    servers: Servers, tmp_path: Path
) -> None:
    schemes = {
        **KEY,
        "Query": {"type": "apiKey", "in": "query", "name": "k"},
        "Token": {"type": "http", "scheme": "bearer"},
    }
    location = written(
        tmp_path,
        {"GET /things": {"security": []}},
        security=[{"Key": [], "Query": [], "Token": []}],
        components={"securitySchemes": schemes},
    )
    auth = {"Key": "${KEY}", "Query": "${PASSWORD}", "Token": "${TOKEN}"}
    api = {"openapi": location, "base_url": servers.api.url(), "auth": auth}
    async with over(tmp_path, api=api) as d:
        assert (await d.call("api.op")).ok
    assert servers.api.lines()[0] == "GET /things HTTP/1.1"
    heard = b"".join(servers.api.requests)
    assert not any(secret.encode() in heard for secret in ENVIRON.values())
