"""The secret values that we hold, and taking them out of text wherever it leaves (promise 3)."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar, cast
from urllib.parse import quote, quote_plus

from dragoman.operation import JsonValue

if TYPE_CHECKING:
    from ahocorasick_rs import AhoCorasick

__all__ = ["MIN_LENGTH", "LiveValues"]

MIN_LENGTH = 8
"""Characters from which a value is searched for: shorter ones would be found in innocent text."""

Json = TypeVar("Json", bound="JsonValue")


class LiveValues:
    """Every secret that was resolved, and what stands in its place in text: `[SHOP_TOKEN]`.

    A value is found as it is, percent-encoded, escaped for JSON or HTML, and in base64 at any of
    its three alignments. Printing this object shows no value.
    """

    def __init__(self) -> None:
        self._labels: dict[str, str] = {}
        self._short: set[str] = set()
        self._names: set[str] = set()
        self._matcher: AhoCorasick | None = None
        self._patterns: list[str] = []

    def __repr__(self) -> str:
        return f"LiveValues({', '.join(sorted(self._names))})"

    @property
    def too_short(self) -> tuple[str, ...]:
        """The labels of values that are too short to be searched for."""
        return tuple(sorted(self._short))

    def add(self, value: str, label: str) -> None:
        """Take a value into the set; `label` is its name without `${}`."""
        self._names.add(label)
        if len(value) < MIN_LENGTH:
            self._short.add(label)
            return
        for form in _forms(value):
            if form not in self._labels:
                self._labels[form] = f"[{label}]"
                self._matcher = None

    def redact(self, text: str) -> str:
        """Return the text with every live value replaced; the same object where there is none."""
        matcher = self._compiled()
        if matcher is None:
            return text
        matches = matcher.find_matches_as_indexes(text)
        if not matches:
            return text
        parts, end = [], 0
        for pattern, start, stop in matches:
            parts += [text[end:start], self._labels[self._patterns[pattern]]]
            end = stop
        return "".join([*parts, text[end:]])

    def redact_bytes(self, data: bytes) -> bytes:
        """Return bytes with every live value replaced; bytes that are no text keep their form."""
        text = data.decode("utf-8", "surrogateescape")
        redacted = self.redact(text)
        return data if redacted is text else redacted.encode("utf-8", "surrogateescape")

    def redact_json(self, value: Json) -> Json:
        """Return a value with every text in it redacted, names of members included."""
        if self._compiled() is None:
            return value
        return cast("Json", self._redact_value(value))

    def _redact_value(self, value: JsonValue) -> JsonValue:
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, Mapping):
            return {self.redact(name): self._redact_value(one) for name, one in value.items()}
        if isinstance(value, Sequence):
            return [self._redact_value(one) for one in value]
        return value

    def _compiled(self) -> AhoCorasick | None:
        if self._matcher is None and self._labels:
            from ahocorasick_rs import AhoCorasick, MatchKind  # noqa: PLC0415 - at first secret

            self._patterns = list(self._labels)
            self._matcher = AhoCorasick(self._patterns, matchkind=MatchKind.LeftmostLongest)
        return self._matcher


def _forms(value: str) -> Iterator[str]:
    """Yield the forms in which a value may come back."""
    yield value
    for encoded in (quote(value, safe=""), quote(value), quote_plus(value)):
        yield encoded
        yield encoded.lower() if "%" in encoded else encoded
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield json.dumps(value).replace("/", "\\/")[1:-1]
    yield html.escape(value)
    yield from _base64_forms(value.encode("utf-8"))


def _base64_forms(raw: bytes) -> Iterator[str]:
    """Yield the part of the base64 of any text around the value that the value alone decides.

    A value may begin at any of three places within a group of three bytes (RFC 4648, section 4);
    characters that its neighbours have a share in are left away.
    """
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw).decode("ascii").rstrip("=")
        start = -(-offset * 8 // 6)
        whole = (offset + len(raw)) * 8 // 6
        certain = encoded[start:whole]
        if len(certain) >= MIN_LENGTH:
            yield certain
            yield certain.replace("+", "-").replace("/", "_")
