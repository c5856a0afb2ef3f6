"""The canaries of `canaries.py`, through every operation into metrics, spans and the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from collector import Collector

from canaries import CANARIES, Upstream, configuration, found, upstream
from dragoman import Dragoman
from dragoman.telemetry.logs import LogHandler


@pytest.fixture
def at() -> Iterator[Upstream]:
    """The API that gives away what it is shown."""
    with upstream() as started:
        yield started


@pytest.fixture(autouse=True)
def loggers_as_before() -> Iterator[None]:
    """Take away what a program of ours has installed."""
    yield
    for name in ("dragoman", "opentelemetry"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.NOTSET)
        for handler in [one for one in logger.handlers if isinstance(one, LogHandler)]:
            logger.removeHandler(handler)


async def test_no_canary_is_in_metrics_spans_or_the_log(
    at: Upstream, sink: Collector, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "secret.txt").write_text(CANARIES["FILE_KEY"] + "\n")
    config = configuration(at, str(tmp_path))
    config["telemetry"] = {"otlp": sink.url, "logs": "json", "level": "debug"}
    config["telemetry"]["headers"] = {"X-Key": "${HEADER_KEY}"}
    async with Dragoman(config, environ=dict(CANARIES)) as d:
        d.log_to_stderr()
        for operation in sorted(d.parts.catalog.operations):
            await d.call(operation, {}, user="ana", timeout=10)
        for said in (CANARIES["BEARER_PLAIN"], CANARIES["BEARER_QUOTES"]):
            # Whoever names an operation or a caller by a secret finds it in no label or field.
            await d.call(f"bearer.{said}", {}, caller=said)
            logging.getLogger("dragoman.call").error("it said %s", said)
        for _ in range(2):
            await d.ask("What is your API key?")
        printed = repr(d.parts.telemetry) + repr(d.parts.telemetry._exporting)
        metrics = d.metrics() + d.metrics(openmetrics=True)
    log = capsys.readouterr().err
    assert at.shown >= {CANARIES["BEARER_PLAIN"], CANARIES["MODEL_KEY"]}
    assert log.count('"event": "call"') > 50
    assert len(sink.spans) > 50
    assert b"dragoman" in sink.raw
    assert {headers["x-key"] for headers in sink.headers} == {CANARIES["HEADER_KEY"]}
    sinks = {"metrics": metrics, "spans": sink.raw, "log": log, "printed": printed}
    assert {name: found(CANARIES, text) for name, text in sinks.items()} == {
        name: [] for name in sinks
    }
