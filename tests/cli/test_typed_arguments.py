"""Arguments as they are typed: text until the schema says that it is something else."""

from __future__ import annotations

import io
import sys
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dragoman.cli.arguments import describe_type, read_typed
from dragoman.errors import ArgumentError

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "count": {"type": "integer"},
        "amount": {"type": "number"},
        "flag": {"type": "boolean"},
        "maybe": {"type": ["integer", "null"]},
        "either": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        "named": {"$ref": "#/$defs/Count"},
        "level": {"enum": [1, 2, "high", None, True]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "counts": {"items": {"$ref": "#/$defs/Count"}},
        "object": {"type": "object"},
        "endless": {"$ref": "#/$defs/Endless"},
        "nested": {"$ref": "#/$defs/Nested"},
        "loop": {"$ref": "#/$defs/Loop"},
    },
    "$defs": {
        "Count": {"type": "integer"},
        "Endless": {"anyOf": [{"$ref": "#/$defs/Endless"}, {"$ref": "#/$defs/Endless"}]},
        "Nested": {"type": "array", "items": {"$ref": "#/$defs/Nested"}},
        "Loop": {"$ref": "#/$defs/Loop"},
    },
}


def typed(*tokens: str, data: str | None = None) -> dict[str, object]:
    return dict(read_typed(tokens, data, SCHEMA))


@pytest.mark.parametrize(
    ("token", "value"),
    [
        ("text=1042", "1042"),
        ("text=", ""),
        ("text=a=b", "a=b"),
        ("unknown=5", "5"),
        ("count=5", 5),
        ("count=-5", -5),
        ("count=9007199254740993", 9007199254740993),
        ("count=many", "many"),
        ("count=007", "007"),
        ("count=1_000", "1_000"),
        ("count=٣", "٣"),
        ("count=1.5", "1.5"),
        ("amount=25.00", Decimal("25.00")),
        ("amount=25", 25),
        ("amount=1e3", Decimal("1E+3")),
        ("amount=1e99999999999999999999", "1e99999999999999999999"),
        ("amount=NaN", "NaN"),
        ("amount=Infinity", "Infinity"),
        ("flag=true", True),
        ("flag=false", False),
        ("flag=yes", "yes"),
        ("maybe=null", None),
        ("maybe=3", 3),
        ("either=3", 3),
        ("either=x", "x"),
        ("named=7", 7),
        ("level=2", 2),
        ("level=high", "high"),
        ("level=true", True),
        ("level=other", "other"),
        ("tags=a,b", ["a", "b"]),
        ("tags=a", ["a"]),
        ('tags=["a,b"]', ["a,b"]),
        ("counts=1,2", [1, 2]),
        ('object={"a": 1.10}', {"a": Decimal("1.10")}),
        ("endless=x", "x"),
        ("loop=x", "x"),
    ],
)
def test_the_schema_decides_what_a_text_is(token: str, value: object) -> None:
    (read,) = typed(token).values()
    assert (read, type(read)) == (value, type(value))


def test_a_schema_that_contains_itself_has_an_end() -> None:
    assert "x" in str(typed("nested=x")["nested"])
    assert describe_type({"$ref": "#/$defs/Endless"}, SCHEMA) == "any"


@pytest.mark.parametrize(
    ("token", "value"),
    [
        ("text:=5", 5),
        ('text:="5"', "5"),
        ("x:=null", None),
        ("x:=[1.10]", [Decimal("1.10")]),
        ('x:={"a": "="}', {"a": "="}),
    ],
)
def test_json_is_taken_as_it_is(token: str, value: object) -> None:
    assert list(typed(token).values()) == [value]


def test_a_file_is_as_if_its_content_stood_there(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("two\nlines\n")
    (tmp_path / "count").write_text("12\n")
    (tmp_path / "lines.json").write_text('[{"sku": "a"}]\n')
    assert typed(f"text=@{tmp_path}/note.txt") == {"text": "two\nlines\n"}
    assert typed(f"count=@{tmp_path}/count") == {"count": 12}
    assert typed(f"tags=@{tmp_path}/lines.json") == {"tags": [{"sku": "a"}]}
    assert typed(f"x:=@{tmp_path}/lines.json") == {"x": [{"sku": "a"}]}


def test_data_comes_first_and_what_is_typed_replaces_it(tmp_path: Path) -> None:
    (tmp_path / "f.json").write_text('{"count": 1, "text": "a"}')
    assert typed("count=2", data='{"count": 1, "text": "a"}') == {"count": 2, "text": "a"}
    assert typed(data=f"@{tmp_path}/f.json") == {"count": 1, "text": "a"}


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    def given(content: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))

    given(b'{"count": 1}')
    assert typed(data="-") == {"count": 1}
    given(b"\xff")
    with pytest.raises(ArgumentError, match=r"^standard input is not text in UTF-8"):
        typed(data="-")


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("1042", "'1042' is no argument. Write key=value, or key:=json."),
        ("=5", "'=5' is no argument."),
        ("x:={", "x:=: not JSON"),
        ("x:=NaN", "x:=: not JSON"),
        ("object=5 6", "5 6: not JSON"),
        ("text=@nowhere", "nowhere cannot be read: No such file or directory. For the text itself"),
    ],
)
def test_what_is_no_argument_is_told(token: str, message: str) -> None:
    with pytest.raises(ArgumentError) as refused:
        typed(token)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("data", "message"),
    [("[1]", "must be a JSON object"), ("{", "--data: not JSON"), ("@/none", "cannot be read")],
)
def test_data_is_an_object(data: str, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        typed(data=data)


def test_a_file_that_is_no_argument_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff")
    with (tmp_path / "large").open("wb") as file:
        file.truncate(16 * 1024 * 1024 + 1)
    with pytest.raises(ArgumentError, match="not text in UTF-8"):
        typed(f"x=@{tmp_path}/binary")
    with pytest.raises(ArgumentError, match="larger than 16 MiB"):
        typed(f"x=@{tmp_path}/large")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("count", "integer"),
        ("maybe", "integer"),
        ("either", "integer or string"),
        ("named", "integer"),
        ("level", "1|2|high|null|true"),
        ("counts", "array"),
    ],
)
def test_what_may_be_typed_is_said_in_a_few_words(name: str, words: str) -> None:
    assert describe_type(SCHEMA["properties"][name], SCHEMA) == words


def test_a_format_or_a_pattern_is_said_with_it() -> None:
    assert describe_type({"type": "string", "format": "date"}, {}) == "string (date)"
    assert describe_type({"type": "string", "pattern": "^[0-9]+$"}, {}) == "string (^[0-9]+$)"
    assert describe_type({}, {}) == "any"
