"""The key of a call: equal for two calls that are the same one, within their scope of sameness."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

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

    async def _mac(self, message: bytes) -> str:
        return hmac.new(await self.secret(), message, hashlib.sha256).hexdigest()
