"""A client that sends garbage: it is answered, nothing of ours is told, and the server goes on."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp_client import RawClient

TRACK = {"get": "/parcels/{id}", "path": {"id": "string"}}
PARSE_ERROR, INVALID_REQUEST, UNKNOWN_METHOD, INVALID_PARAMS = -32700, -32600, -32601, -32602


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RawClient]:
    """One server for all of it, with no API: what one line leaves behind meets the next one."""
    place = tmp_path_factory.mktemp("garbage")
    config = {"apis": {"parcels": {"http": "http://localhost:1", "operations": {"track": TRACK}}}}
    (place / "dragoman.yaml").write_text(json.dumps(config))
    client = RawClient(place)
    client.initialize()
    yield client
    assert client.close() == 0


def call(id_: Any, arguments: str, name: str = "parcels__track") -> bytes:
    """A call whose arguments are written by hand."""
    return (
        f'{{"jsonrpc":"2.0","id":{json.dumps(id_)},"method":"tools/call",'
        f'"params":{{"name":{json.dumps(name)},"arguments":{arguments}}}}}'
    ).encode()


LONG = b'{"jsonrpc":"2.0","id":"long","method":"ping","x":"' + b"x" * 5_000_000 + b'"}'
DEEP = b"[" * 10_000 + b"]" * 10_000


@pytest.mark.parametrize(
    ("line", "id_", "code"),
    [
        (b"hello", None, PARSE_ERROR),
        (b"\xff\xfe\x00", None, INVALID_REQUEST),
        (b"\xff\xfe", None, PARSE_ERROR),
        (b'{"jsonrpc":"2.0","id":7,"method":', 7, PARSE_ERROR),
        (b"[]", None, PARSE_ERROR),
        (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', None, PARSE_ERROR),
        (b"null", None, PARSE_ERROR),
        (b"{}", None, INVALID_REQUEST),
        (b'{"jsonrpc":"1.0","id":1,"method":"ping"}', None, INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":{},"method":"ping"}', None, INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":5,"method":["ping"]}', 5, INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', None, INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', None, INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', None, INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","method":"ping","params":[1],"id":6}', 6, INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":"\\ud800","method":"ping"}', None, PARSE_ERROR),
        (b'{"jsonrpc":"2.0","id":8,"method":"ping\\ud800"}', 8, PARSE_ERROR),
        (b'{"jsonrpc":"2.0","id":9,"id":10,"method":"ping"}', 9, PARSE_ERROR),
        (b'{"jsonrpc":"2.0","id":11,"method":"ping","params":' + DEEP + b"}", 11, PARSE_ERROR),
        (LONG, "long", INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":12,"method":"no/such"}', 12, UNKNOWN_METHOD),
        (b'{"jsonrpc":"2.0","id":13,"method":"resources/list"}', 13, UNKNOWN_METHOD),
        (b'{"jsonrpc":"2.0","id":14,"method":"tools/call"}', 14, INVALID_PARAMS),
        (
            b'{"jsonrpc":"2.0","id":15,"method":"tools/call","params":{"name":3}}',
            15,
            INVALID_PARAMS,
        ),
        (call(16, '"id=1"'), 16, INVALID_PARAMS),
        (call(17, "{}", "no_such_tool"), 17, INVALID_PARAMS),
        (call(18, '{"id":NaN}', "no_such_tool"), 18, INVALID_PARAMS),
        (call(19, f'{{"id":{DEEP.decode()}}}'), 19, PARSE_ERROR),
        (
            b'{"jsonrpc":"2.0","id":20,"method":"tools/list","params":{"cursor":"x"}}',
            20,
            INVALID_PARAMS,
        ),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_what_is_no_message_is_answered_by_an_error(
    server: RawClient, line: bytes, id_: Any, code: int
) -> None:
    server.send(line)
    answer = server.receive()
    assert (answer["id"], answer["error"]["code"]) == (id_, code)
    assert "Traceback" not in json.dumps(answer)
    assert "/dragoman/" not in json.dumps(answer)
    assert server.request("ping")["result"] == {}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ('{"id":"1","id":"2"}', "'id' stands twice"),
        ('{"id":NaN}', "NaN is not a number"),
        ('{"id":-Infinity}', "-Infinity is not a number"),
        ('{"id":"\\ud83d"}', "half a character"),
        ('{"id":' + "9" * 2_000 + "}", "more than 1,000 digits"),
        ('{"id":' + "[" * 100 + "]" * 100 + "}", "nested deeper"),
        ('{"id":"' + "x" * 1_000_001 + '"}', "1,000,000 are the most"),
        ('{"id":7}', "must be of type string"),
        ('{"id":null}', "id is required"),
        ("{}", "id is required"),
        ('{"id":"1","x":[]}', "x is not an argument"),
    ],
    ids=lambda value: value[:30],
)
def test_arguments_that_cannot_be_are_a_result_that_says_what_to_change(
    server: RawClient, arguments: str, said: str
) -> None:
    server.send(call(1, arguments))
    result = server.receive()["result"]
    assert result["isError"] is True
    assert result["structuredContent"]["status"] == "failed"
    problem = result["structuredContent"]["problem"]
    assert problem["code"] == "arguments"
    assert said in problem["detail"]
    assert server.request("ping")["result"] == {}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"   \r",
        b'{"jsonrpc":"2.0","id":99,"result":{}}',
        b'{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"?"}}',
        b'{"jsonrpc":"2.0","method":"notifications/no-such"}',
        b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{"a":[]}}}',
        b'{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1.5}}',
    ],
)
def test_what_asks_for_nothing_is_answered_by_nothing(server: RawClient, line: bytes) -> None:
    server.send(line)
    assert server.request("ping")["result"] == {}


def test_a_message_that_comes_in_pieces_is_one(server: RawClient) -> None:
    assert server.process.stdin is not None
    for piece in (b'{"jsonrpc":"2.0",', b'"id":"whole","method":', b'"ping"}\r\n'):
        server.process.stdin.write(piece)
    assert server.receive()["id"] == "whole"


def test_garbage_before_the_handshake_does_not_keep_it_from_happening(place: Path) -> None:
    client = RawClient(place)
    client.send(b"\x00\x01garbage")
    assert client.receive()["error"]["code"] == INVALID_REQUEST
    client.send(call(5, "{}"))
    assert client.receive()["error"]["code"] == INVALID_PARAMS  # nobody has said hello yet
    assert client.initialize()["protocolVersion"] == "2025-11-25"
    assert client.call("shop__getOrder", {"order_id": "1042"})["isError"] is False
    assert client.close() == 0


_PRINTS = """
import os, runpy, sys, types
import dragoman.app
def chatty(*_, **__):
    print("hello from a module")
    os.write(1, b"hello from C\\n")
    os.system("echo hello from a child")
    assert sys.stdin.read() == ""
    return plain(*_, **__)
plain = dragoman.app.Dragoman.call
dragoman.app.Dragoman.call = chatty
sys.argv = ["dragoman", "mcp", *sys.argv[1:]]
runpy.run_module("dragoman", run_name="__main__", alter_sys=True)
"""


def test_standard_output_carries_the_protocol_only(place: Path) -> None:
    client = RawClient(place, program=("-c", _PRINTS))
    client.initialize()
    assert client.call("shop__getOrder", {"order_id": "1042"})["isError"] is False
    assert client.close() == 0
    for said in ("hello from a module", "hello from C", "hello from a child"):
        assert said in client.errors


def test_a_fault_of_ours_is_told_without_its_traceback(place: Path) -> None:
    broken = _PRINTS.replace("return plain(*_, **__)", "raise KeyError('tok_secret')")
    client = RawClient(place, program=("-c", broken))
    client.initialize()
    result = client.call("shop__getOrder", {"order_id": "1042"})
    assert (result["isError"], result["structuredContent"]["problem"]["code"]) == (True, "internal")
    assert "KeyError" in result["structuredContent"]["problem"]["detail"]
    assert "tok_secret" not in json.dumps(result) + client.errors
    assert client.close() == 0


def test_a_client_that_reads_no_more_is_no_fault(place: Path) -> None:
    client = RawClient(place)
    client.initialize()
    assert client.process.stdout is not None
    client.process.stdout.close()
    for id_ in range(3):
        client.send({"jsonrpc": "2.0", "id": id_, "method": "tools/list"})
    assert client.close() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_it_is_told_to(place: Path, number: signal.Signals) -> None:
    client = RawClient(place)
    client.initialize()
    client.process.send_signal(number)
    assert client.process.wait(10) == 0
    assert client.close() == 0


def test_a_mistake_in_the_file_is_told_before_any_protocol(tmp_path: Path) -> None:
    (tmp_path / "dragoman.yaml").write_text("apis: {shop: {opnapi: x}}")
    client = RawClient(tmp_path)
    assert client.close() == 2
    assert "opnapi" in client.errors
    other = RawClient(tmp_path, "--toolset", "none")
    assert other.close() == 2
    assert sys.executable not in other.errors
