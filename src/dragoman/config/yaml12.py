"""YAML 1.2 by its core schema, with the line of every key, and bounds on what a document may do.

PyYAML reads YAML 1.1, where the country code NO is false and 1:30 is ninety. Only its parser is
used here; what a plain scalar means is decided by the core schema (YAML 1.2.2, section 10.3.2).
Its composer is not used either: it recurses in C, and 200,000 brackets end the process.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from dragoman.errors import ConfigurationError
from dragoman.operation import JsonValue

if TYPE_CHECKING:
    import yaml

__all__ = ["Path", "parse", "parse_with_lines"]

Path = tuple[str | int, ...]
"""The way to a value: names of members and places in lists."""

_MAX_DEPTH = 100
_MAX_NODES = 5_000_000
"""Values of a document once every alias is written out: what a bomb of aliases is refused by."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_BASES = {"0o": 8, "0x": 16}
_MAX_DIGITS = 4000

_TAGS = "tag:yaml.org,2002:"
_READ_AS_PLAIN = frozenset({f"{_TAGS}{kind}" for kind in ("int", "float", "bool", "null")})
_READ_AS_TEXT = frozenset({"!", f"{_TAGS}str"})


def parse(text: str, name: str) -> JsonValue:
    """Return the value of a YAML document; raises `ConfigurationError` as `name:line: what`."""
    return _Builder(name, keep_lines=False).build(text)


def parse_with_lines(text: str, name: str) -> tuple[JsonValue, dict[Path, int]]:
    """Return the value, and the line of each key and item by its path; the first line is 1.

    A merge key (`<<`), which is no part of YAML 1.2, is an error.
    """
    builder = _Builder(name, keep_lines=True)
    return builder.build(text), builder.lines


@dataclass(slots=True)
class _Open:
    """A list or mapping that is not finished; `size` and `height` count its aliases written out."""

    value: list[JsonValue] | dict[str, JsonValue]
    path: Path
    anchor: str | None
    key: str | None = None
    size: int = 1
    height: int = 0
    first: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Named:
    """The value of an anchor."""

    value: JsonValue
    size: int
    height: int


@dataclass(slots=True)
class _Builder:
    """Builds a value from the events of the parser; an alias is the same value, not a copy."""

    name: str
    keep_lines: bool
    lines: dict[Path, int] = field(default_factory=dict)
    _stack: list[_Open] = field(default_factory=list)
    _anchors: dict[str, _Named] = field(default_factory=dict)
    _root: JsonValue = None
    _documents: int = 0

    def build(self, text: str) -> JsonValue:
        """Return the value of the one document in the text."""
        import yaml  # noqa: PLC0415 - JSON documents need none of it

        for event in self._events(text):
            match event:
                case yaml.DocumentStartEvent():
                    self._documents += 1
                    if self._documents > 1:
                        raise self._error(event, "a second document begins here: one is read")
                case yaml.ScalarEvent():
                    self._scalar(event)
                case yaml.AliasEvent():
                    self._alias(event)
                case yaml.MappingStartEvent():
                    self._begin(event, {}, f"{_TAGS}map")
                case yaml.SequenceStartEvent():
                    self._begin(event, [], f"{_TAGS}seq")
                case yaml.CollectionEndEvent():
                    self._end(event)
                case _:
                    continue
        return self._root

    def _events(self, text: str) -> Iterator[yaml.Event]:
        import yaml  # noqa: PLC0415 - JSON documents need none of it

        try:
            yield from yaml.parse(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 1
            raise ConfigurationError(
                f"{self.name}:{line}: {_fault(text, line, error.problem)}"
            ) from None
        except yaml.YAMLError as error:
            first = (str(error).splitlines() or [type(error).__name__])[0]
            # This one has no line: it is for a character that YAML does not allow (1.2.2, 5.1).
            hidden = yaml.reader.Reader.NON_PRINTABLE.search(text)
            line = text.count("\n", 0, hidden.start()) + 1 if hidden else 1
            raise ConfigurationError(f"{self.name}:{line}: not YAML: {first}") from None

    def _begin(
        self,
        event: yaml.CollectionStartEvent,
        value: list[JsonValue] | dict[str, JsonValue],
        tag: str,
    ) -> None:
        if event.tag not in {None, "!", tag}:
            raise self._error(event, f"the tag {event.tag} is not understood")
        if len(self._stack) >= _MAX_DEPTH:
            raise self._error(event, f"nested deeper than {_MAX_DEPTH}")
        path = self._place(event)
        if event.anchor:
            # Until it is finished the name means nothing, so that nothing contains itself.
            self._anchors.pop(event.anchor, None)
        self._stack.append(_Open(value, path, event.anchor))

    def _end(self, event: yaml.Event) -> None:
        done = self._stack.pop()
        named = _Named(done.value, done.size, done.height + 1)
        if done.anchor:
            self._anchors[done.anchor] = named
        self._add(event, named)

    def _alias(self, event: yaml.AliasEvent) -> None:
        named = self._anchors.get(str(event.anchor))
        if named is None:
            inside = any(one.anchor == event.anchor for one in self._stack)
            what = "stands inside of what it names" if inside else "names nothing above it"
            raise self._error(event, f"the alias *{event.anchor} {what}")
        if self._expects_key():
            raise self._error(event, "a key must be text")
        self._place(event)
        self._add(event, named)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        if self._expects_key():
            self._take_key(event)
            return
        self._place(event)
        named = _Named(self._value(event), 1, 0)
        if event.anchor:
            self._anchors[event.anchor] = named
        self._add(event, named)

    def _expects_key(self) -> bool:
        return (
            bool(self._stack)
            and isinstance(self._stack[-1].value, dict)
            and self._stack[-1].key is None
        )

    def _take_key(self, event: yaml.ScalarEvent) -> None:
        inside = self._stack[-1]
        key, line = event.value, _line_of(event)
        if key in inside.first:
            raise self._error(
                event, f"the key '{key}' stands here again; first in line {inside.first[key]}"
            )
        if key == "<<" and not event.style and self.keep_lines:
            raise self._error(
                event, "merge keys (<<) are no part of YAML 1.2: repeat what you need"
            )
        inside.first[key] = line
        inside.key = key
        if self.keep_lines:
            self.lines.setdefault((*inside.path, key), line)

    def _place(self, event: yaml.Event) -> Path:
        """Return the path of the value that begins here, and keep the line of an item of a list."""
        if self._expects_key():
            raise self._error(event, "a key must be text")
        if not self.keep_lines or not self._stack:
            return ()
        inside = self._stack[-1]
        if inside.key is not None:
            return (*inside.path, inside.key)
        path = (*inside.path, len(inside.value))
        self.lines.setdefault(path, _line_of(event))
        return path

    def _add(self, event: yaml.Event, named: _Named) -> None:
        """Put a finished value into what it stands in."""
        if not self._stack:
            self._root = named.value
            return
        inside = self._stack[-1]
        inside.size += named.size
        inside.height = max(inside.height, named.height)
        if inside.size > _MAX_NODES:
            raise self._error(event, f"its aliases make more than {_MAX_NODES:,} values of it")
        if len(self._stack) + named.height > _MAX_DEPTH:
            raise self._error(event, f"nested deeper than {_MAX_DEPTH}")
        if isinstance(inside.value, list):
            inside.value.append(named.value)
        else:
            inside.value[cast("str", inside.key)] = named.value
            inside.key = None

    def _value(self, event: yaml.ScalarEvent) -> JsonValue:
        text = event.value
        if event.tag in _READ_AS_TEXT or (event.tag is None and event.style):
            return text
        if event.tag is not None and event.tag not in _READ_AS_PLAIN:
            raise self._error(event, f"the tag {event.tag} is not understood")
        return self._plain(text, event)

    def _plain(self, text: str, event: yaml.Event) -> JsonValue:
        if text in _NULL:
            return None
        if text in _BOOL:
            return _BOOL[text]
        if _INT.fullmatch(text):
            base = _BASES.get(text[:2], 10)
            # Python writes out no number of more than 4,300 decimal digits.
            if len(text) * math.log10(base) > _MAX_DIGITS:
                raise self._error(event, f"a number of more than {_MAX_DIGITS:,} digits")
            return int(text if base == 10 else text[2:], base)
        if _FLOAT.fullmatch(text):
            number = float(text)
            if math.isinf(number):
                raise self._error(event, f"{text[:40]} is larger than a number can be here")
            return number
        if _NOT_FINITE.fullmatch(text):
            raise self._error(event, f"{text} is no number here")
        return text

    def _error(self, event: yaml.Event, what: str) -> ConfigurationError:
        return ConfigurationError(f"{self.name}:{_line_of(event)}: {what}")


def _line_of(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _fault(text: str, line: int, problem: str | None) -> str:
    """Say in plain words what is wrong; unquoted references are the commonest mistake."""
    lines = text.splitlines()
    for near in lines[max(0, line - 2) : line]:
        if match := re.search(r"([{,]\s*)([\w-]+):\s*(\$\{[^}]*\})", near):
            return f'quote ${{…}} inside braces: {{{match[2]}: "{match[3]}"}}'
        if match := re.search(r"[\[,]\s*(\$\{[^}]*\})", near):
            return f'quote ${{…}} inside brackets: ["{match[1]}"]'
        if match := re.search(r"([{,]\s*)([\w-]+):\s*(/[^\s,}]*\{[^}]*\}[^\s,}]*)", near):
            return f'quote a path with {{…}} inside braces: {{{match[2]}: "{match[3]}"}}'
    here = lines[line - 1] if line <= len(lines) else ""
    if "\t" in here[: len(here) - len(here.lstrip())]:
        return "a tab indents this line: use spaces"
    return f"not YAML: {problem or 'it cannot be read'}"
