"""Secrets of all kinds, made anew for each run, an API that gives them away, and the search.

The search does not use the product's list of encodings, but one of its own, and finds the first
and the last twelve characters of a value too: whoever cuts text can cut a secret in two.
"""

from __future__ import annotations

import asyncio
import base64
import html
import json
import re
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus

from ahocorasick_rs import BytesAhoCorasick
from aiohttp import web

__all__ = ["CANARIES", "MODES", "Upstream", "all_in", "found", "upstream"]

_FRAGMENT = 12


def _around(middle: str) -> str:
    """A value that has the awkward characters inside, and begins and ends like no other text."""
    return f"{secrets.token_hex(8)}{middle}{secrets.token_hex(8)}"


def _digits(length: int) -> str:
    return "".join(secrets.choice("123456789") for _ in range(length))


SHAPES: dict[str, str] = {
    "plain": "",
    "quotes": "\"'`",
    "backslashes": '\\ \\\\n\\"\\u0041',
    "percent": "%41%%2F%",
    "markup": "<b>&amp;</b>=",
    "base64": "+/+/==.",
    "unicode": "éß€",
    "emoji": "🗝️",
    "template": "$x{{y}}#{z}",
    "url": "://u:p@h/?a=1&b=2#c",
    "long": "x" * 600,
}

CANARIES: dict[str, str] = {
    **{f"BEARER_{name.upper()}": _around(middle) for name, middle in SHAPES.items()},
    "BEARER_NUMBER": _digits(30),
    "BEARER_SHORTEST": secrets.token_hex(4),
    "BASIC_PLAIN": _around(""),
    "BASIC_BLANKS": _around(" a b "),
    "BASIC_COLON": _around(":é:"),
    "HEADER_KEY": _around(""),
    "HEADER_SET_A": _around("-a-"),
    "HEADER_SET_B": _around(","),
    "QUERY_KEY": _around(""),
    "QUERY_NEWLINE": _around("\n\r\t"),
    "QUERY_RESERVED": _around("&=+/?# é"),
    "COOKIE_KEY": _around("!*"),
    "ACCOUNT_WORK": _around(""),
    "ACCOUNT_HOME": _around(""),
    "FILE_KEY": _around(""),
    "DEFAULT_KEY": _around(""),
    "CLIENT_SECRET": _around('/+=&"é '),
    "USER_CLIENT_SECRET": _around("%:"),
    "ISSUED_TOKEN": _around(""),
    "USER_ACCESS": _around(""),
    "USER_REFRESH": _around("~"),
    "USER_ACCESS_2": _around(""),
    "USER_REFRESH_2": _around(""),
    "BROKEN_ACCESS": _around(""),
    "BROKEN_REFRESH": _around(""),
    "MODEL_KEY": f"sk-{secrets.token_hex(24)}",
    "ROOT_KEY": secrets.token_hex(32),
    "STORE_PASSWORD": _around("@:/"),
    "VAULT_TOKEN": _around("."),
    "VAULT_VALUE": _around(""),
    "AWS_SECRET_ACCESS_KEY": _around("+/"),
    "AWS_SESSION_TOKEN": _around("=="),
    "AWS_VALUE": _around('"'),
    "GCP_VALUE": _around(""),
}
"""By name. The keys of callers come to them when they are made."""


def found(values: Mapping[str, str], text: str | bytes) -> list[str]:
    """The names of the values that stand in the text: whole in any spelling, or a part."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    spelled = [(name, one) for name, value in values.items() for one in {*_spelled(value)}]
    search = BytesAhoCorasick([one.encode("utf-8", "surrogatepass") for _, one in spelled])
    return sorted({spelled[at][0] for at, _, _ in search.find_matches_as_indexes(data)})


def _spelled(value: str) -> Iterator[str]:
    """The value as programs write it, and its ends; what is escaped need not have been so."""
    if len(value) >= 2 * _FRAGMENT:
        yield value[:_FRAGMENT]
        yield value[-_FRAGMENT:]
    raw = value.encode("utf-8")
    yield value
    yield repr(value)[1:-1]
    yield repr(raw)[2:-1]
    yield json.dumps(value)[1:-1]
    yield quote(value, safe="")
    yield quote_plus(value)
    yield html.escape(value)
    yield raw.hex()
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw + b"\0\0").decode()
        # From its first whole letter on: four letters alone stand in any long base64 by chance.
        yield encoded[4 * (before > 0) : 4 * ((before + len(raw)) // 3)]


def echoes(value: str) -> list[str]:
    """What an API may write where it gives a value away."""
    raw = value.encode("utf-8")
    return [
        value,
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        quote(value, safe=""),
        re.sub("%[0-9A-F]{2}", lambda escape: escape[0].lower(), quote(value, safe="")),
        quote_plus(value),
        html.escape(value),
        raw.hex(),
        *(base64.b64encode(f"{before}{value}".encode()).decode() for before in ("", "a", "ab")),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
    ]


def all_in(thing: object) -> str:
    """All text within a value, hidden fields too; what is no data is there by its `repr`."""
    return "\n".join(_texts(thing, 0))


def _texts(thing: object, depth: int) -> Iterator[str]:  # noqa: C901 - a kind a line
    if depth > 40:
        return
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, bytes):
        yield thing.decode("utf-8", "replace")
    elif isinstance(thing, Mapping):
        for name, one in thing.items():
            yield from _texts(name, depth + 1)
            yield from _texts(one, depth + 1)
    elif isinstance(thing, list | tuple | set | frozenset):
        for one in thing:
            yield from _texts(one, depth + 1)
    elif is_dataclass(thing) and not isinstance(thing, type):
        if depth == 0:
            yield repr(thing)
        for field in fields(thing):
            yield from _texts(getattr(thing, field.name), depth + 1)
    elif isinstance(thing, int | float | Decimal | Enum | datetime) or thing is None:
        yield str(thing)
    else:
        yield repr(thing)


MODES = (
    "json",
    "number",
    "escaped",
    "text",
    "html",
    "binary",
    "utf-16",
    "not-json",
    "not-json-late",
    "problem-400",
    "problem-401",
    "scope-403",
    "errors-422",
    "page-500",
    "straddle-400",
    "straddle-200",
    "redirect",
    "followed",
    "cut",
)
"""The ways in which the API gives away what it was shown."""


IN_SHORT = ("json", "problem-400", "problem-401", "straddle-200", "redirect")

IN_EVERY_MODE = frozenset(
    {"BEARER_PLAIN", "BEARER_BACKSLASHES", "BEARER_NUMBER", "BASIC_BLANKS", "QUERY_RESERVED"}
    | {"OAUTH_GOOD", "USER_USER"}
)
"""The credentials that go through all of them; the others through a few."""


@dataclass(frozen=True)
class Upstream:
    """Where the API is; `shown` are all credentials that it was shown, so that none is untried."""

    url: str
    shown: set[str]


def _credential(request: web.Request) -> str:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme == "Basic":
        return base64.b64decode(given).decode().partition(":")[2]
    if given:
        # aiohttp reads headers as UTF-8 with what is not so left as it was.
        return given
    for name in ("X-Key", "X-A"):
        if name in request.headers:
            return request.headers[name]
    query = dict(parse_qsl(request.query_string, keep_blank_values=True))
    return query.get("k") or request.cookies.get("sid", "")


class _Answers:
    """An app with the routes of the API and of its token endpoints."""

    def __init__(self) -> None:
        self.shown: set[str] = set()
        self.statuses = [404, 400, 429, 403]

    async def echo(self, request: web.Request) -> web.StreamResponse:
        secret = _credential(request)
        self.shown |= {secret, request.headers.get("X-B", ""), *request.headers.getall("X-Key", [])}
        both = [secret, *([request.headers["X-B"]] if "X-B" in request.headers else [])]
        texts = [text for one in both for text in echoes(one)]
        return await self._answer(request, request.match_info["mode"], secret, texts)

    async def _answer(  # noqa: C901 - a mode a case
        self, request: web.Request, mode: str, secret: str, texts: list[str]
    ) -> web.StreamResponse:
        joined = " ".join(f"<{text}>" for text in texts)
        headers = {"X-Echo": quote(secret), "Set-Cookie": f"t={quote(secret)}"}
        match mode:
            case "number":
                body = f'{{"n": {secret if secret.isdecimal() else 0}, "s": "x"}}'
                return web.Response(text=body, content_type="application/json", headers=headers)
            case "escaped":
                units = secret.encode("utf-16-be").hex()
                spelled = "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
                body = f'{{"{spelled}": ["{spelled}"]}}'
                return web.Response(text=body, content_type="application/json", headers=headers)
            case "text":
                return web.Response(text=joined)
            case "html":
                return web.Response(text=f"<p>{joined}</p>", content_type="text/html")
            case "binary":
                return web.Response(body=joined.encode(), content_type="image/png")
            case "utf-16":
                return web.Response(
                    body=secret.encode("utf-16"),
                    headers={"Content-Type": "text/plain; charset=utf-16"},
                )
            case "not-json":
                return web.Response(text=f"you sent {secret}", content_type="application/json")
            case "not-json-late":
                return web.Response(
                    text=f"{'x' + ' ' * 235}y {secret}", content_type="application/json"
                )
            case "problem-400":
                members = {"title": joined, "detail": joined, "code": secret, secret: joined}
                return web.json_response(members, status=400, headers=headers)
            case "problem-401":
                headers["WWW-Authenticate"] = (
                    f'Bearer error="invalid_token", error_description="{quote(secret)}"'
                )
                return web.json_response({"detail": joined}, status=401, headers=headers)
            case "scope-403":
                said = f'Bearer error="insufficient_scope", scope="{quote(secret)[:190]}"'
                return web.json_response({}, status=403, headers={"WWW-Authenticate": said})
            case "errors-422":
                return web.json_response(
                    {"errors": {"field": [secret], secret: ["x"]}, "error": {"message": secret}},
                    status=422,
                )
            case "page-500":
                return web.Response(text=f"<h1>{joined}</h1>", content_type="text/html", status=500)
            case "straddle-400":
                return web.json_response({"detail": f"{'word ' * 98}{secret} after"}, status=400)
            case "straddle-200":
                return web.json_response({"a": f"{secret} " * 40, "b": [f"-{secret}"] * 40})
            case "redirect":
                place = f"http://elsewhere.example/{quote(secret)}?t={quote(secret)}"
                return web.Response(status=302, headers={"Location": place})
            case "followed":
                place = f"/api/json?k={quote(secret, safe='')}"
                return web.Response(status=303, headers={"Location": place})
            case "cut":
                response = web.StreamResponse(headers={**headers, "Content-Length": "1000000"})
                await response.prepare(request)
                await response.write(secret.encode())
                assert request.transport is not None
                request.transport.abort()
                return response
        body_of_json = {"title": joined, secret: [{"deep": joined}], "list": texts}
        return web.json_response(body_of_json, headers=headers)

    async def token(self, request: web.Request) -> web.Response:  # noqa: C901 - a mode a case
        """The token endpoint: its last segment says what it does."""
        form = await request.post()
        given = request.headers.get("Authorization", "Basic Og==").removeprefix("Basic ")
        echo = [*map(str, form.values()), given, base64.b64decode(given).decode()]
        said = " ".join(echo)
        match request.match_info["mode"], form.get("grant_type"):
            case "error", _:
                body = {"error": "invalid_request", "error_description": said, "extra": said}
                return web.json_response(body, status=400, headers={"X-Echo": given})
            case "straddle", _:
                words = f"{'word ' * 38}{base64.b64decode(given).decode()}"
                body = {"error": f"{'e' * 50}{said}", "error_description": words}
                return web.json_response(body, status=400)
            case "page", _:
                return web.Response(text=f"<p>{said}</p>", content_type="text/html")
            case "redirect", _:
                place = f"http://elsewhere.example/{quote(said)}"
                return web.Response(status=302, headers={"Location": place})
            case "ours", _:
                return web.Response(status=307, headers={"Location": f"/token/error?{quote(said)}"})
            case "down", _:
                return web.json_response({"error": said, "error_description": said}, status=503)
            case "kind", _:
                body = {"access_token": CANARIES["ISSUED_TOKEN"], "token_type": said}
                return web.json_response(body)
            case "user", "refresh_token":
                return _token("USER_ACCESS_2", "USER_REFRESH_2")
            case "user", _:
                return _token("USER_ACCESS", "USER_REFRESH")
            case "broken", "refresh_token":
                words = f"{'word ' * 37}{form['refresh_token']} {said}"
                body = {"error": "invalid_grant", "error_description": words}
                return web.json_response(body, status=400)
            case "broken", _:
                return _token("BROKEN_ACCESS", "BROKEN_REFRESH")
        return _token("ISSUED_TOKEN", None)

    async def model(self, request: web.Request) -> web.Response:
        """A model's server that refuses in several ways, and says with which key."""
        key = request.headers.get("Authorization", "")
        self.shown.add(key.removeprefix("Bearer "))
        words = f"{'word ' * 57}{key} {quote(key)} {base64.b64encode(key.encode()).decode()}"
        fault = {"message": words, "code": key, "type": key}
        status = self.statuses.pop() if self.statuses else 401
        return web.json_response({"error": fault}, status=status, headers={"X-Echo": key})

    async def vault(self, request: web.Request) -> web.Response:
        """Vault's interface, as far as one value of version 1 takes."""
        path, token = request.match_info["tail"], request.headers.get("X-Vault-Token", "")
        if path == "auth/token/lookup-self":
            return web.json_response({"data": {"ttl": 0}})
        if path.startswith("sys/internal/ui/mounts/"):
            mount = {"path": "kv/", "type": "kv", "options": {"version": "1"}}
            return web.json_response({"data": mount})
        if path == "kv/shop":
            return web.json_response({"data": {"value": CANARIES["VAULT_VALUE"]}})
        return web.json_response({"errors": [f"no {token}"]}, status=403)

    async def aws(self, request: web.Request) -> web.Response:
        """`GetSecretValue` of AWS Secrets Manager."""
        name = json.loads(await request.text())["SecretId"]
        if name == "shop":
            return web.json_response({"Name": name, "SecretString": CANARIES["AWS_VALUE"]})
        said = f"{request.headers.get('X-Amz-Security-Token')} {CANARIES['AWS_VALUE']}"
        fault = {"__type": "AccessDeniedException", "message": said}
        return web.json_response(fault, status=400, headers={"X-Echo": quote(said)})

    async def gcp(self, request: web.Request) -> web.Response:
        """`projects.secrets.versions.access` of GCP Secret Manager."""
        value = CANARIES["GCP_VALUE"]
        if "closed" in request.match_info["name"]:
            fault = {"code": 403, "message": f"no {value}", "status": "PERMISSION_DENIED"}
            return web.json_response({"error": fault}, status=403)
        data = base64.b64encode(value.encode()).decode()
        return web.json_response({"name": "n", "payload": {"data": data}})


def _token(access: str, refresh: str | None) -> web.Response:
    body: dict[str, Any] = {
        "access_token": CANARIES[access],
        "token_type": "Bearer",
        "expires_in": 3600,
    }
    if refresh is not None:
        body["refresh_token"] = CANARIES[refresh]
    return web.json_response(body)


@contextmanager
def upstream() -> Iterator[Upstream]:
    """Serve the API in a thread, so that commands can be run against it too."""
    loop, ready, done = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    answers, place = _Answers(), list[str]()

    async def run() -> None:
        app = web.Application()
        app.router.add_route("*", "/api/{mode}", answers.echo)
        app.router.add_post("/token/{mode}", answers.token)
        app.router.add_post("/v1/{tail:.*}", answers.model)
        app.router.add_get("/vault/v1/{tail:.*}", answers.vault)
        app.router.add_post("/aws", answers.aws)
        app.router.add_get("/v1/{name:.+}:access", answers.gcp)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        place.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
        ready.set()
        await done.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    assert ready.wait(20)
    try:
        yield Upstream(place[0], answers.shown)
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()


def operations(modes: Iterable[str] = MODES) -> dict[str, Any]:
    """A read and a write for each way."""
    described: dict[str, Any] = {}
    for mode in modes:
        name = mode.replace("-", "_")
        described[f"read_{name}"] = {"get": f"/api/{mode}"}
        described[f"write_{name}"] = {"post": f"/api/{mode}", "body": {"note": "string?"}}
    return described


def configuration(at: Upstream, folder: str) -> dict[str, Any]:
    """An API for each credential; the modes of the token endpoint are APIs of their own."""
    auth: dict[str, Any] = {}
    for name in CANARIES:
        kind = name.partition("_")[0]
        match kind:
            case "BEARER":
                auth[name] = {"bearer": f"${{{name}}}"}
            case "BASIC":
                auth[name] = {"basic": {"username": "us", "password": f"${{{name}}}"}}
            case "QUERY":
                auth[name] = {"query": {"k": f"${{{name}}}"}}
    auth["HEADER_KEY"] = {"header": {"X-Key": "${HEADER_KEY}"}}
    auth["HEADER_SET"] = {"header": {"X-A": "${HEADER_SET_A}", "X-B": "${HEADER_SET_B}"}}
    auth["COOKIE_KEY"] = {"cookie": {"sid": "${COOKIE_KEY}"}}
    auth["FILE_KEY"] = {"bearer": f"${{file:{folder}/secret.txt}}"}
    auth["DEFAULT_KEY"] = {"bearer": f"${{NOT_SET:-{CANARIES['DEFAULT_KEY']}}}"}
    for mode in ("good", "error", "straddle", "page", "redirect", "ours", "down", "kind"):
        auth[f"OAUTH_{mode.upper()}"] = {
            "oauth": {
                "client_id": "us",
                "client_secret": "${CLIENT_SECRET}",
                "token_url": f"{at.url}/token/{mode}",
            }
        }
    for mode in ("user", "broken", "error", "straddle", "redirect"):
        auth[f"USER_{mode.upper()}"] = {
            "oauth": {
                "grant": "authorization_code",
                "client_id": "us",
                "client_secret": "${USER_CLIENT_SECRET}",
                "authorization_url": f"{at.url}/auth",
                "token_url": f"{at.url}/token/{mode}",
                "revocation_url": f"{at.url}/token/{mode}",
            }
        }
    shared = {"http": at.url, "require_approval": "never"}
    apis = {
        name.lower(): {
            **shared,
            "auth": one,
            "operations": operations(MODES if name in IN_EVERY_MODE else IN_SHORT),
        }
        for name, one in auth.items()
    }
    accounts = {name: {"bearer": f"${{ACCOUNT_{name.upper()}}}"} for name in ("work", "home")}
    apis["account"] = {**shared, "accounts": accounts, "operations": operations(IN_SHORT)}
    return {
        "version": 1,
        "store": f"sqlite:///{folder}/dragoman.db",
        "key": "${ROOT_KEY}",
        "model": {"name": "m", "base_url": f"{at.url}/v1", "api_key": "${MODEL_KEY}"},
        "apis": apis,
        "callers": {
            "work": {"scopes": ["account", "bearer_plain"], "acts_for": "any"},
            "home": {"scopes": ["account"], "accounts": {"account": "home"}},
        },
    }
