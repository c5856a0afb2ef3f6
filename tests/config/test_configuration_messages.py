"""What an owner reads whose file is wrong: what, where, and what would work."""

from __future__ import annotations

from pathlib import Path

import pytest

from dragoman.config.load import Configuration, load
from dragoman.errors import ConfigurationError

SHOP = "apis:\n  shop:\n    openapi: ./shop.json\n"


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What loading a text says; the file is named as somebody types it, in its folder."""
    monkeypatch.chdir(tmp_path)

    def tell(text: str | bytes, **environ: str) -> list[str]:
        data = text if isinstance(text, bytes) else text.encode()
        Path("dragoman.yaml").write_bytes(data)
        with pytest.raises(ConfigurationError) as refused:
            load("dragoman.yaml", environ=environ)
        return list(refused.value.messages)

    return tell


@pytest.fixture
def loaded(tmp_path: Path):
    def read(text: str, **environ: str) -> Configuration:
        file = tmp_path / "dragoman.yaml"
        file.write_text(text, "utf-8")
        return load(file, environ=environ)

    return read


def test_an_unknown_key_has_a_near_one(told) -> None:
    assert told(SHOP + "    limit: {rate: 60/minute}\n    baseUrl: http://x\n") == [
        "dragoman.yaml:4: unknown key 'limit' in apis.shop. Did you mean 'limits'?",
        "dragoman.yaml:5: unknown key 'baseUrl' in apis.shop. Did you mean 'base_url'?",
    ]


def test_an_unknown_key_without_a_near_one_is_told_which_there_are(told) -> None:
    (message,) = told("apis: {}\nwhatever: 1\n")
    assert message == (
        "dragoman.yaml:2: unknown key 'whatever'. Known are: version, model, apis, toolsets, "
        "callers, identity, assistant, privacy, network, approvals, notify, telemetry, public_url, "
        "redis, store, key, read_only."
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "    auth: {bearer: ${SHOP_TOKEN}}\n",
            'quote ${…} inside braces: {bearer: "${SHOP_TOKEN}"}',
        ),
        (
            "    auth: {header: {X-Key: ${SHOP_KEY}}}\n",
            'quote ${…} inside braces: {X-Key: "${SHOP_KEY}"}',
        ),
        ("    allow_private: [${HOST}]\n", 'quote ${…} inside brackets: ["${HOST}"]'),
        (
            "    operations: {a: {get: /orders/{id}}}\n",
            'quote a path with {…} inside braces: {get: "/orders/{id}"}',
        ),
    ],
)
def test_braces_within_braces_want_quotes(told, line: str, message: str) -> None:
    assert told(SHOP + line) == [f"dragoman.yaml:4: {message}"]


def test_all_unset_variables_are_told_at_once(told) -> None:
    text = SHOP + "    base_url: ${SHOP_URL}/${VERSION}\n    description: ${WHAT}\n"
    assert told(text) == [
        "SHOP_URL, VERSION are not set (dragoman.yaml:4). Set it in the shell or in .env.",
        "WHAT is not set (dragoman.yaml:5). Set it in the shell or in .env.",
    ]


def test_an_unset_secret_is_no_fault_before_it_is_used(loaded) -> None:
    auth = '    auth: {bearer: "${SHOP_TOKEN}"}\nkey: ${DRAGOMAN_KEY}\n'
    assert str(loaded(SHOP + auth).settings.apis["shop"].auth["bearer"]) == "${SHOP_TOKEN}"


@pytest.mark.parametrize(
    ("auth", "message"),
    [
        ("{bearer: sk-live-0123456789}", "bearer must be a reference such as ${NAME}"),
        ("{bearer: 12345678}", "bearer must be text with a reference such as ${NAME}"),
        ('{bearer: "${keychain:x}"}', "bearer names the secret store 'keychain'; known are"),
        ('{bearer: "${TOKEN"}', "bearer holds a ${ that is no reference"),
        ('{bearer: "${}"}', "bearer holds ${}, which names nothing"),
        ("{basic: {username: u}}", "basic password is missing"),
        ("{basic: {username: u, password: hunter22}}", "basic password must be a reference"),
        ('{basic: {username: u, password: "${P}", realm: x}}', "basic realm is not known here"),
        ('{oauth: {client_id: a, client_secret: "x"}}', "oauth client_secret must be a reference"),
        ("{header: {X-Key: 0123456789}}", "header must be text with a reference"),
    ],
)
def test_where_a_reference_is_needed_a_value_is_refused_and_not_repeated(
    told, auth: str, message: str
) -> None:
    (said,) = told(SHOP + f"    auth: {auth}\n")
    assert said.startswith(f"dragoman.yaml:4: apis.shop.auth.{message}")
    assert not any(value in said for value in ("sk-live", "hunter22", "0123456789", "12345678"))


def test_what_nothing_enforces_yet_is_refused_by_name(told) -> None:
    text = (
        SHOP
        + "    graphql: key\n    operations:\n"
        + "      getOrder: {returns: {}}\n"
        + "    python: shop\ncallers:\n  bot: {client_confirms: [mcp]}\n"
    )
    said = told(text)
    end = "is not enforced by this version, so it is refused: take it out"
    assert said == [
        f"dragoman.yaml:4: 'graphql' in apis.shop {end}",
        f"dragoman.yaml:6: 'returns' in apis.shop.operations.getOrder {end}",
        f"dragoman.yaml:7: 'python' in apis.shop {end}",
        f"dragoman.yaml:9: 'client_confirms' in callers.bot {end}",
    ]


def test_a_quota_has_to_be_countable(told) -> None:
    text = SHOP + "callers:\n  bot: {quota: 5}\nprivacy: {keep: 12h}\n"
    assert told(text) == [
        "dragoman.yaml:5: callers.bot.quota is counted in the audit log, "
        "which privacy.keep ends before the day does: keep at least 1d"
    ]
    [said] = told(SHOP + "callers:\n  bot: {concurrency: 0}\n")
    assert said == "dragoman.yaml:5: callers.bot.concurrency must be greater than or equal to 1"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("require_approval: sometimes", "must be never, writes or always, or {when"),
        (
            'require_approval: {when: "args.amount >"}',
            "when is no condition: 1:14: Syntax error: mismatched input the end",
        ),
        (
            "require_approval: {if: x}",
            "require_approval if is not known here. Known are: when, by, expire.",
        ),
        ("hide: [card..number]", "hide.0 must be a path that ends with a member"),
        ("hide: ['**']", "hide.0 must be a path that ends with a member"),
        ("operations: {a: {owner: 'order.id == 1'}}", "owner is no condition: 1:6: undeclared"),
        ("operations: {a: {owner: {where: 'true'}}}", "owner read is missing"),
        ("operations: {a: {owner: {read: b, where: 7}}}", "owner where must be a condition"),
    ],
)
def test_a_condition_that_is_none_is_told_at_load(told, line: str, message: str) -> None:
    (said,) = told(SHOP + f"    {line}\n")
    assert said.startswith("dragoman.yaml:4: apis.shop.")
    assert message in said


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "limits: {rate: 60/min}",
            "limits.rate must be a rate such as 60/minute (second, minute, hour or day)",
        ),
        ("limits: {timeout: soon}", "limits.timeout must be a time such as 500ms, 10s or 2m"),
        ("limits: {timeout: 0s}", "limits.timeout must be greater than 0"),
        ("cache: soon", "cache must be a time such as 30s or 5m, or never"),
        ("cache: true", "cache must be a time such as 30s or 5m, or never"),
        ("cache: -1", "cache must be greater than or equal to 0"),
        ("operations: {a: {cache: 2w}}", "operations.a.cache must be a time such as 30s or 5m"),
        ("operations: {a: {cache: 48h}}", "operations.a.cache must be 24h at the most"),
        (
            "operations: {a: {rename: a b}}",
            "operations.a.rename: 'a b' is no name for an operation",
        ),
        ("limits: {max_bytes: -1}", "limits.max_bytes must be greater than 0"),
        ("require_approval: NO", "require_approval must be never, writes or always"),
        ("description: 5", "description must be text"),
        ("operations: []", "operations must be a mapping of keys to values"),
        (
            "operations: {a: {effect: deletes}}",
            "operations.a.effect must be read, write or destructive",
        ),
        ("operations: {a: {repeatable: maybe}}", "operations.a.repeatable must be true or false"),
        ("operations: {a: {auth: no}}", "operations.a.auth must be true"),
        (
            'fill: {key: "${SHOP_KEY}"}',
            "fill.key holds a reference, and what is filled in is shown and recorded",
        ),
        (
            'fill: {deep: [{key: "${SHOP_KEY}"}]}',
            "fill.deep holds a reference, and what is filled in is shown and recorded",
        ),
    ],
)
def test_a_wrong_value_is_told_what_would_do(told, line: str, message: str) -> None:
    (said,) = told(SHOP + f"    {line}\n")
    assert said.startswith(f"dragoman.yaml:4: apis.shop.{message}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version: 2\n", "dragoman.yaml:1: version must be 1"),
        ("store: 5\n", "dragoman.yaml:1: store must be text, or a reference such as ${NAME}"),
        ("key: hunter22\n", "dragoman.yaml:1: key must be a reference such as ${NAME}"),
        ("toolsets:\n  x: {}\n", "dragoman.yaml:2: tools is missing in toolsets.x"),
        (
            "callers: {bot: {acts_for: [7]}}\n",
            "dragoman.yaml:1: callers.bot.acts_for must be any, none, or a list of end users",
        ),
        (
            "callers:\n  owner: {}\n",
            "dragoman.yaml:2: 'owner' is whoever runs Dragoman: take another name",
        ),
        (
            "callers:\n  bot: {toolset: suport}\ntoolsets: {support: {tools: []}}\n",
            "dragoman.yaml:2: there is no toolset 'suport'. Did you mean support?",
        ),
        (
            "model: http://localhost:11434/v1\n",
            "dragoman.yaml:1: the model of that server has no name: write model: "
            "http://localhost:11434/v1#NAME",
        ),
        ("model: ''\n", "dragoman.yaml:1: the model has no name"),
        (
            "model: {name: m, base_url: localhost:11434}\n",
            "dragoman.yaml:1: model.base_url must be an address that begins with http://",
        ),
        (
            "model: {name: m, api_key: sk-0123456789}\n",
            "dragoman.yaml:1: model.api_key must be a reference such as ${NAME}",
        ),
        ("- a\n", "dragoman.yaml:1: the file must hold keys and values"),
        (b"apis: {}\n# caf\xe9\n", "dragoman.yaml:2: this is not text in UTF-8."),
        (b"# " + b"x" * 4 * 1024 * 1024, "dragoman.yaml is larger than 4 MiB, which is no"),
    ],
)
def test_other_faults_of_the_file(told, text: str | bytes, message: str) -> None:
    (said,) = told(text)
    assert said.startswith(message)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("base_url: shop.example", "base_url must be an address that begins with http://"),
        ("base_url: ftp://shop.example", "base_url must be an address that begins with http://"),
        ("base_url: 'http://[::1'", "base_url is no address: a host in brackets or a port"),
        ("base_url: http://shop.example:99999", "base_url is no address"),
        ("base_url: http://ana:pw123456@shop.example", "base_url holds a user name or password"),
        ("base_url: http://shop.example?key=1", "base_url is put before paths, so it ends"),
        ("servers: [ftp://x]", "servers: ftp://x must be an address"),
    ],
)
def test_an_address_of_the_owner_is_one(told, line: str, message: str) -> None:
    (said,) = told(SHOP + f"    {line}\n")
    assert said.startswith(f"dragoman.yaml:4: apis.shop.{message}")
    assert "pw123456" not in said


def test_a_private_host_is_written_without_a_scheme(told) -> None:
    (said,) = told(SHOP + "    allow_private: ['http://10.0.0.7/']\n")
    assert "write host or host:port, without http://" in said


def test_an_api_has_one_source_and_a_name(told) -> None:
    said = told("apis:\n  a b: ./x\n  none: {}\n  two: {openapi: x, http: 'http://x'}\n")
    assert said == [
        "dragoman.yaml:2: 'a b' is no name for an API: letters, digits, - and _, at most 64",
        "dragoman.yaml:3: apis.none needs one of: openapi: (a document), http: (calls written "
        "by hand)",
        "dragoman.yaml:4: apis.two needs one of: openapi: (a document), http: (calls written by "
        "hand)",
    ]


def test_a_fill_from_the_caller_names_something_that_a_caller_has(told) -> None:
    (said,) = told(SHOP + "    fill: {customer_id: caller.usr}\n")
    assert said.endswith("is filled from 'caller.usr'. Known are: caller.name or caller.user.")


def test_a_toolset_names_apis_that_there_are(told) -> None:
    (said,) = told("toolsets:\n  support: {tools: [shp.*, '*.get*']}\n" + SHOP)
    assert said == "dragoman.yaml:2: 'shp.*' names no API. Did you mean shop?"


def test_a_select_is_an_expression(told) -> None:
    (said,) = told(SHOP + "    operations:\n      getOrder: {select: '{a: '}\n")
    assert said.startswith("dragoman.yaml:5: select is no JMESPath expression")


def test_a_function_that_there_is_not_is_told_at_load(told) -> None:
    line = "    operations:\n      getOrder: {select: 'lines[].{n: lenght(items)}'}\n"
    assert told(SHOP + line) == [
        "dragoman.yaml:5: select: there is no function lenght(). Did you mean length?"
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("limits: {timeout: true}", "limits.timeout must be a time such as 500ms, 10s or 2m"),
        ("limits: {timeout: [10s]}", "limits.timeout must be a time such as 500ms, 10s or 2m"),
        ("limits: {timeout: 2d}", "limits.timeout must be 24h at the most"),
        (
            "limits: {timeout: 2s, first_byte: 10s}",
            "limits.first_byte is longer than all of a call may take (timeout: 2s)",
        ),
        (
            "idempotency: {header: Idempotency Key}",
            "idempotency.header must be the name of a header, such as Idempotency-Key",
        ),
        (
            "idempotency: {header: Authorization}",
            "idempotency.header: Authorization has another meaning in HTTP",
        ),
    ],
)
def test_a_bound_that_cannot_be_meant_is_told(told, line: str, message: str) -> None:
    assert told(SHOP + f"    {line}\n") == [f"dragoman.yaml:4: apis.shop.{message}"]


def test_an_operation_may_wait_for_a_first_byte_as_long_as_its_call_may_take(told, loaded) -> None:
    api = SHOP + "    limits: {timeout: 2s}\n    operations:\n      getOrder:\n"
    loaded(api + "        limits: {timeout: 20s, first_byte: 10s}\n")
    [said] = told(api + "        limits: {first_byte: 10s}\n")
    assert said.startswith("dragoman.yaml:7: apis.shop.operations.getOrder.limits.first_byte is")


@pytest.mark.parametrize(
    ("pages", "message"),
    [
        ("true", "pages must be how many pages at the most, such as 10, or {most: 10, by: cursor}"),
        ("1", "pages.most must be greater than or equal to 2"),
        ("{by: token}", "pages.by must be link, cursor, offset or page"),
    ],
)
def test_pages_are_a_number_or_more_of_it(told, pages: str, message: str) -> None:
    said = told(SHOP + f"    operations:\n      listOrders: {{pages: {pages}}}\n")
    assert said == [f"dragoman.yaml:5: apis.shop.operations.listOrders.{message}"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('notify: {a: {email: a@b.example, sender: d@b.example, smtp: "smtp://u:p@h"}}', "holds a"),
        ('redis: "redis://:hunter22@h:6379/0"\nkey: "${KEY}"', "redis holds a password: put"),
        ('redis: "redis://h:6379/orders"\nkey: "${KEY}"', "redis must be an address such as"),
        ("telemetry: {otlp: 'localhost:4318'}", "telemetry.otlp must be an address that begins"),
    ],
)
def test_an_address_that_cannot_serve_is_told(told, text: str, message: str) -> None:
    (said,) = told(f"{text}\n")
    assert said.startswith("dragoman.yaml:1: ")
    assert message in said
    assert "hunter22" not in said


def test_a_select_that_is_nested_too_deeply_is_refused(told) -> None:
    (said,) = told(SHOP + f"    operations:\n      getOrder: {{select: '{'[' * 5000}'}}\n")
    assert said == "dragoman.yaml:5: select is nested too deeply."


def test_calls_by_hand_say_how_they_are_made(told) -> None:
    text = """\
apis:
  carrier:
    http: http://localhost:8003
    operations:
      none: {description: x}
      two: {get: /a, post: /b}
      hole: {get: "/parcels/{id}"}
      more: {get: "/parcels/{id}", path: {id: string, ix: string}}
      kind: {get: /a, query: {q: strin}}
      slash: {get: parcels}
  shop:
    openapi: ./shop.json
    operations:
      getOrder: {get: /orders}
"""
    assert [line.removeprefix("dragoman.yaml:") for line in told(text)] == [
        '5: none needs one method and path, such as get: "/parcels/{id}"',
        '6: two needs one method and path, such as get: "/parcels/{id}"',
        "7: say what {id} is: path: {id: string}",
        "8: the path /parcels/{id} has no place {ix}",
        "9: q 'strin' is no type: array, boolean, integer, number, object, string, or [string]",
        "10: the path must begin with a slash, got 'parcels'",
        "14: 'get' describes a call of an http: API, and shop has a document",
    ]


def test_no_file_says_how_to_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError) as refused:
        load("dragoman.yaml")
    assert refused.value.messages == (
        "dragoman.yaml: there is no such file. Start with: dragoman init SOURCE",
    )
    with pytest.raises(ConfigurationError, match="is a folder"):
        load(tmp_path)


def test_a_key_that_is_not_written_is_placed_at_the_nearest_above(loaded) -> None:
    configuration = loaded(SHOP)
    assert configuration.where("apis", "shop", "limits").endswith("dragoman.yaml:2")
    assert configuration.where("apis", "shop", "openapi").endswith("dragoman.yaml:3")
    assert configuration.where("store").endswith("dragoman.yaml")
