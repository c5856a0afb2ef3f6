"""Silence of other people's clients while they work for us: they log the answers they get."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["unlogged"]

_for_us: ContextVar[bool] = ContextVar("unlogged", default=False)


@contextmanager
def unlogged(library: str) -> Iterator[None]:
    """Let a library log nothing below INFO within; what it does for others it goes on logging.

    At DEBUG botocore, Google's clients and httpcore log headers and bodies of answers, where
    secrets stand that nothing has redacted yet. Its loggers must be there already.
    """
    for name in tuple(logging.root.manager.loggerDict):
        if name == library or name.startswith(f"{library}."):
            logging.getLogger(name).addFilter(_may_pass)
    token = _for_us.set(True)
    try:
        yield
    finally:
        _for_us.reset(token)


def _may_pass(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.INFO or not _for_us.get()
