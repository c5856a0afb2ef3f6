"""Reading a curl command into a hand-written call: most internal APIs have no document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from dragoman.cli.curl_options import Option, read_options
from dragoman.cli.shell_words import shell_words
from dragoman.config.consistency import METHODS
from dragoman.errors import ArgumentError
from dragoman.exact_json import decode
from dragoman.operation import JsonValue

__all__ = ["CurlCall", "read_curl"]

_CREDENTIAL = re.compile(
    r"auth(?!ors?([^a-z]|$))|(?<!page)(?<!next)(?<!page[_-])(?<!next[_-])token"
    r"|(^|(?<!idempotency)[^a-z]|api|access)key|secret|passw|session|signature|^sig$",
    re.IGNORECASE,
)
"""Names under which a credential is given; tokens of pages are none."""

_DROPPED_HEADERS = re.compile(
    r"accept(-.*)?|cache-control|connection|content-(type|length)|dnt|expect|host|origin|pragma"
    r"|priority|referer|sec-.*|te|transfer-encoding|upgrade.*|user-agent|:.*",
    re.IGNORECASE,
)


@dataclass(slots=True)
class CurlCall:
    """What a curl command says: where, how, with which arguments, and where it shows a secret.

    Values of credentials are not kept: only the names of their places are.
    """

    method: str = "GET"
    origin: str = ""
    path: str = ""
    query: dict[str, list[str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, JsonValue] = field(default_factory=dict)
    secrets: dict[str, list[str]] = field(default_factory=dict)
    """By place (header, query, cookie) the names under which credentials were given."""
    basic: bool = False
    bearer: bool = False

    def add_secret(self, place: str, name: str) -> None:
        """Keep the name of a credential, once."""
        names = self.secrets.setdefault(place, [])
        if name not in names:
            names.append(name)


def read_curl(text: str) -> CurlCall:
    """Return the call of a curl command; raises `ArgumentError` for what cannot be written down."""
    options = read_options(_words(text))
    call = CurlCall()
    for option in options:
        match option.name:
            case "header":
                _header(call, option.value)
            case "cookie":
                _cookies(call, option.value)
            case "user":
                call.basic = True
            case "bearer":
                call.bearer = True
            case _:  # read below
                continue
    urls = [option.value for option in options if option.name == "url"]
    if len(urls) != 1:
        raise ArgumentError("a curl command needs one address.", hint="Quote it: '&' ends a word.")
    _address(call, urls[0])
    data = _data(options)
    in_query = any(option.name == "get" for option in options)
    if in_query:
        _query(call, data)
    else:
        _body(call, data)
    call.method = _method(options, has_body=bool(data) and not in_query)
    return call


def _words(text: str) -> list[str]:
    if '^"' in text:
        raise ArgumentError("this is a command for cmd.exe.", hint="Copy it as cURL (bash).")
    try:
        words = shell_words(text.strip().removeprefix("$ "))
    except ValueError as error:
        raise ArgumentError(f"the curl command cannot be read: {error}.") from None
    if words[:1] != ["curl"]:
        raise ArgumentError("this is no curl command.", hint="Quote it whole: --curl 'curl …'")
    return words[1:]


def _method(options: list[Option], *, has_body: bool) -> str:
    named = [option.value.upper() for option in options if option.name == "method"]
    is_head = any(option.name == "head" for option in options)
    method = named[-1] if named else "HEAD" if is_head else "POST" if has_body else "GET"
    if method.lower() not in METHODS:
        raise ArgumentError(f"a call of method {method} cannot be written by hand.")
    return method


def _header(call: CurlCall, line: str) -> None:
    name, _, value = line.partition(":")
    name, value = name.strip(), value.strip()
    scheme = value.partition(" ")[0].lower()
    if line.startswith("@"):
        raise ArgumentError(f"the headers are in a file ({line[1:]}): write them into the command.")
    if not value:  # takes away a header of curl's own, or is an empty one
        return
    if name.lower() == "cookie":
        _cookies(call, value)
    elif name.lower() == "authorization" and scheme == "bearer":
        call.bearer = True
    elif name.lower() == "authorization" and scheme == "basic":
        call.basic = True
    elif _CREDENTIAL.search(name):
        call.add_secret("header", name)
    elif not _DROPPED_HEADERS.fullmatch(name):
        call.headers[name] = value


def _cookies(call: CurlCall, text: str) -> None:
    if "=" not in text:
        raise ArgumentError("the cookies are in a file: write them into the command.")
    for pair in text.split(";"):
        if name := pair.partition("=")[0].strip():
            call.add_secret("cookie", name)


def _address(call: CurlCall, address: str) -> None:
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise ArgumentError("the address in the curl command is none.") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ArgumentError(f"{parts.scheme}:// is no address of an HTTP API.")
    if parts.username is not None:
        call.basic = True
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    call.origin = f"{parts.scheme}://{host}{port}"
    call.path = parts.path or "/"
    _query(call, parts.query)


def _query(call: CurlCall, text: str) -> None:
    for name, value in parse_qsl(text, keep_blank_values=True):
        if _CREDENTIAL.search(name):
            call.add_secret("query", name)
        else:
            call.query.setdefault(name, []).append(value)


def _data(options: list[Option]) -> str:
    """Join all data as curl does: JSON as it stands, everything else with `&`."""
    json = "".join(option.value for option in options if option.name == "json")
    return json or "&".join(_pieces(options))


def _pieces(options: list[Option]) -> Iterator[str]:
    for option in options:
        if option.name in {"data", "json"} and option.value.startswith("@"):
            raise ArgumentError(
                f"the data is in a file ({option.value[1:]}): write it into the command."
            )
        if option.name == "urlencode":
            yield option.value.replace("&", "%26").removeprefix("=")
        elif option.name in {"data", "raw"} and option.value:
            yield option.value


def _body(call: CurlCall, data: str) -> None:
    if not data:
        return
    try:
        body = decode(data)
    except ValueError:
        body = None
    if isinstance(body, dict):
        call.body = body
        return
    if body is None and re.match(r"[\w.\[\]-]+=", data):
        raise ArgumentError(
            "curl's data is a form, and a call written by hand sends a JSON object.",
            hint="If the API takes JSON as well, give it so: --json '{…}'",
        )
    raise ArgumentError("only a JSON object can be read from curl's data.")
