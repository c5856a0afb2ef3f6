"""Curl commands as docs print them and browsers copy them, read into calls written by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from dragoman.cli.add import _draft_of_curl, insert
from dragoman.cli.curl import CurlCall, read_curl
from dragoman.cli.shell_words import shell_words
from dragoman.config.load import load
from dragoman.config.yaml12 import parse
from dragoman.errors import ArgumentError


def written(command: str) -> dict:
    """Return what `dragoman add crm --curl …` writes for the API."""
    text = insert("version: 1\n", _draft_of_curl("crm", read_curl(command)))
    return parse(text, "dragoman.yaml")["apis"]["crm"]


def call(command: str) -> CurlCall:
    return read_curl(command)


def test_a_command_of_a_manual() -> None:
    command = """\
$ curl -X POST https://api.example.com/v1/orders/1042/refunds \\
    -H "Authorization: Bearer $TOKEN" \\
    -H 'Content-Type: application/json' \\
    -d '{"amount": 25.00, "reason": "damaged", "lines": [1], "full": false}' | jq .
"""
    assert written(command) == {
        "http": "https://api.example.com",
        "auth": {"bearer": "${CRM_TOKEN}"},
        "operations": {
            "postOrdersRefunds": {
                "post": "/v1/orders/{id}/refunds",
                "path": {"id": "integer"},
                "body": {
                    "amount": "number",
                    "reason": "string",
                    "lines": "array",
                    "full": "boolean",
                },
                "description": "POST /v1/orders/{id}/refunds",
            }
        },
    }


def test_a_command_that_a_browser_copied() -> None:
    command = """\
curl 'https://intern.example.com/api/tickets?status=open&page=2' \\
  -H 'accept: application/json, text/plain, */*' \\
  -H 'accept-language: en-GB,en;q=0.9' \\
  -b 'session_id=canary-cookie; theme=dark' \\
  -H 'origin: https://intern.example.com' \\
  -H 'priority: u=1, i' \\
  -H 'sec-ch-ua: "Chromium";v="146"' \\
  -H 'sec-fetch-mode: cors' \\
  -H 'x-csrf-token: canary-csrf' \\
  -H 'x-tenant: acme' \\
  -H 'user-agent: Mozilla/5.0' \\
  --data-raw $'{"text":"it\\'s \\u0021\\ud83d\\ude00"}' \\
  --compressed ;
""".replace(" ;\n", "\n")
    read = call(command)
    assert (read.method, read.path) == ("POST", "/api/tickets")
    assert read.body == {"text": "it's !😀"}
    assert read.headers == {"x-tenant": "acme"}
    api = written(command)
    assert api["auth"] == {
        "cookie": {"session_id": "${CRM_SESSION_ID}", "theme": "${CRM_THEME}"},
        "header": {"x-csrf-token": "${CRM_X_CSRF_TOKEN}"},
    }
    assert api["operations"]["postApiTickets"]["query"] == {"status": "string?", "page": "string?"}


SECRET = "canary-0123456789"


@pytest.mark.parametrize(
    ("options", "auth"),
    [
        (f"-H 'Authorization: Bearer {SECRET}'", {"bearer": "${CRM_TOKEN}"}),
        (f"--oauth2-bearer {SECRET}", {"bearer": "${CRM_TOKEN}"}),
        (
            f"-u ana:{SECRET}",
            {"basic": {"username": "${CRM_USERNAME}", "password": "${CRM_PASSWORD}"}},
        ),
        (
            f"-H 'authorization: basic {SECRET}'",
            {"basic": {"username": "${CRM_USERNAME}", "password": "${CRM_PASSWORD}"}},
        ),
        (
            f"-H 'Authorization: Token {SECRET}'",
            {"header": {"Authorization": "${CRM_AUTHORIZATION}"}},
        ),
        (
            f"-H 'X-Api-Key: {SECRET}' -H 'X-Secret: {SECRET}' -H 'x-api-key2: a'",
            {
                "header": {
                    "X-Api-Key": "${CRM_X_API_KEY}",
                    "X-Secret": "${CRM_X_SECRET}",
                    "x-api-key2": "${CRM_X_API_KEY2}",
                }
            },
        ),
        (f"-H 'Cookie: sid={SECRET}'", {"cookie": {"sid": "${CRM_SID}"}}),
        (f"-G -d api_key={SECRET}", {"query": {"api_key": "${CRM_API_KEY}"}}),
    ],
)
def test_no_secret_is_written_only_where_it_goes(options: str, auth: object) -> None:
    command = f"curl https://api.example.com/a {options}"
    drafted = _draft_of_curl("crm", read_curl(command))
    assert written(command)["auth"] == auth
    assert SECRET not in "\n".join([*drafted.lines, *drafted.variables, repr(call(command))])


@pytest.mark.parametrize(
    "address",
    [
        f"https://ana:{SECRET}@api.example.com/a",
        f"https://api.example.com/a?access_token={SECRET}&key={SECRET}",
        f"https://api.telegram.org/bot110201543:{SECRET}/getMe",
        "https://hooks.example.com/services/T00000000/canary0123456789abcdef",
    ],
)
def test_an_address_may_hold_a_secret_too(address: str) -> None:
    drafted = _draft_of_curl("crm", read_curl(f"curl '{address}'"))
    assert "canary" not in "\n".join(drafted.lines)


@pytest.mark.parametrize(
    "name", ["Idempotency-Key", "X-Author", "page_token", "nextToken", "monkey", "X-Request-Id"]
)
def test_what_only_sounds_like_a_secret_stays_an_argument(name: str) -> None:
    assert call(f"curl 'http://x/?{name}=1'").query == {name: ["1"]}


@pytest.mark.parametrize(
    ("options", "method", "query", "body"),
    [
        ("", "GET", {}, {}),
        ("-X delete", "DELETE", {}, {}),
        ("-XPUT -d '{}'", "PUT", {}, {}),
        ("-I", "HEAD", {}, {}),
        ("-sSL -o /dev/null -w '%{http_code}' --max-time 5", "GET", {}, {}),
        ("""--json '{"a":' --json '1}'""", "POST", {}, {"a": 1}),
        ("""-sd '{"a":1}'""", "POST", {}, {"a": 1}),
        ("""--data-binary '{"a":"x&y"}'""", "POST", {}, {"a": "x&y"}),
        (
            "-G -d status=open -d status=new -d q=",
            "GET",
            {"status": ["open", "new"], "q": [""]},
            {},
        ),
        ("--get --data-urlencode 'q=a b&c'", "GET", {"q": ["a b&c"]}, {}),
        ("-H 'Accept:' -H 'X-Empty;'", "GET", {}, {}),
    ],
)
def test_options_mean_what_curl_means_by_them(
    options: str, method: str, query: object, body: object
) -> None:
    read = call(f"curl http://x/a {options}")
    assert (read.method, read.query, read.body) == (method, query, body)


@pytest.mark.parametrize(
    ("address", "origin", "path"),
    [
        ("api.example.com/a", "http://api.example.com", "/a"),
        ("https://h:8443", "https://h:8443", "/"),
        ("http://[::1]:80/a", "http://[::1]:80", "/a"),
        ("--url http://h/a", "http://h", "/a"),
    ],
)
def test_an_address_is_read_as_curl_reads_it(address: str, origin: str, path: str) -> None:
    read = call(f"curl {address}")
    assert (read.origin, read.path) == (origin, path)


@pytest.mark.parametrize(
    ("path", "template", "kinds"),
    [
        ("/orders/1042/lines/7", "/orders/{id}/lines/{id2}", {"id": "integer", "id2": "integer"}),
        ("/p/6f1c1f6e-7a3b-4a55-9d8e-2f4b1c0d9e8a", "/p/{id}", {"id": "string"}),
        ("/users/{user-name}/posts", "/users/{user_name}/posts", {"user_name": "string"}),
        ("/v1/orders", "/v1/orders", None),
    ],
)
def test_parts_of_a_path_that_change_become_parameters(
    path: str, template: str, kinds: object
) -> None:
    (operation,) = written(f"curl 'http://x{path}'")["operations"].values()
    assert (operation["get"], operation.get("path")) == (template, kinds)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("wget http://x", "this is no curl command"),
        ("", "this is no curl command"),
        ("curl", "needs one address"),
        ("curl http://x http://y", "needs one address"),
        ("curl 'http://x", "a quote in it does not end"),
        ("curl ftp://x/a", "ftp:// is no address of an HTTP API"),
        ("curl file:///etc/passwd", "file:// is no address of an HTTP API"),
        ("curl http://x:99999/", "the address in the curl command is none"),
        ("curl http://x -H", "option -H has no value"),
        ("curl http://x -F file=@a.png", "option -F is not understood"),
        ("curl http://x -K config", "option -K is not understood"),
        ("curl http://x --cert a.pem:hunter22", "option --cert is not understood"),
        ("curl http://x -X OPTIONS", "a call of method OPTIONS cannot be written by hand"),
        ("curl http://x -d @body.json", r"the data is in a file \(body.json\)"),
        ("curl http://x -H @headers", r"the headers are in a file \(headers\)"),
        ("curl http://x -b cookies.txt", "the cookies are in a file"),
        ("curl http://x -d a=1 -d b=2", "curl's data is a form"),
        ("curl http://x --data-urlencode 'q=a b'", "curl's data is a form"),
        ("curl http://x -d '[1]'", "only a JSON object"),
        ("curl http://x -d 'plain words'", "only a JSON object"),
        ('curl ^"http://x^"', "this is a command for cmd.exe"),
    ],
)
def test_what_cannot_be_written_down_is_told(command: str, message: str) -> None:
    with pytest.raises(ArgumentError, match=message) as refused:
        read_curl(command)
    assert "hunter22" not in str(refused.value)


def test_names_from_a_command_stay_names_in_the_file(tmp_path: Path) -> None:
    command = (
        """curl 'http://x/a"b?filter%5Bstate%5D=1&a:%20b=2&%24%7BHOME%7D=3' -H 'X-"Odd: 1' """
        """-d '{"a: {b": 1, "# no": 2, "${HOME}": 3}'"""
    )
    file = tmp_path / "dragoman.yaml"
    text = insert("version: 1\n", _draft_of_curl("crm", read_curl(command)))
    file.write_text(text)
    (operation,) = load(file).settings.apis["crm"].operations.values()
    assert set(operation.body) == {"a: {b", "# no", "${HOME}"}
    assert list(operation.query)[:2] == ["filter[state]", "a: b"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a  b\tc\n", ["a", "b", "c"]),
        ("a\\\nb", ["ab"]),
        ("a \\\r\n b", ["a", "b"]),
        ("'a b'\"c d\"e", ["a bc de"]),
        (r'"a\"b\\c\d"', [r'a"b\c\d']),
        (r"$'a\'b\n\x41\u00e9\101'", ["a'b\nAéA"]),
        (r"a\ b", ["a b"]),
        ("''", [""]),
        ("$HOME '$X'", ["$HOME", "$X"]),
        ("a | b", ["a"]),
        ("a'|'b", ["a|b"]),
    ],
)
def test_words_are_split_as_a_shell_does(text: str, words: list[str]) -> None:
    assert shell_words(text) == words
