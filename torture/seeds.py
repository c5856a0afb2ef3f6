"""What the targets begin with: texts as people write them, and parts to choose from."""

from __future__ import annotations

import json
from typing import Any

__all__ = [
    "CONFIGURATIONS",
    "CURL",
    "HEADER_VALUES",
    "JSON",
    "MEDIA_TYPES",
    "OVERLAYS",
    "SELECTS",
    "TOKENS",
    "WHOLE_SELECTS",
    "YAML",
]


def _json(*values: Any) -> tuple[bytes, ...]:
    return tuple(json.dumps(value).encode() for value in values)


YAML = (
    b"version: 1\nmodel: {name: m, base_url: 'http://localhost:1/v1', api_key: \"${X}\"}\n"
    b'apis:\n  shop:\n    openapi: ./a.json\n    auth: {bearer: "${T}"}\n'
    b"    include: ['tag:a', 'GET /x/**']\n    limits: {rate: 60/minute, timeout: 10s}\n"
    b"    operations:\n      get: {select: 'a.b', effect: read, fill: {id: caller.user}}\n",
    b'apis:\n  c:\n    http: http://localhost:8003\n    auth: {header: {X-Key: "${K:-d}"}}\n'
    b"    operations:\n      t:\n        get: '/p/{id}?a=b'\n        path: {id: string}\n"
    b"        query: {q: {type: array, items: {type: string}}}\n        description: Where.\n"
    b"toolsets: {s: {tools: ['c.*'], instructions: hi}}\n"
    b"callers: {b: {toolset: s, scopes: ['c:read', c.t]}}\nstore: sqlite:///d.db\n",
    b"a: &x [1, 0o17, 0x1F, 1.5e3, .5, ~, NO, 'it''s', \"\\u00e9\\n\"]\nb: *x\nc: !!str 1\n",
    b"? a\n: - b\n  - {c: d, e: [f]}\n  - |\n    text\n     more\n  - >-\n    folded\n...\n",
    b"a: 0x" + b"F" * 3_400 + b"\nb: 1" + b"0" * 3_990,
    b"%YAML 1.2\n---\na: !!int '5'\nb: !x y\n<<: {c: d}\n# end\n",
)

JSON = (
    b'{"a": [1, 2.50, -0, 1e3, 1E-400, 123456789012345678901234567890], "b": {"c": null}}',
    b'{"a": "\\u00e9\\ud83d\\ude9a \\n", "t": true, "f": false, "": ""}',
    b'[[[[[[{"a": {"a": {"a": []}}}]]]]]]',
    b'{"id": "1042", "amount": 25.00, "lines": [{"sku": "a", "count": 3}]}',
)

CURL = (
    b"curl -X POST 'https://api.example/v1/orders/7?expand=a&token=s' -H 'Accept: */*' "
    b'-H "Authorization: Bearer t" --data-raw $\'{"a": "it\\\'s \\u00e9"}\' --compressed',
    b"curl http://localhost:8003/p/1 -u a:b -b 'c=d; e=f' -G -d q=1 --data-urlencode 'n=a b'",
    b"$ curl \\\n  --url https://[::1]:8443/x \\\n  --json '{\"k\": [1, 2]}' | jq .",
)

CONFIGURATIONS = _json(
    {
        "version": 1,
        "model": {"name": "m", "base_url": "http://localhost:1/v1", "api_key": "${X}"},
        "apis": {
            "shop": {
                "openapi": "https://shop.example/openapi.json",
                "base_url": "https://shop.example",
                "auth": {"bearer": "${T}"},
                "include": ["tag:orders", "GET /x/**"],
                "exclude": ["delete*"],
                "require_approval": "writes",
                "limits": {"rate": "60/minute", "timeout": "10s"},
                "fill": {"customer": "caller.user"},
                "omit": ["token"],
                "allow_private": ["api.corp.example:80"],
                "operations": {"get": {"select": "{a: b}", "effect": "read", "auth": True}},
            },
            "carrier": {
                "http": "http://localhost:8003/v1",
                "auth": {"header": {"X-Key": "${K}"}, "basic": {"user": "u", "password": "${P}"}},
                "operations": {
                    "track": {
                        "get": "/p/{id}/x?fixed=1",
                        "path": {"id": {"type": "string", "pattern": "^[a-z]+$"}},
                        "query": {"q": "string", "n": {"type": "integer", "required": False}},
                        "header": {"X-A": "string"},
                        "description": "Where a parcel is.",
                    },
                    "send": {"post": "/p", "body": {"id": "string", "to": {"type": "object"}}},
                },
            },
        },
        "toolsets": {"s": {"tools": ["shop.*", "carrier.track"], "instructions": "./s.md"}},
        "callers": {"bot": {"toolset": "s", "scopes": ["shop:read", "carrier#a"], "rate": "9/s"}},
        "store": "sqlite:///d.db",
    },
    {"apis": {"shop": "./openapi.json"}, "model": "http://localhost:1/v1#m", "read_only": True},
)

_INFO = {"title": "t", "version": "1"}

OVERLAYS = _json(
    {
        "overlay": "1.1.0",
        "info": _INFO,
        "extends": "./openapi.json",
        "actions": [
            {"target": "$.paths.*[?@.tags[0]=='a'].parameters[0]", "update": {"required": True}},
            {"target": "$..parameters[?@.name=='debug']", "remove": True},
            {"target": "$.paths['/y']", "copy": "$.paths['/x/{id}']"},
            {"target": "$", "update": {"info": {"title": "other"}}},
        ],
    },
    {
        "overlay": "1.0.0",
        "info": _INFO,
        "actions": [
            {"target": "$.components.schemas[?match(@.type, 'obj.*')]", "update": {"x": [1]}},
            {"target": "$.servers[-1:]", "update": {"url": "https://other.example"}},
            {"target": "$.security", "remove": True},
        ],
    },
)

TOKENS = _json(
    {"access_token": "abc", "token_type": "Bearer", "expires_in": 3600, "scope": "a b"},
    {"error": "invalid_client", "error_description": "no", "error_uri": "https://a.example"},
)

_TYPES = """
application/json application/problem+json text/plain text/html application/xml a image/png
application/octet-stream multipart/mixed
"""
_CHARSETS = ("latin-1", "utf-16", "idna", "hex", "utf-7", "undefined", "punycode", '"\x00"')

MEDIA_TYPES = (*_TYPES.split(), *(f"text/plain; charset={one}" for one in _CHARSETS), "")

_DATES = (
    "Wed, 21 Oct 2015 07:28:00 GMT",
    "Wed, 99 Oct 99999",
    "Mon, 1",
    "Sun, 31 Dec 9999 23:59:59 -2359",
    "Fri, 1 Jan 0001 00:00:00 +2359",
)
_CHALLENGES = ('Bearer error="invalid_token"', 'Bearer error=insufficient_scope, scope="a b"')
_OTHERS = ("", "5", "0.5", "1e9", "-1", "9" * 400, "\udcff", "x" * 5_000)

HEADER_VALUES = (*_DATES, *_CHALLENGES, *_OTHERS, *MEDIA_TYPES[-9:], "application/xml")

_SELECTS = r"""
a b type name . [ ] [] [*] [0] [-1] [::0] [?a] { } , : * | || && ! == < & @ ( ) `1` `[1]` '
length( to_number( sort_by( max_by( join( sum( avg( ceil( keys( map( merge( not_null( flatten(
"""

SELECTS = tuple(_SELECTS.split())
"""Parts of JMESPath, of which most make no sense together."""

WHOLE_SELECTS = (
    "ceil(to_number(@))",
    "to_number(a)",
    "{a: a, b: b[].type, n: length(@)}",
    "sort_by(@, &a)[::-1]",
    "*.*[?type == 'x' && a > `1`] | [0]",
    "a." * 400 + "a",
    "map(&to_number(@), @)",
    "join(', ', keys(@))",
)
