"""Whatever is given comes back from the wire, and never changes the shape of the target."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import unquote_to_bytes

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from apis.http.wire import heard, operation, parameter, prepared, target
from dragoman.apis.http.binding import Body, Place, Style
from dragoman.apis.http.prepare import prepare
from dragoman.apis.http.send import send
from dragoman.clock import Deadline, SystemClock
from dragoman.errors import ArgumentError
from dragoman.network import Network
from dragoman.operation import Credential, JsonObject
from network.raw_server import Server, answer, answering

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
"""Any characters that can be sent at all."""

HOSTILE = st.text(st.sampled_from("./\\%2e5cF;?#&=[]+, \x00\r\na~é🚚"), max_size=12)
VALUES = st.one_of(TEXT, HOSTILE)
UNRESERVED = re.compile(r"(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})*")


def decoded(text: str) -> str:
    """Decode strictly: nothing but unreserved characters and whole triplets."""
    assert UNRESERVED.fullmatch(text), text
    return unquote_to_bytes(text).decode("utf-8", "strict")


@settings(max_examples=500, deadline=None)
@given(VALUES, VALUES)
def test_a_path_value_comes_back_as_it_was_given_or_is_refused(first: str, second: str) -> None:
    shape = operation(parameter("path", "a"), parameter("path", "b"), path="/x/{a}/y-{b}.json")
    try:
        made = target(shape, a=first, b=second)
    except ArgumentError:
        return
    empty, x, a, b = made.split("/")
    assert (empty, x) == ("", "x")
    assert decoded(a) == first
    assert decoded(b.removeprefix("y-").removesuffix(".json")) == second


@settings(max_examples=500, deadline=None)
@given(TEXT)
def test_only_dots_slashes_and_nothing_are_refused_in_a_path(value: str) -> None:
    assume("." not in value and "%" not in value and value)
    made = target(operation(parameter("path", "a"), path="/x/{a}"), a=value)
    assert decoded(made.removeprefix("/x/")) == value


@settings(max_examples=500, deadline=None)
@given(st.dictionaries(VALUES, VALUES, min_size=1, max_size=4), st.booleans())
def test_query_values_come_back_as_they_were_given(values: dict[str, str], reserved: bool) -> None:
    parameters = [
        parameter("query", name, argument=f"a{n}", allow_reserved=reserved)
        for n, name in enumerate(values)
    ]
    arguments = {f"a{n}": value for n, value in enumerate(values.values())}
    made = target(operation(*parameters), **arguments)
    path, _, query = made.partition("?")
    pairs = [pair.partition("=") for pair in query.split("&")]
    assert path == "/things"
    assert "#" not in query
    assert "+" not in query
    assert all(separator == "=" for _, separator, _ in pairs)
    back = {decoded(name): unquote_to_bytes(value).decode() for name, _, value in pairs}
    assert back == values


DELIMITED: list[tuple[Place, Style, str]] = [
    ("path", "simple", ","),
    ("query", "form", ","),
    ("query", "spaceDelimited", "%20"),
    ("query", "pipeDelimited", "%7C"),
]


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(DELIMITED), st.lists(VALUES, min_size=1, max_size=4), st.booleans())
def test_a_list_comes_back_item_by_item_or_is_refused(
    kind: tuple[Place, Style, str], items: list[str], reserved: bool
) -> None:
    place, style, separator = kind
    given_ = parameter(place, "x", style, False, allow_reserved=reserved)
    try:
        made = target(operation(given_, path="/p/{x}" if place == "path" else "/p"), x=items)
    except ArgumentError:
        return
    text = made.removeprefix("/p/").removeprefix("/p?x=")
    assert "/" not in text or (reserved and place == "query")
    assert [unquote_to_bytes(part).decode() for part in text.split(separator)] == items


@settings(max_examples=500, deadline=None)
@given(st.dictionaries(VALUES, VALUES, min_size=1, max_size=4))
def test_a_form_comes_back_as_it_was_given(members: dict[str, str]) -> None:
    body = Body("application/x-www-form-urlencoded", required=True, whole="body")
    made = prepared(operation(method="POST", body=body), body=members).body
    assert made is not None
    pairs = [pair.split("=") for pair in made.decode("ascii").split("&")]
    back = [
        tuple(unquote_to_bytes(one.replace("+", " ")).decode() for one in pair) for pair in pairs
    ]
    assert back == list(members.items())


@settings(max_examples=500, deadline=None)
@given(VALUES)
def test_a_header_or_cookie_value_comes_back_or_is_refused(value: str) -> None:
    cookie = prepared(operation(parameter("cookie", "c")), c=value).headers
    assert decoded(cookie[0][1].removeprefix("c=")) == value
    try:
        header = prepared(operation(parameter("header", "X-H", argument="h")), h=value).headers
    except ArgumentError:
        return
    assert header == (("X-H", value),)
    assert not re.search(r"[\x00-\x1f\x7f]", value)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=1, max_size=20))
def test_values_come_back_from_a_socket(triples: list[tuple[str, str, str]]) -> None:
    arguments = [{"p": f"x{p}", "q": q, "b": b} for p, q, b in triples]
    for given_, sent in asyncio.run(_sent(arguments)):
        path, _, query = sent.target.partition("?")
        assert decoded(path.removeprefix("/p/")) == given_["p"]
        assert decoded(query.removeprefix("q=")) == given_["q"]
        assert sent.body.decode() == given_["b"]
        assert len(sent.header("Host")) == len(sent.header("Content-Length")) == 1


async def _sent(calls: list[JsonObject]) -> list[tuple[JsonObject, object]]:
    server = Server(answering(answer(b"ok")))
    listener = await asyncio.start_server(server.accept, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    posted = operation(
        parameter("path", "p"),
        parameter("query", "q"),
        path="/p/{p}",
        method="POST",
        body=Body("text/plain", required=True, whole="b"),
        server=server.url("").rstrip("/"),
    )
    pairs: list[tuple[JsonObject, object]] = []
    async with Network() as network:
        for arguments in calls:
            try:
                request = prepare(posted, arguments)
            except ArgumentError:
                continue
            deadline = Deadline.after(5, SystemClock())
            await send(
                request, Credential(), deadline, network=network, reach=server.reach, max_bytes=99
            )
            pairs.append((arguments, heard(server.requests[-1])))
    listener.close()
    tasks = list(server.tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return pairs
