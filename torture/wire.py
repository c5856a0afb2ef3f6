"""Whether a request says what was given, read from its bytes by rules that are written anew here.

Values that share a hole with others are not told apart again; everything else is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import unquote_to_bytes

from dragoman.apis.http.binding import Binding, Body, Hole, Parameter
from dragoman.exact_json import canonical, decode
from dragoman.operation import Operation, Prepared

__all__ = ["check"]

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SEPARATORS = {"spaceDelimited": "%20", "pipeDelimited": "%7C", "tabDelimited": "%09"}

Given = Sequence[tuple[Parameter, Any]]


def check(operation: Operation, arguments: Mapping[str, Any], prepared: Prepared) -> None:
    """Raise `AssertionError` where a request is not what these arguments ask for."""
    binding = operation.contract.binding
    assert isinstance(binding, Binding)
    given = [
        (one, arguments.get(one.argument, one.fixed))
        for one in binding.parameters
        if one.argument in arguments or one.fixed is not None
    ]
    target = prepared.target
    assert re.fullmatch(r"[!-~]+", target), "the target holds what no target may hold"
    assert "#" not in target, "the target has a fragment"
    assert target.startswith(f"{binding.server}/"), "the target is on another server"
    path, _, query = target.removeprefix(binding.server).partition("?")
    _path(binding, [one for one in given if one[0].place == "path"], path)
    _query(binding, [one for one in given if one[0].place == "query"], query)
    _headers([one for one in given if one[0].place == "header"], prepared)
    if binding.body is not None and prepared.body is not None:
        _body(binding.body, arguments, prepared)


def _path(binding: Binding, given: Given, path: str) -> None:
    shape: list[list[str | Hole]] = [[]]
    for piece in binding.path:
        if isinstance(piece, Hole):
            shape[-1].append(piece)
            continue
        first, *others = piece.split("/")
        shape[-1].append(first)
        shape += [[one] for one in others]
    segments = path.split("/")
    assert len(segments) == len(shape), f"the path has {len(segments)} segments: {path[:200]}"
    by_name = {one.name: (one, value) for one, value in given}
    for segment, pieces in zip(segments, shape, strict=True):
        holes = [one for one in pieces if isinstance(one, Hole)]
        before = pieces[0] if pieces and isinstance(pieces[0], str) else ""
        after = pieces[-1] if len(pieces) > 1 and isinstance(pieces[-1], str) else ""
        if not holes:
            assert segment == "".join(map(str, pieces)), f"the segment {segment[:80]} is another"
            continue
        assert _text(segment) not in {"", ".", ".."}, f"the segment {segment[:80]} leads elsewhere"
        assert segment.startswith(before), f"{segment[:80]} does not begin with {before}"
        assert segment.endswith(after), f"{segment[:80]} does not end with {after}"
        if len(holes) == 1:
            inner = segment[len(before) : len(segment) - len(after)]
            _hole(*by_name[holes[0].name], inner)


def _hole(parameter: Parameter, value: Any, text: str) -> None:
    if parameter.as_json:
        _same(value, decode(_text(text)), parameter)
    elif parameter.style == "label" and not isinstance(value, dict | list):
        assert text.startswith("."), "a label begins with a dot"
        _scalar(value, text[1:], parameter)
    elif parameter.style == "simple":
        _list(value, text, ",", parameter, equals=parameter.explode)


def _list(value: Any, text: str, separator: str, parameter: Parameter, *, equals: bool) -> None:
    """Compare a value that was written in one piece."""
    if isinstance(value, list):
        parts = text.split(separator)
        assert len(parts) == len(value), f"{parameter.name} has {len(parts)} items"
        for item, part in zip(value, parts, strict=True):
            _scalar(item, part, parameter)
    elif isinstance(value, dict):
        parts = re.split(f"{re.escape(separator)}|=" if equals else re.escape(separator), text)
        flat = [one for pair in value.items() for one in pair]
        assert len(parts) == len(flat), f"{parameter.name} has {len(parts)} parts"
        for item, part in zip(flat, parts, strict=True):
            _scalar(item, part, parameter)
    else:
        _scalar(value, text, parameter)


def _query(binding: Binding, given: Given, query: str) -> None:
    text = query.removeprefix(binding.query)
    assert query.startswith(binding.query), "the query of the path is lost"
    pieces = [one for one in text.split("&") if one] if binding.query else text.split("&")
    pairs = iter([_pair(piece) for piece in pieces] if text else [])
    for parameter, value in given:
        _parameter(parameter, value, pairs)
    assert next(pairs, None) is None, "the query has more than was given"


def _pair(piece: str) -> tuple[str, str]:
    name, mark, value = piece.partition("=")
    assert mark, f"{piece[:80]} in the query has no value"
    assert "+" not in piece, "a plus sign in the query may be a space"
    return _text(name), value


def _parameter(parameter: Parameter, value: Any, pairs: Iterator[tuple[str, str]]) -> None:
    is_composite = isinstance(value, dict | list)
    if parameter.style == "deepObject" and not parameter.as_json:
        for path, leaf in _leaves(parameter.name, value):
            name, text = _next(pairs, parameter)
            assert name == path, f"{name[:80]} stands in the place of {path[:80]}"
            _scalar(leaf, text, parameter)
    elif is_composite and parameter.explode and not parameter.as_json:
        members = value.items() if isinstance(value, dict) else [(parameter.name, v) for v in value]
        for wanted, member in members:
            name, text = _next(pairs, parameter)
            assert name == wanted, f"{name[:80]} stands in the place of {wanted[:80]}"
            _scalar(member, text, parameter)
    else:
        name, text = _next(pairs, parameter)
        assert name == parameter.name, f"{name[:80]} stands in the place of {parameter.name[:80]}"
        if parameter.as_json:
            _same(value, decode(_text(text)), parameter)
        else:
            separator = _SEPARATORS.get(parameter.style, ",") if is_composite else "\n"
            _list(value, text, separator, parameter, equals=False)


def _next(pairs: Iterator[tuple[str, str]], parameter: Parameter) -> tuple[str, str]:
    pair = next(pairs, None)
    assert pair is not None, f"{parameter.name[:80]} is not sent as often as it was given"
    return pair


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(f"{name}[{key}]", inner)
    elif isinstance(value, list):
        counted = any(isinstance(item, dict | list) for item in value)
        for number, item in enumerate(value):
            yield from _leaves(f"{name}[{number if counted else ''}]", item)
    else:
        yield name, value


def _headers(given: Given, prepared: Prepared) -> None:
    for name, value in prepared.headers:
        assert _NAME.fullmatch(name), f"{name[:80]} is no name of a header"
        assert not _CONTROL.search(value), f"the header {name} holds a control character"
    sent = {name.lower(): value for name, value in prepared.headers}
    assert len(sent) == len(prepared.headers), "a header is sent twice"
    for parameter, value in given:
        text = sent[parameter.name.lower()]
        if parameter.as_json:
            _same(value, decode(text), parameter)
        elif isinstance(value, list):
            assert len(text.split(",")) == len(value), f"{parameter.name} has other items"
        elif not isinstance(value, dict):
            assert _equal(value, text), f"{parameter.name} is {text[:80]!r}"


def _body(body: Body, arguments: Mapping[str, Any], prepared: Prepared) -> None:
    assert prepared.body is not None
    value = arguments.get(body.whole) if body.whole else _given_members(body, arguments)
    kind = body.media_type.partition(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith("+json"):
        if "charset" not in body.media_type:
            assert canonical(decode(prepared.body)) == canonical(value), "the body is another value"
    elif kind == "application/x-www-form-urlencoded" and isinstance(value, dict):
        _form(body, value, prepared.body)
    elif kind == "multipart/form-data" and isinstance(value, dict):
        _multipart(value, prepared)


def _given_members(body: Body, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: arguments[key] for key, name in body.members.items() if key in arguments}


def _form(body: Body, value: Mapping[str, Any], data: bytes) -> None:
    assert re.fullmatch(rb"[!-~]*", data), "the form holds what is not encoded"
    pairs: dict[str, list[str]] = {}
    for piece in data.decode("ascii").split("&") if data else []:
        name, _, text = piece.replace("+", "%20").partition("=")
        pairs.setdefault(_text(name), []).append(text)
    for name, member in value.items():
        encoding = body.encodings.get(name)
        if isinstance(member, dict | list) or (encoding and encoding.content_type):
            continue
        assert len(pairs.get(name, [])) == 1, (
            f"{name[:80]} is {len(pairs.get(name, []))} times there"
        )
        assert _equal(member, _text(pairs[name][0])), f"{name[:80]} is another value in the form"


def _multipart(value: Mapping[str, Any], prepared: Prepared) -> None:
    assert prepared.body is not None
    kind = next(text for name, text in prepared.headers if name == "Content-Type")
    found = re.search(r'boundary="?([^";]+)"?', kind)
    assert found, "a multipart body has no boundary"
    mark = b"--" + found[1].encode()
    assert prepared.body.endswith(mark + b"--\r\n"), "a multipart body does not end"
    parts = prepared.body.removesuffix(mark + b"--\r\n").split(mark + b"\r\n")[1:]
    fewest = sum(1 for one in value.values() if not isinstance(one, list))
    most = sum(len(one) if isinstance(one, list) else 1 for one in value.values())
    assert fewest <= len(parts) <= max(most, len(value)), f"the body has {len(parts)} parts"
    for part in parts:
        head, blank, _content = part.partition(b"\r\n\r\n")
        assert blank, "a part has no end of its headers"
        assert re.match(rb'Content-Disposition: form-data; name="[^"\r\n]*"', head), (
            "a part is unnamed"
        )


def _text(encoded: str) -> str:
    assert not re.search(r"%(?![0-9A-F]{2})", encoded), f"{encoded[:80]} is badly encoded"
    return unquote_to_bytes(encoded).decode("utf-8", "strict")


def _scalar(value: Any, encoded: str, parameter: Parameter) -> None:
    text = _text(encoded)
    assert _equal(value, text), f"{parameter.name[:80]} is {text[:80]!r}, given {str(value)[:80]!r}"


def _equal(value: Any, text: str) -> bool:
    if isinstance(value, bool):
        return text == ("true" if value else "false")
    if isinstance(value, int | float | Decimal):
        given = Decimal(repr(value) if isinstance(value, float) else value)
        return bool(_NUMBER.fullmatch(text)) and Decimal(text) == given
    return bool(value == text)


def _same(value: Any, found: Any, parameter: Parameter) -> None:
    assert canonical(found) == canonical(value), f"{parameter.name[:80]} is another value"
