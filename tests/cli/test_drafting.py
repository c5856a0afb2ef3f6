"""What `init` and `add` write into the owner's file, of descriptions that anybody may write."""

from __future__ import annotations

from pathlib import Path

import pytest

from dragoman.apis.description import Description
from dragoman.cli.add import insert
from dragoman.cli.draft import Draft, api_name, as_yaml, draft, effects, looks_like_a_read
from dragoman.config.load import load
from dragoman.config.yaml12 import parse
from dragoman.errors import ConfigurationError
from dragoman.operation import Contract, Effect, Operation, Scheme

BEARER = Scheme("token", "http", scheme="bearer")
KEY = Scheme("key", "apiKey", "header", "X-Key")
BASIC = Scheme("login", "http", scheme="basic")
OAUTH = Scheme("oauth", "oauth2", token_url="https://id.example/token")


def operation(
    name: str, route: str = "GET /a", *security: tuple[str, ...], effect: Effect = Effect.READ
) -> Operation:
    contract = Contract({}, security, None)
    return Operation(f"shop.{name}", "shop", name, "http", effect, route, read=lambda: contract)


def description(*operations: Operation, schemes: tuple[Scheme, ...] = (), **more) -> Description:
    known = {one.id: one for one in schemes}
    by_name = {one.name: one for one in operations}
    return Description(
        **{
            "api": "shop",
            "title": "Shop",
            "version": "1",
            "description": "",
            "operations": by_name,
            "schemes": known,
            "servers": ("https://api.shop.example",),
            **more,
        }
    )


def loaded(drafted: Draft, folder: Path):
    file = folder / "dragoman.yaml"
    file.write_text("\n".join(["version: 1", "apis:", *drafted.lines, ""]), "utf-8")
    return load(file, environ={}).settings.apis[drafted.name]


@pytest.mark.parametrize(
    ("schemes", "auth", "variables"),
    [
        ((BEARER,), {"token": "${SHOP_TOKEN}"}, ("SHOP_TOKEN",)),
        ((KEY,), {"key": "${SHOP_KEY}"}, ("SHOP_KEY",)),
        ((BASIC,), None, ("SHOP_USERNAME", "SHOP_PASSWORD")),
        ((OAUTH,), None, ("SHOP_CLIENT_ID", "SHOP_CLIENT_SECRET")),
        ((BEARER, KEY), {"token": "${SHOP_TOKEN}", "key": "${SHOP_KEY}"}, None),
    ],
)
def test_each_scheme_has_its_variables(
    schemes: tuple[Scheme, ...], auth: object, variables: object, tmp_path: Path
) -> None:
    needed = tuple(scheme.id for scheme in schemes)
    drafted = draft(
        "shop", "./shop.json", description(operation("a", "GET /a", needed), schemes=schemes)
    )
    api = loaded(drafted, tmp_path)
    assert set(api.auth) == set(needed)
    if auth is not None:
        assert {name: str(value) for name, value in api.auth.items()} == auth
    if variables is not None:
        assert drafted.variables == variables


def test_the_fewest_schemes_that_serve_all_operations_are_written(tmp_path: Path) -> None:
    drafted = draft(
        "shop",
        "./shop.json",
        description(
            operation("a", "GET /a", ("key",), ("token",)),
            operation("b", "GET /b", ("token",)),
            operation("c", "GET /c", ("token",), ("login",)),
            operation("open", "GET /d", ()),
            schemes=(KEY, BEARER, BASIC),
        ),
    )
    assert list(loaded(drafted, tmp_path).auth) == ["token"]


def test_every_server_of_the_document_is_written(tmp_path: Path) -> None:
    servers = ("https://a.example/v1", "https://b.example")
    api = loaded(draft("shop", "http://x/o.json", description(servers=servers)), tmp_path)
    assert api.servers == list(servers)
    api = loaded(draft("shop", "./shop.json", description(servers=())), tmp_path)
    assert api.base_url == "http://localhost"


def test_a_base_path_without_a_host_is_kept(tmp_path: Path) -> None:
    drafted = draft("engine", "./e.yaml", description(servers=(), relative_servers=("/v1.56",)))
    assert loaded(drafted, tmp_path).base_url == "http://localhost/v1.56"
    assert "    base_url: http://localhost/v1.56   # the document names no host: write yours" in (
        drafted.lines
    )


def test_posts_that_look_like_reads_are_listed_to_accept() -> None:
    write = Effect.WRITE
    drafted = draft(
        "shop",
        "./shop.json",
        description(
            operation("searchOrders", "POST /orders/find", effect=write),
            operation("queryIt", "POST /q", effect=write),
            operation("create", "POST /orders/search", effect=write),
            operation("forgetMe", "POST /forget", effect=write),
            operation("getOrder", "PUT /orders", effect=write),
        ),
    )
    lines = [line for line in drafted.lines if "effect: read" in line]
    assert [line.split()[1] for line in lines] == ["searchOrders:", "queryIt:", "create:"]
    assert all(line.startswith("    #") for line in lines)


def test_effects_are_counted() -> None:
    operations = [operation("a"), operation("b"), operation("c", effect=Effect.WRITE)]
    assert effects(operations) == "3 operations (2 read, 1 write)"
    assert effects(operations[:1]) == "1 operation (1 read)"
    assert effects([]) == "0 operations (none)"
    assert not looks_like_a_read(operations[0])


@pytest.mark.parametrize(
    ("title", "location", "name"),
    [
        ("Petstore API", "x", "petstore"),
        ("", "https://x/specs/my-crm.json", "my"),
        ("日本", "./shop.openapi.json", "shop"),
        ("", "", "api"),
        ("9lives 24", "", "lives"),
    ],
)
def test_a_short_name_is_found(title: str, location: str, name: str) -> None:
    assert api_name(title, location) == name


HOSTILE = [
    "x\nevil: 1",
    "x\u2028evil: 1",
    'quote " and \\ backslash',
    "# comment",
    "a: b, [c] {d}",
    "null",
    "true",
    "~",
    ".inf",
    "---",
    "...",
    "*alias",
    "!!python/object x",
    "1e5",
    "\x00\x07\x1b[31m\x7f\x85\ufeff\u202e",
    "${AWS_SECRET_ACCESS_KEY}",
    "$${X} ${",
    "日本 😀",
    " blank ",
    "",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_comes_back_as_itself(text: str) -> None:
    value = text.replace("${", "$${")
    assert parse(f"a: {as_yaml(text)}\n", "f") == {"a": value}
    assert parse(f"a: [{as_yaml(text)}, {{b: {as_yaml(text)}}}]\n", "f") == {
        "a": [value, {"b": value}]
    }


@pytest.mark.parametrize("text", HOSTILE)
def test_a_description_writes_nothing_but_text(text: str, tmp_path: Path) -> None:
    """Row 12 of the threats: least of all does it name a variable of this machine."""
    hostile = description(
        operation(text or "x", "POST /search", effect=Effect.WRITE),
        title=text,
        version=text,
        description=text,
    )
    (tmp_path / ".env").write_text("AWS_SECRET_ACCESS_KEY=canary-0123\n")
    api = loaded(draft("shop", "./shop.json", hostile, [text]), tmp_path)
    assert api.operations == {}
    assert api.include == [f"tag:{text}"]
    assert "canary" not in repr(api)


BLOCK = Draft("crm", ("  crm:", "    openapi: ./crm.json"), ())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "apis:\n  crm:\n    openapi: ./crm.json\n"),
        ("version: 1", "version: 1\napis:\n  crm:\n    openapi: ./crm.json\n"),
        (
            "apis:   # ours\n  shop: ./s.json   # first\n\n# who may call\ncallers: {}\n",
            "apis:   # ours\n  shop: ./s.json   # first\n  crm:\n    openapi: ./crm.json\n"
            "\n# who may call\ncallers: {}\n",
        ),
        (
            "apis:\n  shop: ./s.json\n# in between\n  b: ./b.json\n  # last\nmodel: offline\n",
            "apis:\n  shop: ./s.json\n# in between\n  b: ./b.json\n  # last\n  crm:\n"
            "    openapi: ./crm.json\nmodel: offline\n",
        ),
        (
            "apis:\n    shop:\n        openapi: ./s.json\n",
            "apis:\n    shop:\n        openapi: ./s.json\n    crm:\n      openapi: ./crm.json\n",
        ),
        (
            "apis:\r\n  shop: ./s.json\r\nmodel: offline\r\n",
            "apis:\r\n  shop: ./s.json\r\n  crm:\r\n    openapi: ./crm.json\r\nmodel: offline\r\n",
        ),
        (
            "apis:\n  shop:\n    description: |\n      # no comment\n      a\u2028b\n\n\n"
            "store: x\n",
            "apis:\n  shop:\n    description: |\n      # no comment\n      a\u2028b\n  crm:\n"
            "    openapi: ./crm.json\n\n\nstore: x\n",
        ),
    ],
)
def test_a_block_is_inserted_and_every_other_line_stays(before: str, after: str) -> None:
    assert insert(before, BLOCK) == after


def test_apis_on_one_line_are_left_to_the_owner() -> None:
    with pytest.raises(ConfigurationError, match="written on one line"):
        insert("apis: {shop: ./s.json}\n", BLOCK)
