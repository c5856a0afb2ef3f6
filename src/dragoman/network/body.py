"""Reading a body decoded, and never more of it than its bound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable

from dragoman.errors import CutAnswerError, ResponseError
from dragoman.network.inflate import CodingError, Inflate, decoder_of
from dragoman.network.message import shown_size

__all__ = ["decoded", "too_large"]


async def decoded(
    chunks: AsyncIterable[bytes], *, coding: str, max_bytes: int, shown: str
) -> AsyncGenerator[bytes]:
    """Yield a body with its content coding undone, in pieces of at most 1 MiB if it had one.

    Raises `ResponseError` for one that comes to more than `max_bytes`, before it is decoded or
    after, is in a coding that was not asked for, is damaged, or ends within its coding. `shown`
    names the server in the error.
    """
    inflate = _decoder(coding, shown)
    size = wire = 0
    try:
        async for chunk in chunks:
            wire += len(chunk)
            if wire > max_bytes:  # members of gzip that hold nothing could go on for ever
                raise too_large(shown, max_bytes)
            for piece in inflate.feed(chunk) if inflate else (chunk,):
                size += len(piece)
                if size > max_bytes:
                    raise too_large(shown, max_bytes)
                yield piece
                if inflate:
                    await asyncio.sleep(0)  # one chunk can hold many megabytes
        if inflate:
            inflate.finish()
    except CodingError:
        raise CutAnswerError(f"{shown} sent a damaged or cut {coding} body.") from None


def too_large(shown: str, max_bytes: int) -> ResponseError:
    """Return the error for a body beyond its bound."""
    return ResponseError(f"{shown} sent more than {shown_size(max_bytes)}.")


def _decoder(coding: str, shown: str) -> Inflate | None:
    try:
        return decoder_of(coding)
    except CodingError:
        raise ResponseError(
            f"{shown} answered in the content coding {coding[:40]!r}, which was not asked for."
        ) from None
