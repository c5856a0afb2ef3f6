"""Ends the reading of a body whose connection was lost, where aiohttp itself does not.

It takes a reset for the regular end of a body that has no length (RFC 9112 6.3 ends it with an
orderly close only), and never ends a body whose chunked framing broke after the headers: the
reader would wait for its deadline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp

__all__ = ["watched"]


@contextmanager
def watched(answer: aiohttp.ClientResponse) -> Iterator[None]:
    """While a body is read, make the loss of its connection an error of the body."""
    protocol = answer.connection.protocol if answer.connection else None
    closed = protocol.closed if protocol is not None else None
    if closed is None:  # the body is already here, whole
        yield
        return
    framed = "Content-Length" in answer.headers or "Transfer-Encoding" in answer.headers

    def lost(closed: asyncio.Future[None]) -> None:
        body = answer.content
        if not body.is_eof() or (closed.exception() and not framed):
            body.set_exception(aiohttp.ClientPayloadError())

    closed.add_done_callback(lost)
    try:
        yield
        if answer.content.exception() is not None:  # it came after the last piece was taken
            raise aiohttp.ClientPayloadError
    finally:
        closed.remove_done_callback(lost)
        # The connection lives on in the pool, and asyncio complains of an error nobody looked at.
        closed.remove_done_callback(_look)
        closed.add_done_callback(_look)


def _look(closed: asyncio.Future[None]) -> None:
    if not closed.cancelled():
        closed.exception()
