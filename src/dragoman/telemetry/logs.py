"""The log of a program of ours on stderr, a line an event: text for people, or JSON.

A library leaves the logging of its process to the program around it, so only the command line and
the servers install this. Ours are ordinary loggers below `dragoman`; structlog writes their lines.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from structlog.stdlib import ProcessorFormatter
    from structlog.typing import Processor

__all__ = ["LogHandler", "install"]

_LOGGERS = ("dragoman", "opentelemetry")
"""OpenTelemetry's is among them for what it says of a collector that cannot be reached."""

_MOST_FIELDS = 30
_MOST_CHARACTERS = 2_000
_MOST_OF_A_NAME = 100

Form = Literal["text", "json", "off"]
Event = MutableMapping[str, object]


def install(form: Form, level: str, redact: Callable[[str], str]) -> None:
    """Write what our loggers say from this level on; one that was installed before is replaced."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        for handler in [one for one in logger.handlers if isinstance(one, LogHandler)]:
            logger.removeHandler(handler)
        logger.addHandler(LogHandler(form, redact))
    logging.getLogger("dragoman").setLevel(level.upper())


class LogHandler(logging.Handler):
    """Writes lines to whatever stderr is at that moment; structlog is imported for the first."""

    def __init__(self, form: Form, redact: Callable[[str], str]) -> None:
        super().__init__()
        self._form = form
        self._redact = redact

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; a log that cannot be written ends nothing."""
        if self._form == "off":
            return
        try:
            if self.formatter is None:
                self.formatter = _formatter(self._form, self._redact)
            sys.stderr.write(f"{self.formatter.format(record)}\n")
            sys.stderr.flush()
        except Exception:  # noqa: BLE001 - as above
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Say so, without what was to be said: the standard one prints it as it is."""
        kind = sys.exc_info()[0]
        told = f"a line of {record.name} could not be logged: {kind.__name__ if kind else ''}\n"
        with suppress(OSError, ValueError):
            sys.stderr.write(told)


def _formatter(form: Form, redact: Callable[[str], str]) -> ProcessorFormatter:
    from structlog import dev, processors, stdlib  # noqa: PLC0415 - for the first line

    def clean(_logger: object, _method: str, event: Event) -> Event:
        """Leave of each field what is harmless on a terminal and of bounded length."""
        if "exception" in event:  # a name to which the renderer of text gives lines of its own
            event["traceback"] = event.pop("exception")
        return {
            _plain(name, redact, _MOST_OF_A_NAME): _value(value, redact)
            for name, value in list(event.items())[:_MOST_FIELDS]
        }

    def without_secrets(_logger: object, _method: str, line: Any) -> str:  # what `render` wrote
        return redact(line)

    render: Processor = processors.JSONRenderer(ensure_ascii=False)
    if form == "text":
        colors = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
        render = dev.ConsoleRenderer(colors=colors, timestamp_key="at", pad_event_to=0)
    return stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            processors.TimeStamper(fmt="iso", utc=True, key="at"),
            stdlib.add_log_level,
            stdlib.ExtraAdder(),
        ],
        processors=[
            processors.ExceptionRenderer(),
            stdlib.ProcessorFormatter.remove_processors_meta,
            clean,
            render,
            without_secrets,  # the last, as a renderer might put together what was apart
        ],
    )


def _value(value: object, redact: Callable[[str], str]) -> object:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int) and abs(value) < 2**53:
        return value
    return _plain(str(value), redact, _MOST_CHARACTERS)


def _plain(text: str, redact: Callable[[str], str], most: int) -> str:
    """Return text on one line: redacted before it is cut, for half a secret is not known as one."""
    text = redact(text)
    text = text if len(text) <= most else f"{text[:most]}…"
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )
