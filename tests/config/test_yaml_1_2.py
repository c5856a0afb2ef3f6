"""YAML by the core schema of 1.2: what a word means, where it stands, and what is too much."""

from __future__ import annotations

import pytest

from dragoman.config.yaml12 import parse, parse_with_lines
from dragoman.errors import ConfigurationError


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("2026-11-23", "2026-11-23"),
        ("0o17", 15),
        ("017", 17),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("+5", 5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("true", True),
        ("False", False),
        ("tRUE", "tRUE"),
        ("~", None),
        ("", None),
        ("Null", None),
        ('"true"', "true"),
        ("'12'", "12"),
        ("!!str 12", "12"),
        ("! 12", "12"),
        ("!!int 12", 12),
        ("=", "="),
        ("9" * 40, int("9" * 40)),
    ],
)
def test_a_plain_word_means_what_the_core_schema_says(written: str, meant: object) -> None:
    value = parse(f"key: {written}", "f")["key"]
    assert (value, type(value)) == (meant, type(meant))


def test_the_keys_are_text_whatever_they_look_like() -> None:
    assert parse("1: a\nyes: b\nnull: c\n", "f") == {"1": "a", "yes": "b", "null": "c"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "f:3: the key 'a' stands here again; first in line 1"),
        ("a: 1\n---\nb: 2\n", "f:2: a second document begins here: one is read"),
        ("a:\n\tb: 1\n", "f:2: a tab indents this line: use spaces"),
        ("a: &a [*a]\n", "f:1: the alias *a stands inside of what it names"),
        ("a: *b\n", "f:1: the alias *b names nothing above it"),
        ("? [a]\n: b\n", "f:1: a key must be text"),
        (
            "a: !!python/name:os.system x\n",
            "f:1: the tag tag:yaml.org,2002:python/name:os.system is not understood",
        ),
        ("a: .nan\n", "f:1: .nan is no number here"),
        ("a: 1e999\n", "f:1: 1e999 is larger than a number can be here"),
        ("a: " + "9" * 5000, "f:1: a number of more than 4,000 digits"),
        ("a: 0x" + "F" * 3600, "f:1: a number of more than 4,000 digits"),
        ("a: 1\nb: \x07\n", "f:2: not YAML: unacceptable character #x0007"),
        ("[" * 100_000, "f:1: nested deeper than 100"),
        ("{a: " * 100_000, "f:1: nested deeper than 100"),
        ("- " * 100_000, "f:1: nested deeper than 100"),
    ],
)
def test_what_is_refused_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse(text, "f")
    assert refused.value.detail.startswith(message)


def test_a_merge_key_is_no_part_of_it() -> None:
    with pytest.raises(ConfigurationError, match=r"^f:3: merge keys \(<<\) are no part of YAML"):
        parse_with_lines("a: &a {x: 1}\nb:\n  <<: *a\n", "f")


def test_aliases_are_counted_as_if_they_were_written_out() -> None:
    tens = "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(9)
    )
    with pytest.raises(ConfigurationError, match=r"its aliases make more than 5,000,000 values"):
        parse("a: &a [1,1,1,1,1,1,1,1,1,1]\n" + tens, "f")


def test_an_alias_is_the_value_that_it_names() -> None:
    assert parse("a: &a {x: [1]}\nb: *a\n", "f")["b"] == {"x": [1]}


def test_each_key_and_item_has_its_line() -> None:
    _, lines = parse_with_lines("a:\n  b: 1\n  c:\n    - x\n    - {d: 2}\n", "f")
    assert lines == {
        ("a",): 1,
        ("a", "b"): 2,
        ("a", "c"): 3,
        ("a", "c", 0): 4,
        ("a", "c", 1): 5,
        ("a", "c", 1, "d"): 5,
    }
