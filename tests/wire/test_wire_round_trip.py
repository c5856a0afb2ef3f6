"""What is given comes back from the socket, and no value changes the shape of the target."""

from __future__ import annotations

import asyncio
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from hypothesis import given, settings
from hypothesis import strategies as st
from wire_case import Case, Sent, get, parameter
from wire_run import opened, two_servers

from dragoman import Outcome

STRING = {"type": "string"}
STRINGS = {"type": "array", "items": STRING, "minItems": 1}
SHAPE = Case(
    "a call with a value in every part of its target",
    get(
        parameter("path", "p", STRING),
        parameter("query", "q", STRING),
        parameter("query", "r", STRING, allowReserved=True),
        parameter("query", "l", STRINGS),
        parameter("query", "c", STRINGS, explode=False),
        parameter("query", "d", {"type": "object"}, style="deepObject", explode=True),
        parameter("query", "n", {"type": "number"}),
        path="/before/{p}/after",
    ),
    {},
    Sent(""),
)

ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
HOSTILE = st.text(st.sampled_from("./\\%2e5cF;?#&=[]+,| \x00\r\na~é🚚"), max_size=10)
TEXT = st.one_of(ANY, HOSTILE)
NUMBER = st.one_of(st.integers(-(10**60), 10**60), st.decimals(-(10**15), 10**15, places=20))
ARGUMENTS = st.fixed_dictionaries(
    {"p": TEXT},
    optional={
        "q": TEXT,
        "r": TEXT,
        "l": st.lists(TEXT, min_size=1, max_size=3),
        "c": st.lists(TEXT, min_size=1, max_size=3),
        "d": st.dictionaries(st.sampled_from(["x", "y z", "é&=", "#"]), TEXT, min_size=1),
        "n": NUMBER,
    },
)


async def called(calls: list[dict[str, Any]]) -> list[tuple[Outcome, bytes | None]]:
    """Make these calls, and return of each what came of it and what was heard."""
    made: list[tuple[Outcome, bytes | None]] = []
    with tempfile.TemporaryDirectory() as folder:
        async with two_servers() as servers, opened(SHAPE, servers, Path(folder)) as d:
            for arguments in calls:
                count = len(servers.api.requests)
                outcome = await d.call("api.op", arguments)
                heard = servers.api.requests[count:]
                assert len(heard) == (1 if outcome.ok else 0)
                made.append((outcome, heard[0] if heard else None))
    return made


@settings(max_examples=15, deadline=None)
@given(st.lists(ARGUMENTS, min_size=1, max_size=20))
def test_values_in_path_and_query_come_back_as_they_were_given(calls: list[dict[str, Any]]) -> None:
    for arguments, (outcome, heard) in zip(calls, asyncio.run(called(calls)), strict=True):
        if heard is None:
            assert outcome.problem is not None
            assert outcome.problem.code == "arguments"
            assert may_be_refused(arguments["p"])
        else:
            assert_came_back(arguments, heard)


def may_be_refused(value: str) -> bool:
    """Whether a path may refuse a value: only where it is empty or could lead elsewhere."""
    return not value or "." in value or "%2" in value or "%5" in value


def assert_came_back(arguments: dict[str, Any], heard: bytes) -> None:
    """Read a request as a server does, and compare."""
    head = heard.decode("ascii").split("\r\n")
    method, target, version = head[0].split(" ")
    assert (method, version) == ("GET", "HTTP/1.1")
    assert len(head) == len(["line", "Host", "Accept", "Accept-Encoding", "User-Agent", "", ""])
    path, mark, query = target.partition("?")
    empty, before, segment, after = path.split("/")
    assert (empty, before, after) == ("", "before", "after")
    assert unquote(segment, errors="strict") == arguments["p"]
    assert "#" not in target
    assert bool(mark) == (len(arguments) > 1)
    pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="strict")
    assert sorted(pairs) == sorted(wanted(arguments))
    for pair in query.split("&"):
        if pair.startswith("c="):
            assert [unquote(item) for item in pair[2:].split(",")] == arguments["c"]


def wanted(arguments: dict[str, Any]) -> list[tuple[str, str]]:
    """What a server's form parser has to find."""
    found = [(name, arguments[name]) for name in ("q", "r") if name in arguments]
    found += [("l", item) for item in arguments.get("l", [])]
    found += [(f"d[{name}]", item) for name, item in arguments.get("d", {}).items()]
    if "c" in arguments:
        found.append(("c", ",".join(arguments["c"])))
    if "n" in arguments:
        number = arguments["n"]
        found.append(("n", format(number, "f") if isinstance(number, Decimal) else str(number)))
    return found
