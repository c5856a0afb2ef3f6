"""The secret values that we hold, and taking them out of text wherever it leaves (promise 3)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

from dragoman.clock import Clock, SystemClock
from dragoman.exact_json import glimpse
from dragoman.operation import JsonValue
from dragoman.secrets.forms import MIN_LENGTH, forms

if TYPE_CHECKING:
    from ahocorasick_rs import BytesAhoCorasick

__all__ = ["MIN_LENGTH", "LiveValues"]

Json = TypeVar("Json", bound="JsonValue")

_FLEETING_SECONDS = 7200.0
"""How long a fleeting value is searched for after its last use: an answer may still hold it."""

_SWEEP_SECONDS = 600.0


class _Matcher(NamedTuple):
    """Finds every form; `labels` says what stands for the pattern of a number.

    `glance` finds the forms in JSON, where those with a quote or a backslash are escaped once
    more: one look at a whole value instead of one at each text in it. `of` is what it was made of.
    """

    find: BytesAhoCorasick
    labels: tuple[bytes, ...]
    glance: BytesAhoCorasick
    of: dict[str, str]

    def __repr__(self) -> str:
        return f"_Matcher({len(self.labels)} forms)"


class LiveValues:
    """Every secret that was resolved, and what stands in its place in text: `[SHOP_TOKEN]`.

    A value is found in each form of `secrets.forms`. Printing this object shows no value. Any
    thread may ask while another adds.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._labels: dict[str, str] = {}
        self._values: dict[str, str] = {}
        self._fleeting: dict[str, float] = {}
        self._swept_at = self._clock.monotonic()
        self._short: set[str] = set()
        self._names: set[str] = set()
        self._matcher: _Matcher | None = None
        self._may_be_number = False

    def __repr__(self) -> str:
        return f"LiveValues({', '.join(sorted(self._names))})"

    @property
    def too_short(self) -> tuple[str, ...]:
        """The labels of values that are too short to be searched for."""
        return tuple(sorted(self._short))

    def add(self, value: str, label: str, *, fleeting: bool = False) -> None:
        """Take a value into the set; `label` is its name without `${}`.

        Of two names for one value the first stands in the text. A `fleeting` one, such as a token
        that is renewed every hour, is forgotten two hours after it was last added.
        """
        self._names.add(label)
        if len(value) < MIN_LENGTH:
            self._short.add(label)
            return
        if fleeting and (value in self._fleeting or value not in self._values):
            self._fleeting[value] = self._clock.monotonic()
        else:
            self._fleeting.pop(value, None)
        if value not in self._values:
            self._sweep()
            self._take(value, label)

    def _take(self, value: str, label: str) -> None:
        for form in forms(value):
            self._labels.setdefault(form, f"[{label}]")
        self._may_be_number = self._may_be_number or value.lstrip("-")[:1].isdecimal()
        self._values[value] = label

    def _sweep(self) -> None:
        """Forget what was fleeting; the set would otherwise grow for as long as a server runs."""
        now = self._clock.monotonic()
        if now - self._swept_at < _SWEEP_SECONDS:
            return
        self._swept_at = now
        old = {value for value, at in self._fleeting.items() if now - at > _FLEETING_SECONDS}
        if old:
            self._values = {v: label for v, label in self._values.items() if v not in old}
            self._fleeting = {v: at for v, at in self._fleeting.items() if v not in old}
            labels: dict[str, str] = {}
            for value, label in self._values.items():
                for form in forms(value):
                    labels.setdefault(form, f"[{label}]")
            # At once, so that no thread finds an empty set in between.
            self._labels = labels

    def redact(self, text: str) -> str:
        """Return the text with every live value replaced; the same object where there is none."""
        if not self._labels:
            return text
        data = text.encode("utf-8", "surrogatepass")
        redacted = self.redact_bytes(data)
        return text if redacted is data else redacted.decode("utf-8", "surrogatepass")

    def redact_bytes(self, data: bytes) -> bytes:
        """Return bytes with every live value replaced, whether or not they are text."""
        matcher = self._compiled()
        matches = matcher.find.find_matches_as_indexes(data) if matcher else []
        if matcher is None or not matches:
            return data
        parts, end = [], 0
        for pattern, start, stop in matches:
            parts += [data[end:start], matcher.labels[pattern]]
            end = stop
        return b"".join([*parts, data[end:]])

    def redact_json(self, value: Json) -> Json:
        """Return a value with every text in it redacted, names of members included.

        A number whose digits hold a live value becomes a text.
        """
        return value if self._compiled() is None else self.redact_measured(value)[0]

    def redact_measured(self, value: Json) -> tuple[Json, int | None]:
        """Return the same, and how many bytes it takes as JSON; None where it is none."""
        matcher, seen = self._compiled(), glimpse(value)
        size = None if seen is None else len(seen)
        if matcher is None or (seen and not matcher.glance.find_matches_as_indexes(seen)):
            return value, size
        redacted = cast("Json", self._redact_value(value))
        seen = glimpse(redacted)
        return redacted, None if seen is None else len(seen)

    def _redact_value(self, value: JsonValue) -> JsonValue:
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, Mapping):
            return {self.redact(name): self._redact_value(one) for name, one in value.items()}
        if isinstance(value, Sequence):
            return [self._redact_value(one) for one in value]
        if self._may_be_number and isinstance(value, int | float | Decimal):
            digits = str(value)
            redacted = self.redact(digits)
            return value if redacted is digits else redacted
        return value

    def _compiled(self) -> _Matcher | None:
        known, current = self._matcher, self._labels
        if known is not None and known.of is current and len(known.labels) == len(current):
            return known
        if not current:
            return None
        from ahocorasick_rs import BytesAhoCorasick, MatchKind  # noqa: PLC0415 - at first secret

        # Copied at once: a value that another thread adds from here on makes the lengths differ.
        labels = dict(current)
        # Of bytes, because the matcher of texts fails on one that holds half a character.
        patterns = [form.encode("utf-8", "surrogatepass") for form in labels]
        find = BytesAhoCorasick(patterns, matchkind=MatchKind.LeftmostLongest)
        escaped = [json.dumps(form, ensure_ascii=False)[1:-1] for form in labels]
        inside = {*patterns, *(form.encode("utf-8", "surrogatepass") for form in escaped)}
        glance = BytesAhoCorasick(list(inside))
        named = tuple(label.encode() for label in labels.values())
        self._matcher = _Matcher(find, named, glance, current)
        return self._matcher
