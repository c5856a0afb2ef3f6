"""What did not fit into an answer, kept for an hour under a handle, for whoever it was for.

It lies in the store, so that any worker reads on in it, and is sealed there: it may hold what the
audit log is not to keep. Whoever asks for it has to be the same caller with the same end user.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from dragoman.audit.privacy import Bodies
from dragoman.clock import Clock
from dragoman.errors import DragomanError, NotFoundError
from dragoman.exact_json import encode
from dragoman.identifiers import new_id
from dragoman.operation import Call
from dragoman.secrets.seal import seal, unseal
from dragoman.store.columns import moment_text, read_json
from dragoman.store.statements import Parameters, Statements
from dragoman.store.store import Store

__all__ = ["Kept", "Results"]

MAX_BYTES = 16 * 1024 * 1024
"""The largest result that is kept."""

MOST = 20
"""Results of one caller and end user; the oldest makes room for the next."""

MOST_BYTES = 256 * 1024 * 1024
"""What all of them may take in the store, sealed."""

MOST_BYTES_EACH = MOST_BYTES // 4
"""What those of one caller may take of it, of however many end users they are."""

KEPT_FOR = timedelta(hours=1)

_LETTERS = 22
"""Of a handle: 107 bits, which nobody guesses."""

_log = logging.getLogger("dragoman.audit")

_INSERT = """
INSERT INTO result_log (id, call_id, operation, caller, user_id, at, expires, bytes, items, sealed)
VALUES (:id, :call_id, :operation, :caller, :user_id, :at, :expires, :bytes, :items, :sealed)
"""
_EXPIRED = "DELETE FROM result_log WHERE expires < :now"
_TOO_MANY = """
DELETE FROM result_log WHERE id IN (
  SELECT id FROM result_log WHERE caller = :caller AND coalesce(user_id, '') = :user
  ORDER BY at DESC, id DESC LIMIT 1000 OFFSET :most)
"""
_TOO_LARGE = """
DELETE FROM result_log WHERE id IN (
  SELECT id FROM (SELECT id, sum(bytes) OVER (ORDER BY at DESC, id DESC) AS so_far FROM result_log)
    AS sized WHERE so_far > :most)
"""
_TOO_LARGE_EACH = _TOO_LARGE.replace("FROM result_log)", "FROM result_log WHERE caller = :caller)")
_FIND = "SELECT * FROM result_log WHERE id = :id AND expires >= :now"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept: JSON, or a file, which has a media type and perhaps a `name`."""

    operation: str
    content: bytes = field(repr=False)
    media_type: str = ""
    name: str = ""
    items: int | None = None


@dataclass(slots=True)
class Results:
    """Keeps results sealed by a key of their own; where `bodies` are kept not at all, none.

    `any_kept` is whether this process has kept one.
    """

    store: Store
    clock: Clock
    key: Callable[[], Awaitable[bytes]]
    bodies: Bodies = "full"
    any_kept: bool = False

    async def keep(self, call: Call, kept: Kept) -> str:
        """Return the handle of what is now kept; "" where it is not.

        That is what is too large, what the owner wants nothing kept of, and where the store fails:
        what was called and answered must not be lost by it.
        """
        if self.bodies == "nothing" or len(kept.content) > MAX_BYTES:
            return ""
        handle, now = new_id("result:", _LETTERS), self.clock.now()
        whose = _whose(call)
        try:
            key = await self.key()
            sealed = await asyncio.to_thread(_sealed, key, kept, _context(handle, call))
            row: Parameters = {
                "id": handle,
                "call_id": call.id,
                "operation": kept.operation,
                "caller": whose[0],
                "user_id": whose[1],
                "at": moment_text(now),
                "expires": moment_text(now + KEPT_FOR),
                "bytes": len(sealed),
                "items": kept.items,
                "sealed": sealed,
            }
            await self.store.write(lambda statements: _insert(statements, row), durable=False)
        except DragomanError as error:
            _log.error("a result of call %s could not be kept: %s", call.id, error.detail)
            return ""
        self.any_kept = True
        return handle

    async def find(self, handle: str, call: Call) -> Kept:
        """Return what is kept for whoever makes the call.

        Raises `NotFoundError`, in the same words for what is another's, is over or never was.
        """
        parameters = {"id": handle[:100], "now": moment_text(self.clock.now())}
        rows = await self.store.read(_FIND, parameters)
        if not rows or (rows[0]["caller"], rows[0]["user_id"]) != _whose(call):
            raise NotFoundError(
                f"There is no result {handle[:40]!r}, or not any more.",
                hint="Results are kept for an hour, for whoever called. Make the call again.",
            )
        opened = await asyncio.to_thread(
            _opened, await self.key(), rows[0]["sealed"], _context(handle, call)
        )
        head, _, content = opened.partition(b"\n")
        told = read_json(head.decode())
        return Kept(
            rows[0]["operation"],
            content,
            str(told["media_type"]),
            str(told["name"]),
            rows[0]["items"],
        )


def _insert(statements: Statements, row: Parameters) -> None:
    statements.run(_EXPIRED, {"now": row["at"]})
    statements.run(_INSERT, row)
    whose = {"caller": row["caller"], "user": row["user_id"] or ""}
    statements.run(_TOO_MANY, {**whose, "most": MOST})
    statements.run(_TOO_LARGE_EACH, {"caller": row["caller"], "most": MOST_BYTES_EACH})
    statements.run(_TOO_LARGE, {"most": MOST_BYTES})


def _whose(call: Call) -> tuple[str, str | None]:
    return call.caller, None if call.user is None else str(call.user)


def _context(handle: str, call: Call) -> str:
    """Say where the sealed bytes belong, so that no row can stand in for another."""
    return encode([handle, *_whose(call)]).decode()


def _sealed(key: bytes, kept: Kept, context: str) -> str:
    head = encode({"media_type": kept.media_type, "name": kept.name})
    packed = zlib.compress(head + b"\n" + kept.content, level=1)
    return base64.b64encode(seal(key, packed, context)).decode("ascii")


def _opened(key: bytes, sealed: str, context: str) -> bytes:
    return zlib.decompress(unseal(key, base64.b64decode(sealed), context))
