"""The key of a call: equal for two calls that are the same one, within their scope of sameness."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID

from dragoman.access.policy import Rules
from dragoman.exact_json import canonical
from dragoman.operation import Call

__all__ = ["Keys"]


@dataclass(frozen=True, slots=True)
class Keys:
    """Makes keys under a secret, so that the store does not tell what was asked.

    `secret` is awaited at the first key, because most calls are reads and need none.
    """

    secret: Callable[[], Awaitable[bytes]] = field(repr=False)

    async def scope(self, call: Call, rules: Rules) -> str:
        """Return the scope of sameness; caller and end user are always part of it.

        An operation that the owner calls repeatable is the same only within one call.
        """
        within = call.id if rules.repeatable else call.scope
        return await self._mac(canonical(["scope", call.caller, call.user, within]))

    async def key(self, call: Call, rules: Rules) -> str:
        """Return the key of the call. Its id is no part of it, so that a retry has the same key."""
        scope = await self.scope(call, rules)
        return await self._mac(canonical([scope, call.operation, call.arguments]))

    @staticmethod
    def shown(key: str) -> str:
        """Return the key of a claim as an API is shown it: a UUID (RFC 9562, 5.8), at most 36 long.

        Some APIs take no more; it does not give the key away.
        """
        digest = bytearray(hashlib.sha256(f"shown {key}".encode()).digest()[:16])
        digest[6] = 0x80 | digest[6] & 0x0F  # the version
        digest[8] = 0x80 | digest[8] & 0x3F  # the variant
        return str(UUID(bytes=bytes(digest)))

    async def _mac(self, message: bytes) -> str:
        return hmac.new(await self.secret(), message, hashlib.sha256).hexdigest()
