"""The key of a call: equal for two calls that are the same one, within their scope of sameness.

A key that the caller brings (`idempotency_key`) stands for one call, whatever that is: the first
that comes with it. It is remembered for as long as its claim is: `privacy.keep`, or a day where
`privacy.bodies` keeps less than all.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from urllib.parse import quote_plus
from uuid import UUID

from dragoman.access.policy import Rules
from dragoman.audit.claims import Claim
from dragoman.errors import ArgumentError, UnsupportedError
from dragoman.exact_json import canonical, encode
from dragoman.operation import Call, Prepared

__all__ = ["CALLERS", "Keys", "keyed"]

CALLERS = "key:"
"""How a scope begins that is a key of the caller's own."""

_LONGEST = 255
"""Characters of such a key: as many as Stripe takes (docs.stripe.com, "Idempotent requests")."""


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
        _check_callers(within)
        return await self._mac(canonical(["scope", call.caller, call.user, within]))

    async def key(self, call: Call, rules: Rules) -> str:
        """Return the key of the call. Its id is no part of it, so that a retry has the same key."""
        scope = await self.scope(call, rules)
        if _is_callers(call, rules):
            return await self._mac(canonical(["key", scope]))
        return await self._mac(canonical([scope, call.operation, call.known_by]))

    async def content(self, call: Call, rules: Rules) -> str:
        """Return what a key of the caller's stands for; empty where the key itself says it."""
        if not _is_callers(call, rules):
            return ""
        return await self._mac(canonical(["content", call.operation, call.known_by]))

    async def check(self, call: Call, rules: Rules, claim: Claim | None) -> None:
        """Raise `ArgumentError` where the caller's key stands for another call already.

        So says draft-ietf-httpapi-idempotency-key-07, section 2.7, and so does Stripe.
        """
        if claim is None or claim.content == await self.content(call, rules):
            return
        same = claim.operation == call.operation
        raise ArgumentError(
            f"This idempotency key stands for {claim.operation}{' with other arguments' * same}, "
            f"called at {claim.started:%Y-%m-%d %H:%M:%S} UTC as {claim.call_id}.",
            hint="Nothing was sent. Another call needs another key.",
        )

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


def _check_callers(scope: str) -> None:
    key = scope.removeprefix(CALLERS)
    if key != scope and not (key.isprintable() and 0 < len(key) <= _LONGEST):
        raise ArgumentError(f"An idempotency key is printable, of 1 to {_LONGEST} characters.")


def _is_callers(call: Call, rules: Rules) -> bool:
    return call.scope.startswith(CALLERS) and not rules.repeatable


def keyed(prepared: Prepared, rules: Rules, key: str) -> Prepared:
    """Return the request with the key where the API takes one, in its header or its body.

    Raises `UnsupportedError` for a body that has no members.
    """
    if not key or not rules.knows_keys:
        return prepared
    if rules.idempotency_header:
        return replace(prepared, headers=(*prepared.headers, (rules.idempotency_header, key)))
    headers = {name.lower(): value for name, value in prepared.headers}
    body, kind = prepared.body or b"", headers.get("content-type", "")
    if kind.startswith("application/x-www-form-urlencoded"):
        pair = f"{quote_plus(rules.idempotency_member)}={key}".encode()
        return replace(prepared, body=b"&".join(filter(None, (body, pair))))
    member = encode({rules.idempotency_member: key})
    if not body and not kind:
        headers_of_it = (*prepared.headers, ("Content-Type", "application/json"))
        return replace(prepared, headers=headers_of_it, body=member)
    if not body.startswith(b"{"):
        raise UnsupportedError(
            f"The body of {prepared.operation} takes no member {rules.idempotency_member}: it is "
            "no JSON object and no form."
        )
    rest = body[1:].lstrip()
    comma = b"" if rest.startswith(b"}") else b","
    return replace(prepared, body=member[:-1] + comma + rest)
