"""The calls at which other programs were found to fail, each by the name that it was given."""

from __future__ import annotations

from wire_case import Case, Refused, Section, Sent, get, object_of, parameter, post

JSON_TYPE = "Content-Type: application/json"
FORM = "application/x-www-form-urlencoded"
ORDER = parameter("path", "orderId", {"type": "string"})
KEY = {"Key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}}
LOCKED = {"components": {"securitySchemes": KEY}, "security": [{"Key": []}]}
AUTH = {"auth": {"Key": "${KEY}"}}

PEERS = [
    Case(
        '`orderId="../admin"` refused',
        get(ORDER, path="/v1/orders/{orderId}"),
        {"orderId": "../admin"},
        Refused("would lead to another path"),
    ),
    Case(
        "`a/b c` kept as one segment",
        get(ORDER, path="/v1/orders/{orderId}"),
        {"orderId": "a/b c"},
        Sent("GET /v1/orders/a%2Fb%20c"),
    ),
    Case(
        "body on DELETE",
        {"DELETE /v1/orders": post(object_of(reason={"type": "string"}))["POST /things"]},
        {"reason": "late"},
        Sent("DELETE /v1/orders", (JSON_TYPE,), '{"reason":"late"}'),
    ),
    Case(
        "array `explode:false`",
        get(
            parameter("query", "ids", {"type": "array", "items": {"type": "string"}}, explode=False)
        ),
        {"ids": ["a", "b"]},
        Sent("GET /things?ids=a,b"),
    ),
    Case(
        "deepObject query",
        get(parameter("query", "filter", {"type": "object"}, style="deepObject", explode=True)),
        {"filter": {"status": "open", "min": 0}},
        Sent("GET /things?filter%5Bstatus%5D=open&filter%5Bmin%5D=0"),
    ),
    Case(
        "`offset=0`, `archived=false`",
        get(
            parameter("query", "offset", {"type": "integer"}),
            parameter("query", "archived", {"type": "boolean"}),
            parameter("query", "q", {"type": "string"}),
        ),
        {"offset": 0, "archived": False, "q": ""},
        Sent("GET /things?offset=0&archived=false&q="),
    ),
    Case(
        "header parameter",
        get(parameter("header", "X-Trace", {"type": "string"})),
        {"X-Trace": "t 1"},
        Sent("GET /things", ("X-Trace: t 1",)),
    ),
    Case(
        "readOnly field hidden",
        post(object_of(id={"type": "string", "readOnly": True}, name={"type": "string"})),
        {"name": "n", "id": "chosen"},
        Refused("id is not an argument"),
    ),
    Case(
        "missing required refused before HTTP",
        post({**object_of(name={"type": "string"}), "required": ["name"]}),
        {},
        Refused("name is required"),
    ),
    Case(
        "form body (Stripe style)",
        post(
            object_of(amount={"type": "integer"}, metadata={"type": "object"}),
            FORM,
            encoding={"metadata": {"style": "deepObject", "explode": True}},
        ),
        {"amount": 0, "metadata": {"order": "1 0"}},
        Sent("POST /things", (f"Content-Type: {FORM}",), "amount=0&metadata%5Border%5D=1+0"),
    ),
    Case(
        "same name in path and body",
        {
            "POST /v1/orders/{id}": {
                "parameters": [parameter("path", "id", {"type": "string"})],
                **post(object_of(id={"type": "string"}))["POST /things"],
            }
        },
        {"id": "1", "id_body": "2"},
        Sent("POST /v1/orders/1", (JSON_TYPE,), '{"id":"2"}'),
    ),
    Case(
        "operation-level server",
        {"GET /things": {"servers": [{"url": "{other}/v2"}]}},
        {},
        Sent("GET /v2/things", to="other"),
        root={"servers": [{"url": "{api}/v1"}]},
        settings={"allow_private": ["127.0.0.1"]},
    ),
    Case(
        "`security: []` op gets no key",
        {"GET /things": {"security": []}},
        {},
        Sent("GET /things"),
        root=LOCKED,
        settings=AUTH,
    ),
]
"""One row is missing: a secret in an upstream's error is about what comes back."""

SECTIONS = [
    Section(
        "What other programs get wrong",
        "Calls at which seven programs that connect models to APIs were tried in November 2026;"
        " none of them built all of these.",
        PEERS,
    )
]
