"""What every target promises: only errors of our own family, and what bytes are as text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from dragoman.errors import DragomanError

__all__ = ["as_text", "expected"]


@contextmanager
def expected(*more: type[Exception]) -> Iterator[None]:
    """Let errors of our own family pass, and those that a docstring promises."""
    with suppress(DragomanError, *more):
        yield


def as_text(data: bytes) -> str:
    """Return bytes as text, half characters included."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("latin-1")
