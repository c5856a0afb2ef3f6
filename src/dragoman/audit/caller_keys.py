"""The keys of callers in the store: made, listed, revoked, and looked up when one is shown."""

from __future__ import annotations

import builtins
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

from dragoman.access.keys import CallerKey, check_key, hash_of, id_of, new_key
from dragoman.clock import Clock
from dragoman.errors import NotFoundError
from dragoman.nearest import did_you_mean
from dragoman.store.columns import moment_text, read_moment
from dragoman.store.statements import Row, Statements
from dragoman.store.store import Store

__all__ = ["CallerKeys"]

_COLUMNS = "id, caller, hash, label, created, expires, revoked"
_ADD = f"""
INSERT INTO caller_keys ({_COLUMNS})
VALUES (:id, :caller, :hash, :label, :created, :expires, NULL)
"""  # noqa: S608 - made of constants, as all SQL here
_GET = f"SELECT {_COLUMNS} FROM caller_keys WHERE id = :id"  # noqa: S608
_LIST = f"SELECT {_COLUMNS} FROM caller_keys ORDER BY created DESC, id LIMIT 1000"  # noqa: S608
_REVOKE = "UPDATE caller_keys SET revoked = :now WHERE id = :id AND revoked IS NULL"
_SHORTEN = """
UPDATE caller_keys
SET expires = CASE WHEN expires < :expires THEN expires ELSE :expires END
WHERE id = :id AND revoked IS NULL RETURNING id
"""


_FRESH_SECONDS = 1.0
"""How long what the store says of a key counts without asking again."""

_MOST = 10_000
"""Keys that are remembered for as long."""


class CallerKeys:
    """Keys by id; `server_key` gives the key under which they are hashed.

    One that another process revokes lets its caller in for a second more. Whether a caller is in
    the configuration is for whoever makes a key to know.
    """

    def __init__(
        self, store: Store, clock: Clock, server_key: Callable[[], Awaitable[bytes]]
    ) -> None:
        self._store = store
        self._clock = clock
        self._server_key = server_key
        self._known: dict[str, tuple[float, CallerKey]] = {}

    async def create(
        self, caller: str, *, label: str = "", lifetime: timedelta | None = None
    ) -> tuple[CallerKey, str]:
        """Make a key; the text of it is returned this once and kept nowhere."""
        kept, key = await self._make(caller, label, lifetime)
        await self._store.write(lambda statements: statements.run(_ADD, _parameters(kept)))
        return kept, key

    async def rotate(self, key_id: str, *, overlap: timedelta) -> tuple[CallerKey, str]:
        """Make another key of the same caller; the old one ends after the overlap."""
        old = await self.get(key_id)
        ended = NotFoundError(
            f"The key {old.id} does not let anyone in any more.",
            hint=f"Make one with: dragoman keys create {old.caller}",
        )
        if not old.is_valid(self._clock.now()):
            raise ended
        lifetime = old.expires - old.created if old.expires else None
        kept, key = await self._make(old.caller, old.label, lifetime)
        ending = {"id": old.id, "expires": moment_text(self._clock.now() + overlap)}

        def work(statements: Statements) -> bool:
            # One that was revoked meanwhile has no heir.
            if not statements.run(_SHORTEN, ending):
                return False
            statements.run(_ADD, _parameters(kept))
            return True

        self._known.pop(old.id, None)
        if not await self._store.write(work):
            raise ended
        return kept, key

    async def revoke(self, key_id: str) -> CallerKey:
        """Let a key in no more; a second time changes nothing."""
        known = await self.get(key_id)
        revoking = {"id": known.id, "now": moment_text(self._clock.now())}
        await self._store.write(lambda statements: statements.run(_REVOKE, revoking))
        self._known.pop(known.id, None)
        return await self.get(known.id)

    async def list(self) -> builtins.list[CallerKey]:
        """Return all keys, the newest first, 1,000 at the most."""
        return [_read(row) for row in await self._store.read(_LIST, {})]

    async def get(self, key_id: str) -> CallerKey:
        """Return what is kept of a key; raises `NotFoundError` with one of a like id."""
        known = await self._find(key_id)
        if known is None:
            hint = did_you_mean(key_id, [key.id for key in await self.list()])
            raise NotFoundError(f"There is no key '{key_id[:20]}'.", hint=hint)
        return known

    async def caller_of(self, key: str) -> str:
        """Return whose key this is; raises `AuthenticationError`."""
        known = await self._remembered(id_of(key))
        return check_key(key, known, await self._server_key(), self._clock.now())

    async def _remembered(self, key_id: str) -> CallerKey | None:
        now = self._clock.monotonic()
        read_at, known = self._known.get(key_id, (now, None))
        if known is not None and now - read_at < _FRESH_SECONDS:
            return known
        known = await self._find(key_id)
        self._known.pop(key_id, None)
        if known is not None:
            while len(self._known) >= _MOST:
                del self._known[next(iter(self._known))]
            self._known[key_id] = now, known
        return known

    async def _find(self, key_id: str) -> CallerKey | None:
        rows = await self._store.read(_GET, {"id": key_id.strip().upper()})
        return _read(rows[0]) if rows else None

    async def _make(
        self, caller: str, label: str, lifetime: timedelta | None
    ) -> tuple[CallerKey, str]:
        key_id, key = new_key()
        now = self._clock.now()
        hashed = hash_of(key, await self._server_key())
        kept = CallerKey(key_id, caller, hashed, label, now)
        return replace(kept, expires=now + lifetime if lifetime else None), key


def _parameters(key: CallerKey) -> dict[str, str | None]:
    return {
        "id": key.id,
        "caller": key.caller,
        "hash": key.hash,
        "label": key.label,
        "created": moment_text(key.created),
        "expires": moment_text(key.expires) if key.expires else None,
    }


def _read(row: Row) -> CallerKey:
    return CallerKey(
        id=row["id"],
        caller=row["caller"],
        hash=row["hash"],
        label=row["label"],
        created=read_moment(row["created"]),
        expires=_maybe(row["expires"]),
        revoked=_maybe(row["revoked"]),
    )


def _maybe(text: str | None) -> datetime | None:
    return read_moment(text) if text else None
