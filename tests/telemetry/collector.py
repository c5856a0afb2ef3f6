"""A collector on loopback: takes what is sent by OTLP over HTTP, and keeps it as it was decoded."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

__all__ = ["Collector", "Opener", "SpanSeen", "collector"]

Opener = Callable[..., Any]
"""The fixture `opened`."""


@dataclass(frozen=True)
class SpanSeen:
    """One span, in plain words."""

    name: str
    kind: str
    id: bytes
    parent: bytes
    trace: bytes
    attributes: dict[str, Any]
    is_error: bool
    nanoseconds: int


@dataclass
class Collector:
    """What came: `raw` are the bodies and headers as they were."""

    url: str = ""
    spans: list[SpanSeen] = field(default_factory=list)
    metrics: dict[str, list[Any]] = field(default_factory=dict)
    headers: list[dict[str, str]] = field(default_factory=list)
    raw: bytes = b""
    answer: Callable[[], Any] | None = None
    moved_to: str = ""

    def named(self, name: str) -> SpanSeen:
        """The one span of that name."""
        (one,) = [span for span in self.spans if span.name == name]
        return one

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self.answer is not None:
            await self.answer()
        if self.moved_to:
            raise web.HTTPTemporaryRedirect(f"{self.moved_to}{request.path}")
        self.raw += body
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        if request.path == "/v1/traces":
            self._take_spans(body)
        else:
            self._take_metrics(body)
        return web.Response(content_type="application/x-protobuf")

    def _take_spans(self, body: bytes) -> None:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                for one in scope.spans:
                    seen = SpanSeen(
                        one.name,
                        one.SpanKind.Name(one.kind).removeprefix("SPAN_KIND_").lower(),
                        one.span_id,
                        one.parent_span_id,
                        one.trace_id,
                        {a.key: _plain(a.value) for a in one.attributes},
                        one.status.code == 2,
                        one.end_time_unix_nano - one.start_time_unix_nano,
                    )
                    self.spans.append(seen)

    def _take_metrics(self, body: bytes) -> None:
        for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
            for scope in resource.scope_metrics:
                for one in scope.metrics:
                    self.metrics[one.name] = list(one.histogram.data_points)


def _plain(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_plain(one) for one in value.array_value.values]
    return getattr(value, kind)


@asynccontextmanager
async def collector() -> AsyncIterator[Collector]:
    """Serve one."""
    state = Collector()
    app = web.Application()
    app.router.add_post("/v1/{signal}", state.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    state.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield state
    finally:
        await runner.cleanup()
