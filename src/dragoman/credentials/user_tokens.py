"""The tokens that end users gave us: sealed in the store, refreshed by one process at a time."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from dragoman.clock import Clock
from dragoman.identifiers import new_id
from dragoman.secrets.seal import seal, unseal
from dragoman.store.columns import json_text, moment_text, read_json, read_moment
from dragoman.store.statements import Row, Statements
from dragoman.store.store import Store

__all__ = ["UserToken", "UserTokens"]

_LEASE = timedelta(seconds=30)
"""How long one process may take for a refresh before another tries."""

_COLUMNS = "api, subject, version, sealed, until, refused, refreshing_until"
_GET = f"SELECT {_COLUMNS} FROM user_tokens WHERE api = :api AND subject = :subject"  # noqa: S608 - made of constants, as all SQL here
_LIST = f"SELECT {_COLUMNS} FROM user_tokens WHERE api = :api ORDER BY subject LIMIT 1000"  # noqa: S608
_REMOVE = "DELETE FROM user_tokens WHERE api = :api AND subject = :subject RETURNING subject"
_PUT = f"""
INSERT INTO user_tokens ({_COLUMNS})
VALUES (:api, :subject, :version, :sealed, :until, :refused, NULL)
"""  # noqa: S608
_RENEW = """
UPDATE user_tokens
SET version = :version, sealed = :sealed, until = :until, refused = :refused,
    refreshing_until = NULL
WHERE api = :api AND subject = :subject
  AND (version = :former OR (refused <> '' AND :refused = ''))
RETURNING version
"""
_BEGIN = """
UPDATE user_tokens SET refreshing_until = :lease
WHERE api = :api AND subject = :subject AND version = :version
  AND (refreshing_until IS NULL OR refreshing_until <= :now)
RETURNING version
"""
_RELEASE = """
UPDATE user_tokens SET refreshing_until = NULL
WHERE api = :api AND subject = :subject AND version = :version
"""
_END_EARLY = """
UPDATE user_tokens SET until = :now
WHERE api = :api AND subject = :subject AND version = :version AND until > :now
"""


@dataclass(frozen=True, slots=True)
class UserToken:
    """What one end user gave us for one API.

    `subject` is the end user, empty for the owner; `until` how long the access token is shown;
    `refused` why it cannot be renewed any more; `version` changes with every change of it.
    """

    api: str
    subject: str
    access: str = field(repr=False)
    refresh: str = field(repr=False)
    until: datetime
    refused: str = ""
    version: str = ""


class UserTokens:
    """Tokens by API and end user. `key` gives the key under which they are sealed."""

    def __init__(self, store: Store, clock: Clock, key: Callable[[], Awaitable[bytes]]) -> None:
        self._store = store
        self._clock = clock
        self._key = key

    async def get(self, api: str, subject: str) -> UserToken | None:
        """Return what that end user gave, or None; raises `CredentialError` for another key."""
        rows = await self._store.read(_GET, {"api": api, "subject": subject})
        return _read(rows[0], await self._key()) if rows else None

    async def subjects(self, api: str) -> list[str]:
        """Return who has given a token for an API, 1,000 at the most."""
        return [row["subject"] for row in await self._store.read(_LIST, {"api": api})]

    async def put(self, token: UserToken) -> UserToken:
        """Keep a token in place of what was there, and let waiting refreshes see it."""
        kept = replace(token, version=new_id())
        row = _row(kept, await self._key())

        def work(statements: Statements) -> None:
            statements.run(_REMOVE, {"api": kept.api, "subject": kept.subject})
            statements.run(_PUT, row)

        await self._store.write(work)
        return kept

    async def renew(self, former: UserToken, token: UserToken) -> bool:
        """Keep what came of a refresh, unless the token has become another one in the meantime.

        A person may have connected anew or disconnected; where a lease ran out, another process
        may have been faster. That one's refusal gives way to our success, never the reverse.
        """
        row = _row(replace(token, version=new_id()), await self._key())
        change = {**row, "former": former.version}
        return bool(await self._store.write(lambda statements: statements.run(_RENEW, change)))

    async def remove(self, api: str, subject: str) -> bool:
        """Forget what an end user gave; false where there was nothing."""
        who = {"api": api, "subject": subject}
        return bool(await self._store.write(lambda statements: statements.run(_REMOVE, who)))

    async def begin_refresh(self, token: UserToken, *, take_over: bool = True) -> bool:
        """Become the one that refreshes this token; false where another does or has done so.

        A lease that has ended by our clock is taken over, or left where `take_over` is false.
        """
        now = self._clock.now()
        ended = moment_text(now) if take_over else ""
        claim = {**_of(token), "now": ended, "lease": moment_text(now + _LEASE)}
        return bool(await self._store.write(lambda statements: statements.run(_BEGIN, claim)))

    async def release(self, token: UserToken) -> None:
        """Let another try: the refresh came to nothing, and changed nothing."""
        await self._store.write(lambda statements: statements.run(_RELEASE, _of(token)))

    async def end_early(self, token: UserToken) -> None:
        """Show the access token no more: the API has refused it."""
        ending = {**_of(token), "now": moment_text(self._clock.now())}
        await self._store.write(lambda statements: statements.run(_END_EARLY, ending))


def _of(token: UserToken) -> dict[str, str]:
    return {"api": token.api, "subject": token.subject, "version": token.version}


def _context(api: str, subject: str) -> str:
    """Say where a sealed token belongs, so that a row cannot be moved to another user."""
    return f"user token {len(api)}:{api}:{subject}"


def _row(token: UserToken, key: bytes) -> dict[str, str]:
    plain = json_text({"access": token.access, "refresh": token.refresh}).encode()
    sealed = seal(key, plain, _context(token.api, token.subject))
    return {
        **_of(token),
        "sealed": base64.b64encode(sealed).decode("ascii"),
        "until": moment_text(token.until),
        "refused": token.refused,
    }


def _read(row: Row, key: bytes) -> UserToken:
    api, subject = row["api"], row["subject"]
    plain = unseal(key, base64.b64decode(row["sealed"]), _context(api, subject))
    members = read_json(plain.decode())
    return UserToken(
        api=api,
        subject=subject,
        access=str(members["access"]),
        refresh=str(members["refresh"]),
        until=read_moment(row["until"]),
        refused=row["refused"],
        version=row["version"],
    )
