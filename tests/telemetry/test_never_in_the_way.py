"""What measures a call does not end it: no folder, a processor that fails, odd settings."""

from __future__ import annotations

import logging
from pathlib import Path

import prometheus_client  # noqa: F401 - which reads the variable of the folder when it is imported
import pytest
from collector import Collector, Opener
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider

from dragoman import Dragoman
from scripted_openai import Reply
from small_shop import Shop

ORDER = ("shop.getOrder", {"order_id": "1042"})
SCRIPT = [Reply(calls=[("shop__getOrder", {"order_id": "1042"})]), Reply("It is shipped.")]


async def used(d: Dragoman, shop: Shop) -> None:
    """Call, and ask: both go as if nobody measured."""
    assert (await d.call(*ORDER)).ok
    assert (await d.ask("Where is order 1042?")).text == "It is shipped."
    assert len(shop.requests) == 2


async def test_where_the_folder_of_the_workers_is_none(
    opened: Opener,
    shop: Shop,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "file" / "folder"))
    await used(await opened(script=SCRIPT), shop)
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING] == [
        "measuring fails (NotADirectoryError): calls go on without it"
    ]


class Failing(SpanProcessor):
    """One of the program around us, with a fault in it."""

    def __init__(self, at: str) -> None:
        self.at = at

    def on_start(self, span: object, parent_context: object = None) -> None:
        if self.at == "start":
            raise ValueError("at the start")

    def on_end(self, span: ReadableSpan) -> None:
        if self.at == "end":
            raise ValueError("at the end")


@pytest.mark.parametrize("at", ["start", "end"])
async def test_where_a_processor_of_the_program_around_us_fails(
    opened: Opener, shop: Shop, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    provider = TracerProvider()
    provider.add_span_processor(Failing(at))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)  # it can be set only once a process
    await used(await opened(script=SCRIPT), shop)


async def test_where_a_variable_of_opentelemetry_holds_nonsense(
    opened: Opener, sink: Collector, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "nonsense")
    await used(await opened({"otlp": sink.url}, script=SCRIPT), shop)
    assert sink.spans == []
