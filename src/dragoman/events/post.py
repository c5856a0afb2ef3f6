"""Posting a message by HTTP, through the same guard as everything else that we send."""

from __future__ import annotations

from dragoman.apis.http.waiting import retry_after
from dragoman.clock import Clock
from dragoman.errors import DragomanError
from dragoman.network import Bounds, Network, Reach, Request

__all__ = ["UndeliveredError", "post"]

_BOUNDS = Bounds(15.0, max_bytes=64 * 1024)
_GONE = 410
"""Whoever answers so wants no more of it (Standard Webhooks; RFC 9110, 15.5.11)."""


class UndeliveredError(Exception):
    """It did not arrive; `again` is in how many seconds it may be tried, `final` that it is not."""

    def __init__(self, reason: str, *, again: float | None = None, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again
        self.final = final


async def post(
    network: Network, clock: Clock, url: str, headers: tuple[tuple[str, str], ...], body: bytes
) -> None:
    """Post JSON to an address that the owner typed; raises `UndeliveredError` unless it got 2xx."""
    sent = (("Content-Type", "application/json"), *headers)
    try:
        response = await network.exchange(
            Request("POST", url, sent, body), reach=Reach.of(urls=[url]), bounds=_BOUNDS
        )
    except DragomanError as error:
        raise UndeliveredError(error.detail) from None
    if 200 <= response.status < 300:
        return
    names = ("retry-after", "date")
    said = {name: value for name in names if (value := response.header(name)) is not None}
    raise UndeliveredError(
        f"It was answered with {response.status}.",
        again=retry_after(said, clock.now()),
        final=response.status == _GONE,
    )
