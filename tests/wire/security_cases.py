"""Security and servers: which credential is sent, and where to."""

from __future__ import annotations

from typing import Any

from wire_case import Case, Expected, Refused, Section, Sent, Unsupported, get, parameter

SCHEMES = {
    "Key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
    "Query": {"type": "apiKey", "in": "query", "name": "api_key"},
    "Session": {"type": "apiKey", "in": "cookie", "name": "sid"},
    "Token": {"type": "http", "scheme": "bearer"},
    "Basic": {"type": "http", "scheme": "basic"},
}
KEY, TOKEN = "X-Api-Key: key_e5f6a7b8", "Authorization: Bearer tok_a1b2c3d4"
BOTH = {"Key": "${KEY}", "Token": "${TOKEN}"}
BASIC = {"username": "${USER}", "password": "${PASSWORD}"}
LINE = "GET /things"


def secured(
    title: str,
    security: Any,
    auth: dict[str, Any],
    expected: Expected,
    *,
    top: Any = ({"Key": []},),
    says: str = "",
    **settings: Any,
) -> Case:
    """An operation with its own security, or none of its own, under one of the document."""
    node = {} if security is None else {"security": security}
    root = {"components": {"securitySchemes": SCHEMES}, "security": list(top)}
    settings = {"auth": auth, **settings}
    return Case(title, {"GET /things": node}, {}, expected, root=root, settings=settings, says=says)


REQUIREMENTS = [
    secured("key in a header", [{"Key": []}], {"Key": "${KEY}"}, Sent(LINE, (KEY,))),
    secured(
        "key in the query",
        [{"Query": []}],
        {"Query": "${KEY}"},
        Sent(f"{LINE}?api_key=key_e5f6a7b8"),
    ),
    secured(
        "key in a cookie",
        [{"Session": []}],
        {"Session": "${KEY}"},
        Sent(LINE, ("Cookie: sid=key_e5f6a7b8",)),
    ),
    secured("bearer", [{"Token": []}], {"Token": "${TOKEN}"}, Sent(LINE, (TOKEN,))),
    secured(
        "basic",
        [{"Basic": []}],
        {"Basic": BASIC},
        Sent(LINE, ("Authorization: Basic dXNlcl9jOnBhc3NfOWQ4YzdiNmE=",)),
        says="RFC 7617: user_c:pass_9d8c7b6a in base64.",
    ),
    secured("AND: both", [{"Key": [], "Token": []}], BOTH, Sent(LINE, (KEY, TOKEN))),
    secured(
        "AND: one of them is not there, and nothing is sent",
        [{"Key": [], "Token": []}],
        {"Key": "${KEY}"},
        Refused("wants Key (header X-Api-Key) with Token", "credential"),
    ),
    secured(
        "OR: the first that can be shown", [{"Key": []}, {"Token": []}], BOTH, Sent(LINE, (KEY,))
    ),
    secured(
        "OR: the second, where the first is not there",
        [{"Key": []}, {"Token": []}],
        {"Token": "${TOKEN}"},
        Sent(LINE, (TOKEN,)),
    ),
    secured(
        "OR of ANDs",
        [{"Key": [], "Session": []}, {"Key": [], "Token": []}],
        BOTH,
        Sent(LINE, (KEY, TOKEN)),
    ),
    secured("none of the operation: that of the document", None, BOTH, Sent(LINE, (KEY,))),
    secured("the operation replaces the document", [{"Token": []}], BOTH, Sent(LINE, (TOKEN,))),
    secured("`security: []`", [], BOTH, Sent(LINE)),
    secured(
        "`security: []`, and the owner says otherwise",
        [],
        {"Key": "${KEY}"},
        Sent(LINE, (KEY,)),
        operations={"op": {"auth": True}},
    ),
    secured(
        "a document that requires nothing, and the owner gives a credential",
        None,
        {"Key": "${KEY}"},
        Sent(LINE, (KEY,)),
        top=(),
    ),
    secured(
        "what cannot be understood is not read as nothing",
        "open",
        BOTH,
        Unsupported("what it says of security cannot be understood"),
    ),
    Case(
        "an argument in the place of the credential",
        get(parameter("header", "X-Api-Key"), security=[{"Key": []}]),
        {"X-Api-Key": "evil"},
        Refused("X-Api-Key is not an argument"),
        root={"components": {"securitySchemes": SCHEMES}},
        settings={"auth": {"Key": "${KEY}"}},
    ),
]

PRIVATE = {"allow_private": ["127.0.0.1"]}
TWO = {"servers": [{"url": "{api}/v1/"}, {"url": "{other}/v2"}]}
SERVERS = [
    Case(
        "the first server of the document",
        get(),
        {},
        Sent("GET /v1/things"),
        root=TWO,
        settings=PRIVATE,
    ),
    Case(
        "the server of the path",
        get(),
        {},
        Sent("GET /p/things", to="other"),
        root={
            **TWO,
            "paths": {"/things": {"servers": [{"url": "{other}/p"}], "get": {"operationId": "op"}}},
        },
        settings=PRIVATE,
    ),
    Case(
        "`base_url` replaces the server, also that of an operation",
        get(servers=[{"url": "{other}/v2"}]),
        {},
        Sent("GET /mine/things"),
        root=TWO,
        settings={"base_url": "{api}/mine/"},
    ),
    Case(
        "server variables have the value of the description",
        get(),
        {},
        Sent("GET /v3/eu/things"),
        root={
            "servers": [
                {
                    "url": "{api}/{version}/{region}",
                    "variables": {
                        "version": {"default": "v3"},
                        "region": {"default": "eu", "enum": ["eu", "us"]},
                    },
                }
            ]
        },
        settings=PRIVATE,
    ),
    Case(
        "a server with a private address that the owner has not typed",
        get(),
        {},
        Refused("came from the document, not from you", "address-refused"),
        root=TWO,
    ),
    Case(
        "a server at the metadata address, whatever is allowed",
        get(),
        {},
        Refused("169.254.169.254", "address-refused"),
        root={"servers": [{"url": "http://169.254.169.254/latest"}]},
        settings={"allow_private": ["169.254.169.254"]},
    ),
]

SEGMENTS = [
    Case(
        f"the path argument `{value}`",
        get(parameter("path", "id", {"type": "string"}), path="/orders/{id}"),
        {"id": value},
        Refused(words),
    )
    for value, words in [
        ("..", "lead to another path"),
        (".", "lead to another path"),
        ("%2e%2e/x", "lead to another path"),
        ("..%2fx", "lead to another path"),
        ("..;/", "lead to another path"),
        ("..\\x", "lead to another path"),
        ("%252e%252e", "lead to another path"),
        ("", "is empty"),
    ]
] + [
    Case(
        f"the path argument `{value}`",
        get(parameter("path", "id", {"type": "string"}), path="/orders/{id}"),
        {"id": value},
        Sent(f"GET /orders/{segment}"),
    )
    for value, segment in [
        ("...", "..."),
        ("a..b", "a..b"),
        ("http://evil.example/?x#y", "http%3A%2F%2Fevil.example%2F%3Fx%23y"),
        ("a;b=c", "a%3Bb%3Dc"),
        ("%2f", "%252f"),
        ("é 🚚", "%C3%A9%20%F0%9F%9A%9A"),
    ]
]

NUMBERS = [
    Case(
        "an integer of eighty bits in path and query",
        get(
            parameter("path", "id", {"type": "integer"}),
            parameter("query", "after", {"type": "integer"}),
            path="/orders/{id}",
        ),
        {"id": 2**79 + 1, "after": -(2**79) - 1},
        Sent("GET /orders/604462909807314587353089?after=-604462909807314587353089"),
    ),
    Case(
        "NaN is no number",
        get(parameter("query", "x")),
        {"x": float("nan")},
        Refused("no number that can be sent"),
    ),
]

SECTIONS = [
    Section(
        "Credentials",
        "OpenAPI 3.1.1, section 4.8.30. The credentials are `tok_a1b2c3d4` for `${TOKEN}`,"
        " `key_e5f6a7b8` for `${KEY}`, `user_c` and `pass_9d8c7b6a`.",
        REQUIREMENTS,
    ),
    Section("Servers", "OpenAPI 3.1.1, section 4.8.5.", SERVERS),
    Section(
        "Dot segments",
        "RFC 3986, section 5.2.4: a server may resolve them after decoding.",
        SEGMENTS,
        is_table=True,
    ),
    Section("Numbers outside of bodies", "Digit for digit.", NUMBERS, is_table=True),
]
