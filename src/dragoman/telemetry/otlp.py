"""Sending spans and histograms to the owner's collector, by OTLP over HTTP.

The exporter of OpenTelemetry speaks `requests` and opens its own socket: a collector is one of the
owner's own stores, like the database, and not among what `network/` guards. It works in threads
of its own with bounded queues, so that a collector which is slow or away costs the calls nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Status

if TYPE_CHECKING:
    from opentelemetry.util.types import Attributes

__all__ = ["Exporting"]

_EXPORT_SECONDS = 3.0
_QUEUE = 2048
_BATCH = 512
_FLUSH_SECONDS = 2.0
"""After this no further batch is begun at the end; one that is under way has its three seconds."""


class _Redacting(SpanExporter):
    """Takes our secrets out of every span, also those of other libraries in this process."""

    def __init__(self, inner: SpanExporter, redact: Callable[[str], str]) -> None:
        self._inner = inner
        self._redact = redact
        self.until = float("inf")

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch; in the thread of the processor."""
        if time.monotonic() > self.until:
            return SpanExportResult.FAILURE
        return self._inner.export([self._clean(span) for span in spans])

    def shutdown(self) -> None:
        """Close the connection."""
        self._inner.shutdown()

    def _clean(self, span: ReadableSpan) -> ReadableSpan:
        said = span.status.description
        return ReadableSpan(
            self._redact(span.name),
            span.context,
            span.parent,
            span.resource,
            self._attributes(span.attributes),
            [
                Event(self._redact(e.name), self._attributes(e.attributes), e.timestamp)
                for e in span.events
            ],
            span.links,
            span.kind,
            status=Status(span.status.status_code, said and self._redact(said)),
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )

    def _attributes(self, attributes: Attributes) -> Attributes:
        return {
            name: self._redact(value) if isinstance(value, str) else value
            for name, value in (attributes or {}).items()
        }


@dataclass(frozen=True, slots=True)
class Exporting:
    """The two providers whose exporters are at work."""

    tracers: TracerProvider
    meters: MeterProvider
    _spans: _Redacting

    @classmethod
    def to(
        cls,
        collector: str,
        *,
        headers: Mapping[str, str],
        sample: float,
        redact: Callable[[str], str],
    ) -> Exporting:
        """Begin to send to a collector: `http://localhost:4318`; a share `sample` of all traces.

        Importing this module and making the first takes a third of a second: use a thread.
        """
        base = collector.rstrip("/")
        told = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": "dragoman"}
        resource = Resource.create(told)
        spans = _Redacting(
            OTLPSpanExporter(f"{base}/v1/traces", headers=headers, timeout=_EXPORT_SECONDS),
            redact,
        )
        tracers = TracerProvider(
            ParentBased(TraceIdRatioBased(sample)), resource, shutdown_on_exit=False
        )
        tracers.add_span_processor(
            BatchSpanProcessor(spans, max_queue_size=_QUEUE, max_export_batch_size=_BATCH)
        )
        metrics = OTLPMetricExporter(
            f"{base}/v1/metrics",
            headers=dict(headers),
            timeout=_EXPORT_SECONDS,
        )
        meters = MeterProvider(
            [PeriodicExportingMetricReader(metrics)], resource, shutdown_on_exit=False
        )
        return cls(tracers, meters, spans)

    def close(self) -> None:
        """Send what is left and end the threads; blocking, for ten seconds at most."""
        self._spans.until = time.monotonic() + _FLUSH_SECONDS
        self.tracers.shutdown()
        self.meters.shutdown()
