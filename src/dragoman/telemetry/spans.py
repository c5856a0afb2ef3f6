"""Spans and histograms of OpenTelemetry, whoever takes them: the owner's collector, or the app.

They hold names, numbers and kinds of faults, never what was asked, sent or answered. No trace
context goes out to an API: `traceparent` would be a header that its description does not name and
that the approved request does not have.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

from dragoman.telemetry import names
from dragoman.telemetry.aside import Aside

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider

__all__ = ["Attribute", "Kind", "Spans", "provider_of_the_app", "serve_the_process"]

Attribute: TypeAlias = "str | int | float | bool | tuple[str, ...]"
Kind = Literal["client", "internal"]


class Spans:
    """Makes spans; `redact` takes our secrets out of every text in them."""

    def __init__(
        self, tracers: TracerProvider, meters: MeterProvider, redact: Callable[[str], str]
    ) -> None:
        from opentelemetry import trace  # noqa: PLC0415 - only where somebody takes them

        self._redact = redact
        self._aside = Aside()
        self._trace = trace
        self._tracer = trace.get_tracer("dragoman", tracer_provider=tracers)
        meter = meters.get_meter("dragoman")
        self._measures = {
            name: meter.create_histogram(
                name, unit, explicit_bucket_boundaries_advisory=list(bounds)
            )
            for name, unit, bounds in (
                (names.DURATION, "s", names.SECONDS_BOUNDS),
                (names.TOOL_DURATION, "s", names.SECONDS_BOUNDS),
                (names.AGENT_DURATION, "s", names.SECONDS_BOUNDS),
                (names.TOKENS, "{token}", names.TOKENS_BOUNDS),
            )
        }

    @contextmanager
    def span(
        self,
        name: str,
        attributes: Mapping[str, Attribute],
        *,
        kind: Kind = "internal",
        joins: bool = False,
    ) -> Iterator[dict[str, Attribute]]:
        """Open a span and yield what may be added to it; an error type in there marks it failed.

        Where it `joins`, the span of whoever called takes its attributes, if there is one.
        """
        added: dict[str, Attribute] = {}
        opened = self._opened(name, attributes, added, kind, joins=joins)
        is_open = False
        with self._aside:
            opened.__enter__()
            is_open = True
        try:
            yield added
        finally:
            if is_open:
                with self._aside:
                    opened.__exit__(*sys.exc_info())

    @contextmanager
    def _opened(
        self,
        name: str,
        attributes: Mapping[str, Attribute],
        added: dict[str, Attribute],
        kind: Kind,
        *,
        joins: bool,
    ) -> Iterator[None]:
        outer = self._trace.get_current_span()
        if joins and outer.is_recording():
            outer.set_attributes(self._clean(attributes))
            try:
                yield
            finally:
                self._end(outer, added)
            return
        with self._tracer.start_as_current_span(
            self._redact(name),
            kind=self._trace.SpanKind[kind.upper()],
            attributes=self._clean(attributes),
            record_exception=False,  # its message and frames are content
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            finally:
                self._end(span, added)

    def past(
        self, name: str, attributes: Mapping[str, Attribute], at: datetime, seconds: float
    ) -> None:
        """Add a span of something that has ended: an exchange with a server."""
        start = int(at.timestamp() * 1e9)
        with self._aside:
            span = self._tracer.start_span(
                name, kind=self._trace.SpanKind.CLIENT, attributes={}, start_time=start
            )
            self._end(span, attributes)
            span.end(start + int(seconds * 1e9))

    def measure(self, name: str, amount: float, attributes: Mapping[str, Attribute]) -> None:
        """Take note of a duration in seconds, or of a number of tokens."""
        with self._aside:
            self._measures[name].record(amount, self._clean(attributes))

    def _end(self, span: Span, added: Mapping[str, Attribute]) -> None:
        span.set_attributes(self._clean(added))
        if names.ERROR in added:
            span.set_status(self._trace.StatusCode.ERROR)

    def _clean(self, attributes: Mapping[str, Attribute]) -> dict[str, Attribute]:
        return {name: _redacted(value, self._redact) for name, value in attributes.items()}


def _redacted(value: Attribute, redact: Callable[[str], str]) -> Attribute:
    if isinstance(value, str):
        return redact(value)
    return tuple(map(redact, value)) if isinstance(value, tuple) else value


def provider_of_the_app() -> TracerProvider | None:
    """Return the tracer provider that the program around us has set up, None without one."""
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return None
    provider: TracerProvider = trace.get_tracer_provider()
    return None if isinstance(provider, trace.ProxyTracerProvider) else provider


def serve_the_process(provider: TracerProvider) -> None:
    """Make a provider that of all libraries in this process, where it has none yet."""
    from opentelemetry import trace  # noqa: PLC0415 - imported with the provider

    if provider_of_the_app() is None:
        trace.set_tracer_provider(provider)
