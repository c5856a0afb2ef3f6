"""Reading a curl command into a hand-written call: most internal APIs have no document."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from dragoman.errors import ArgumentError
from dragoman.exact_json import decode
from dragoman.operation import JsonValue

__all__ = ["CurlCall", "read_curl"]

_IGNORED = {
    "-s",
    "--silent",
    "-S",
    "--show-error",
    "-v",
    "--verbose",
    "-i",
    "--include",
    "-k",
    "--insecure",
    "-L",
    "--location",
    "--compressed",
    "-f",
    "--fail",
    "-g",
    "--globoff",
}
_WITH_VALUE = {
    "-X": "method",
    "--request": "method",
    "-H": "header",
    "--header": "header",
    "-d": "data",
    "--data": "data",
    "--data-raw": "data",
    "--data-binary": "data",
    "--json": "json",
    "-u": "user",
    "--user": "user",
    "--url": "url",
    "-A": "agent",
    "--user-agent": "agent",
    "-o": "output",
    "--output": "output",
    "-m": "time",
    "--max-time": "time",
    "--connect-timeout": "time",
}
_CREDENTIAL_HEADERS = re.compile(r"auth|token|key|secret|cookie|session|signature", re.IGNORECASE)
_DROPPED_HEADERS = {"accept", "content-type", "user-agent", "content-length", "host"}


@dataclass(slots=True)
class CurlCall:
    """What a curl command says: where, how, with which arguments, and which headers hold secrets.

    Values of credentials are not kept: only the names of their headers are.
    """

    method: str = "GET"
    origin: str = ""
    path: str = ""
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, JsonValue] = field(default_factory=dict)
    secret_headers: list[str] = field(default_factory=list)
    basic: bool = False
    bearer: bool = False


def read_curl(text: str) -> CurlCall:
    """Return the call of a curl command; raises `ArgumentError` for an option that changes it."""
    try:
        words = shlex.split(text.replace("\\\n", " "))
    except ValueError as error:
        raise ArgumentError(f"the curl command cannot be read: {error}.") from None
    if words[:1] != ["curl"]:
        raise ArgumentError("this is no curl command.", hint="Quote it whole: --curl 'curl …'")
    call, data, urls, method = CurlCall(), "", [], ""
    for option, value in _options(words[1:]):
        match option:
            case "url":
                urls.append(value)
            case "method":
                method = value.upper()
            case "header":
                _header(call, value)
            case "data" | "json":
                data = value
            case "user":
                call.basic = True
    if len(urls) != 1:
        raise ArgumentError("a curl command needs one address.")
    call.method = method or ("POST" if data else "GET")
    _address(call, urls[0])
    _body(call, data)
    return call


def _options(words: list[str]) -> list[tuple[str, str]]:
    """Return the options that matter, each with its value, in order."""
    found: list[tuple[str, str]] = []
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
        if word in _IGNORED:
            continue
        if name in _WITH_VALUE:
            found.append((_WITH_VALUE[name], value if equals else next(rest, "")))
        elif word[:2] in _WITH_VALUE and not word.startswith("--"):
            found.append((_WITH_VALUE[word[:2]], word[2:]))
        elif word.startswith("-"):
            raise ArgumentError(f"curl's option {word} is not understood. Write the call by hand.")
        else:
            found.append(("url", word))
    return found


def _header(call: CurlCall, line: str) -> None:
    name, _, value = line.partition(":")
    name, value = name.strip(), value.strip()
    if name.lower() == "authorization" and value.lower().startswith("bearer "):
        call.bearer = True
    elif name.lower() == "authorization" and value.lower().startswith("basic "):
        call.basic = True
    elif _CREDENTIAL_HEADERS.search(name):
        call.secret_headers.append(name)
    elif name.lower() not in _DROPPED_HEADERS:
        call.headers[name] = value


def _address(call: CurlCall, address: str) -> None:
    parts = urlsplit(address if "://" in address else f"http://{address}")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ArgumentError(f"{parts.scheme}:// is no address of an HTTP API.")
    if parts.username is not None:
        call.basic = True
    port = f":{parts.port}" if parts.port else ""
    call.origin = f"{parts.scheme}://{parts.hostname}{port}"
    call.path = parts.path or "/"
    call.query = dict(parse_qsl(parts.query, keep_blank_values=True))


def _body(call: CurlCall, data: str) -> None:
    if not data:
        return
    try:
        body = decode(data)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ArgumentError("only a JSON object can be read from curl's data.")
    call.body = body
