"""The short form of `make torture`: the same targets, a few hundred inputs each, in seconds."""

from __future__ import annotations

import socket
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torture.__main__ import NAMES
from torture.guard import Guard, ReachedOutError, TookLongError
from torture.targets import TARGETS, warm_up
from torture.wire import check

from openapi_reading import document, only, post, query, sent

BY_DECISIONS = [name for name, target in TARGETS.items() if not target.seeds]
BY_TEXT = [name for name, target in TARGETS.items() if target.seeds]
GUARD = Guard.set_up()

EDITS = st.lists(
    st.tuples(st.integers(0, 500), st.integers(0, 9), st.binary(max_size=6) | st.text(max_size=3)),
    max_size=6,
)
"""Where, how many bytes go, and what comes in their place."""


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    warm_up()


@pytest.mark.parametrize("name", BY_DECISIONS)
@settings(max_examples=250, deadline=None)
@given(data=st.binary(min_size=24, max_size=240))
def test_what_was_tampered_with_raises_nothing_of_others(name: str, data: bytes) -> None:
    GUARD.run(TARGETS[name].run, data)


@pytest.mark.parametrize("name", BY_TEXT)
@settings(max_examples=250, deadline=None)
@given(data=st.data())
def test_a_text_that_was_edited_raises_nothing_of_others(name: str, data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(TARGETS[name].seeds) | st.binary(max_size=60))
    for at, count, new in data.draw(EDITS):
        added = new if isinstance(new, bytes) else new.encode("utf-8", "surrogatepass")
        text = text[:at] + added + text[at + count :]
    GUARD.run(TARGETS[name].run, text)


def test_the_command_knows_every_target() -> None:
    assert tuple(TARGETS) == NAMES


# Who watches the watchman


def test_a_target_that_opens_a_socket_is_stopped() -> None:
    def reaches_out(_: bytes) -> None:
        socket.create_connection(("127.0.0.1", 9))

    with pytest.raises(ReachedOutError, match="socket"):
        GUARD.run(reaches_out, b"")


def test_a_target_that_reads_a_file_is_stopped() -> None:
    with pytest.raises(ReachedOutError, match="passwd"):
        GUARD.run(lambda _: open("/etc/passwd").close(), b"")  # noqa: PTH123


def test_an_input_that_takes_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torture.guard.SECONDS", 0.01)

    def works(_: bytes) -> None:
        until = time.process_time() + 0.05
        while time.process_time() < until:
            pass

    with pytest.raises(TookLongError):
        GUARD.run(works, b"")


ITEM = only(
    document(
        {
            "/x/{id}/y": {
                "get": {
                    "parameters": [
                        {"name": "id", "in": "path", "required": True, "schema": {}},
                        query("q", {"type": "array", "items": {}}),
                        {"name": "X-H", "in": "header", "schema": {"type": "string"}},
                    ]
                }
            }
        }
    )
)


@pytest.mark.parametrize(
    "target",
    [
        "https://api.example/x/8/y?q=1&q=2",
        "https://api.example/x/../y?q=1&q=2",
        "https://api.example/x/7/y/?q=1&q=2",
        "https://api.example/x/7/y?q=1",
        "https://api.example/x/7/y?q=1&q=2&q=3",
        "https://api.example/x/7/y?q=1&q=2&r=1",
        "https://api.example/x/7/y?q=1,2",
        "https://other.example/x/7/y?q=1&q=2",
        "https://api.example/x/7/y?q=1&q=2#a",
    ],
)
def test_a_request_that_says_something_else_is_noticed(target: str) -> None:
    arguments = {"id": 7, "q": [1, 2]}
    right = sent(ITEM, **arguments)
    check(ITEM, arguments, right)
    with pytest.raises(AssertionError):
        check(ITEM, arguments, replace(right, target=target))


def test_a_header_or_body_that_says_something_else_is_noticed() -> None:
    arguments = {"id": 7, "X-H": "a"}
    right = sent(ITEM, **arguments)
    with pytest.raises(AssertionError):
        check(ITEM, arguments, replace(right, headers=(("X-H", "b"),)))
    operation = post({"type": "object", "properties": {"a": {"type": "number"}}})
    for body in (b'{"a":1.0000000000000000000000001}', b"{}"):
        with pytest.raises(AssertionError):
            check(operation, {"a": 1}, replace(sent(operation, a=1), body=body))
