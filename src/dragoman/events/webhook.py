"""Webhooks, signed by Standard Webhooks (standardwebhooks.com, specification 1.0.0)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from dragoman.clock import Clock
from dragoman.events.message import Message
from dragoman.events.post import UndeliveredError, post
from dragoman.exact_json import encode
from dragoman.network import Network

__all__ = ["Webhook"]

_PREFIX = "whsec_"
_MIN_SECRET = 24
"""Bytes: the least that the specification lets a symmetric secret have."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A program of the owner's that is told; `url` and `secret` are read at each sending."""

    network: Network
    clock: Clock
    url: Callable[[], Awaitable[str]] = field(repr=False)
    secret: Callable[[], Awaitable[str]] = field(repr=False)

    async def send(self, message: Message) -> None:
        """Post the event; raises `UndeliveredError`."""
        data = {**message.payload, **({"address": message.address} if message.address else {})}
        timestamp = message.at.isoformat()
        body = encode({"type": message.event, "timestamp": timestamp, "data": data})
        key = _key(await self.secret())
        seconds = str(int(self.clock.now().timestamp()))
        signed = f"{message.id}.{seconds}.".encode() + body
        mac = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode("ascii")
        headers = (
            ("webhook-id", message.id),
            ("webhook-timestamp", seconds),
            ("webhook-signature", f"v1,{mac}"),
        )
        await post(self.network, self.clock, await self.url(), headers, body)


def _key(secret: str) -> bytes:
    """Return the key: what stands behind `whsec_` in base64, or the text itself."""
    key = secret.encode()
    if secret.startswith(_PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            raise UndeliveredError(
                "The secret of the webhook is no base64 behind whsec_."
            ) from None
    if len(key) < _MIN_SECRET:
        raise UndeliveredError(f"The secret of the webhook has fewer than {_MIN_SECRET} bytes.")
    return key
