"""Who takes our spans: the collector of the owner, the program around us, or nobody."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from dragoman.config.surroundings import TelemetrySettings
from dragoman.errors import DragomanError
from dragoman.secrets.reference import Template

if TYPE_CHECKING:
    from dragoman.telemetry.otlp import Exporting
    from dragoman.telemetry.spans import Spans

__all__ = ["Taken", "collector_of", "open_spans"]

_log = logging.getLogger("dragoman.telemetry")

Taken = tuple["Spans | None", "Exporting | None"]


def collector_of(settings: TelemetrySettings, environment: Mapping[str, str]) -> str:
    """Return the address of the file, or that of OpenTelemetry's own variable; empty for none."""
    return settings.otlp or environment.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")


async def open_spans(
    settings: TelemetrySettings,
    collector: str,
    resolve: Callable[[Template], Awaitable[str]],
    redact: Callable[[str], str],
) -> Taken:
    """Return what makes spans and what sends them, each None where there is none.

    What keeps spans from a collector is logged: it keeps no call from its end.
    """
    if not collector:
        return _spans_of_the_app(redact), None
    try:
        headers = {name: await resolve(secret) for name, secret in settings.headers.items()}
        return await asyncio.to_thread(_export, collector, headers, settings.sample, redact)
    except ImportError:
        _log.warning("nothing is sent to %s: pip install 'dragoman[otel]'", collector)
    except DragomanError as error:
        _log.warning("nothing is sent to %s: %s", collector, error)
    except ValueError as error:  # of a variable of OpenTelemetry's own that means nothing
        _log.warning("nothing is sent to %s: %s", collector, type(error).__name__)
    return None, None


def _export(
    collector: str, headers: Mapping[str, str], sample: float, redact: Callable[[str], str]
) -> Taken:
    from dragoman.telemetry.otlp import Exporting  # noqa: PLC0415 - dragoman[otel]
    from dragoman.telemetry.spans import Spans  # noqa: PLC0415

    exporting = Exporting.to(collector, headers=headers, sample=sample, redact=redact)
    return Spans(exporting.tracers, exporting.meters, redact), exporting


def _spans_of_the_app(redact: Callable[[str], str]) -> Spans | None:
    from dragoman.telemetry.spans import Spans, provider_of_the_app  # noqa: PLC0415

    provider = provider_of_the_app()
    if provider is None:
        return None
    from opentelemetry.metrics import get_meter_provider  # noqa: PLC0415 - the app has it

    return Spans(provider, get_meter_provider(), redact)
