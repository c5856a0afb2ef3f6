"""Bad input at the command line: one line that says what, where and what to do; never a traceback.

Unreadable files, descriptions that are none, and an API that is down, slow, endless or lying.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from command_line import Run, fault, has_struck

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)


@pytest.fixture
def page() -> Iterator[str]:
    """The address of a server that answers everything with a page."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><html><body>Welcome to our API!</body></html>")

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Page)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/openapi.json"
    server.shutdown()
    thread.join()
    server.server_close()


def told(err: str) -> list[str]:
    """The lines on stderr, each of which is in our own form."""
    lines = err.splitlines()
    assert lines
    assert all(line.startswith(("✗ ", "! ")) for line in lines), err
    return lines


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "no such file"),
        (b"apis: {shop: [", "bad.yaml:2"),
        (b"apis:\n\tshop: x\n", "bad.yaml:2"),
        (b"\xff\xfe\x00", "bad.yaml"),
        (b"- a\n- b\n", "bad.yaml"),
        (b"apis: {s: {http: 'http://x', auth: {bearer: ${T}}}}\n", "quote ${…}"),
        (BOMB.encode(), "bad.yaml"),
        (b"[" * 20_000, "bad.yaml"),
        (b"apis: {shop: {openapi: ./gone.json, limts: {}}}\n", "Did you mean 'limits'?"),
        (b"apis: {shop: {openapi: ./a.json, owner: x}}\nzzz: 1\n", "unknown key"),
        (b"apis: {s: {http: '${A_HOST}'}}\nmodel: '${A_MODEL}'\n", "A_HOST is not set"),
    ],
)
def test_a_configuration_that_is_none(
    run: Run, place: Path, content: bytes | None, what: str
) -> None:
    if content is not None:
        (place / "bad.yaml").write_bytes(content)
    started = time.monotonic()
    for words in (("tools",), ("ask", "Hi"), ("check",)):
        ended = run(*words, "-f", "bad.yaml")
        assert (ended.code, ended.out) == (2, ""), ended
        assert what in "\n".join(told(ended.err))
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    "content",
    [
        b"<!doctype html><html></html>",
        b"",
        b"\x00\x01\x02",
        b'{"openapi": "9.9", "paths": {}}',
        b'{"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": []}',
        b"[]",
        b"null",
        b"{" * 50_000,
        BOMB.encode(),
    ],
)
def test_a_description_that_is_none(run: Run, place: Path, content: bytes) -> None:
    (place / "api.json").write_bytes(content)
    ended = run("init", "api.json", "-f", "new.yaml")
    assert ended.code in {1, 2}, ended
    assert "api.json" in "\n".join(told(ended.err))
    assert not (place / "new.yaml").exists()
    assert run("lint", "api.json").code in {1, 2}


def test_a_page_in_place_of_a_description(run: Run, place: Path, page: str) -> None:
    for words in (("init", page, "-f", "new.yaml"), ("lint", page), ("add", "crm", page)):
        ended = run(*words)
        assert ended.code in {1, 2}
        assert page in "\n".join(told(ended.err))
    assert "crm" not in (place / "dragoman.yaml").read_text()
    assert not (place / "new.yaml").exists()


def test_schemas_that_contain_themselves(run: Run, place: Path) -> None:
    node = {"type": "object", "properties": {"child": {"$ref": "#/components/schemas/Node"}}}
    loop = {"$ref": "#/components/schemas/Loop"}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}}
    empty = {"content": {"application/json": {"schema": loop}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Trees", "version": "1"},
        "servers": [{"url": "http://127.0.0.1:9"}],
        "components": {"schemas": {"Node": node, "Loop": loop}},
        "paths": {
            "/trees": {"post": {"operationId": "plant", "requestBody": body, "responses": {}}},
            "/loops": {"post": {"operationId": "turn", "requestBody": empty, "responses": {}}},
        },
    }
    (place / "trees.json").write_text(json.dumps(document))
    assert run("init", "trees.json", "-f", "trees.yaml").code == 0
    words = ("call", "trees.plant", "-f", "trees.yaml", "--dry-run", "--json")
    assert run(*words, 'child:={"child": {}}').json["status"] == "previewed"
    assert run(*words, "child:=7").json["problem"]["code"] == "arguments"
    assert run("tools", "-f", "trees.yaml").code == 0


def test_one_api_that_is_down_leaves_the_others(run: Run, place: Path, page: str) -> None:
    more = {
        "apis": {
            "down": {"openapi": "http://127.0.0.1:9/openapi.json"},
            "page": {"openapi": page},
            "gone": {"openapi": "./gone.json"},
        }
    }
    (place / "more.yaml").write_text(json.dumps(more))
    files = ("-f", "dragoman.yaml", "-f", "more.yaml")
    assert run("call", "shop.getOrder", "order_id=1042", *files).code == 0
    assert run("ask", "Where is order 1042?", *files).code == 0
    listed = run("tools", *files)
    assert (listed.code, "shop__getOrder" in listed.out) == (0, True)
    assert {line.split(":")[0] for line in told(listed.err)} == {"! down", "! page", "! gone"}
    checked = run("check", *files)
    faults = [line for line in told(checked.err) if line.startswith("✗ ")]
    assert (checked.code, len(faults)) == (1, 3)
    assert "✓ shop" in checked.out
    ended = run("call", "down.anything", *files)
    assert (ended.code, "127.0.0.1:9" in told(ended.err)[0]) == (1, True)


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("500", "500"),
        ("429", "429"),
        ("large", "5"),
        ("not_json", "JSON"),
        ("cut", "cut its answer off"),
    ],
)
def test_an_api_that_fails_is_named_and_the_chat_goes_on(
    run: Run, place: Path, addresses: dict[str, str], kind: str, what: str
) -> None:
    (place / "once.yaml").write_text("apis: {shop: {limits: {retries: 0}}}\n")
    fault(addresses["DEMO_SHOP_URL"], kind, "/orders/1042")
    ended = run("call", "shop.getOrder", "order_id=1042", "-f", "dragoman.yaml", "-f", "once.yaml")
    if kind == "large":
        # Five megabytes are within the bound of an answer; they are shown whole to a person.
        assert ended.code == 0
    else:
        assert (ended.code, ended.out) == (1, "")
        assert what in told(ended.err)[0]
    fault(addresses["DEMO_SHOP_URL"], kind, "/orders/1042")
    said = run("chat", stdin="Where is order 1042?\nWhere is order 1043?\n")
    assert said.code == 0
    assert len(said.out) < 200_000
    assert re.search(r"^order_id +1043$", said.out, re.MULTILINE)


@pytest.mark.parametrize("kind", ["500", "429", "cut"])
def test_a_read_that_failed_once_is_sent_again(
    run: Run, addresses: dict[str, str], kind: str
) -> None:
    fault(addresses["DEMO_SHOP_URL"], kind, "/orders/1042")
    ended = run("call", "shop.getOrder", "order_id=1042")
    assert (ended.code, has_struck(addresses["DEMO_SHOP_URL"])) == (0, True)


def test_an_api_that_is_slow_ends_at_its_limit(run: Run, place: Path, addresses) -> None:
    fault(addresses["DEMO_SHOP_URL"], "delay", "/orders/1042", seconds=5)
    (place / "fast.yaml").write_text("apis: {shop: {limits: {timeout: 200ms}}}\n")
    ended = run("call", "shop.getOrder", "order_id=1042", "-f", "dragoman.yaml", "-f", "fast.yaml")
    assert (ended.code, addresses["DEMO_SHOP_URL"] in told(ended.err)[0]) == (1, True)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("call", "shop.getOrder", "order_id:={"), 1),
        (("call", "shop.getOrder", "--data", "[1]"), 1),
        (("call", "shop.getOrder", "--data", "@gone.json"), 1),
        (("call", "shop.getOrder", "order_id=@/"), 1),
        (("call", "shop.getOrder", "order_id=1042", "colour=red"), 1),
        (("call", "shop.refundOrder", "order_id=1042", "part=everything"), 1),
        (("call", "nobody.getOrder"), 1),
        (("call", ".."), 2),
        (("call", "nobody."), 2),
        (("call", "shop.getOrder", "order_id=1042", "--caller", "nobody"), 1),
        (("call", "shop.getOrder", "--idempotency-key"), 2),
        (("ask", "Hi", "--toolset", "nothing"), 1),
        (("tools", "nothing"), 1),
        (("tools", "--format", "xml"), 2),
        (("search", "zzzzqqqq"), 1),
        (("log", "nothing-of-that-id"), 1),
        (("log", "-n", "many"), 2),
        (("log", "--since", "99999999999d"), 2),
        (("approvals", "shew", "ap_1"), 2),
        (("resume",), 2),
        (("lint",), 2),
        (("check", "-f", "."), 2),
        (("ask", "Hi", "--model", "http://127.0.0.1:9/v1"), 2),
        (("ask", "Hi", "--model", "ftp://127.0.0.1:9/v1#m"), 2),
        (("demo", "--url", "http://127.0.0.1:9/openapi.json"), 1),
    ],
)
def test_what_cannot_be_is_refused_in_words(run: Run, words: tuple[str, ...], code: int) -> None:
    ended = run(*words)
    assert ended.code == code, ended
    if words[0] != "demo":
        assert told(ended.err)
        assert ended.out == ""


def test_words_for_the_search_are_words_and_no_query_language(run: Run) -> None:
    for words in ('"(*) NEAR/2 OR -', "refund*", "summary:refund", "a" * 10_000, "\x00", "é 漢字"):
        assert run("search", words).code in {0, 1}


def test_a_model_that_is_not_there_is_a_failed_answer_with_a_record(run: Run) -> None:
    ended = run("ask", "Hi", "--model", "http://127.0.0.1:9/v1#m")
    assert (ended.code, "Is there a server at http://127.0.0.1:9/v1?" in ended.err) == (1, True)
    answer = re.search(r"dragoman log (\w+)", ended.out)
    assert answer is not None
    assert run("log", answer[1], "--json").json["status"] == "failed"
