"""Undoing a content coding in bounded steps, so that a small body cannot become a huge one."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

__all__ = ["DECODED", "CodingError", "Inflate", "decoder_of"]

DECODED = frozenset({"gzip", "x-gzip", "deflate", "identity", ""})
"""The content codings (RFC 9110 8.4.1) that can be undone here; the empty one is no coding."""

_GZIP = 16 + zlib.MAX_WBITS
_OUT = 1024 * 1024
# A decompressor copies what follows a member; small slices keep many tiny members linear.
_IN = 16 * 1024


class CodingError(Exception):
    """A body is not in the coding that its headers name, or ends before that coding does."""


class Inflate:
    """Undoes gzip (RFC 1952, several members) or deflate (RFC 1950, or bare RFC 1951)."""

    def __init__(self, coding: str) -> None:
        self._gzip = coding != "deflate"
        self._engine: zlib._Decompress | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` decodes to, at most 1 MiB at a time. Raises `CodingError`."""
        for start in range(0, len(data), _IN):
            rest = data[start : start + _IN]
            while rest:
                engine = self._engine_for(rest)
                try:
                    yield from _drain(engine, rest)
                except zlib.error:
                    raise CodingError from None
                rest = engine.unused_data

    def finish(self) -> None:
        """Raise `CodingError` if the body ended within a member; an empty body is none."""
        if self._engine is not None and not self._engine.eof:
            raise CodingError

    def _engine_for(self, data: bytes) -> zlib._Decompress:
        if self._engine is None:
            self._engine = zlib.decompressobj(self._window(data[0]))
        elif self._engine.eof:
            if not self._gzip:
                raise CodingError
            self._engine = zlib.decompressobj(_GZIP)
        return self._engine

    def _window(self, first: int) -> int:
        if self._gzip:
            return _GZIP
        # Servers send both forms as "deflate"; the zlib one begins with method 8 (RFC 1950 2.2).
        return zlib.MAX_WBITS if first & 0x0F == 8 else -zlib.MAX_WBITS


def decoder_of(coding: str) -> Inflate | None:
    """Return what undoes a Content-Encoding, None where there is nothing to undo.

    Raises `CodingError` for a coding that is not undone here.
    """
    coding = coding.strip().lower()
    if coding not in DECODED:
        raise CodingError
    return None if coding in {"", "identity"} else Inflate(coding)


def _drain(engine: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    while True:
        piece = engine.decompress(data, _OUT)
        if piece:
            yield piece
        data = engine.unconsumed_tail
        # Output may be held back inside the engine when a piece came out full.
        if engine.eof or (not data and len(piece) < _OUT):
            return
