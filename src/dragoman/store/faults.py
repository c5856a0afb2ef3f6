"""What goes wrong in a driver, as a `StoreError` that names what and where, and no secret."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from dragoman.errors import StoreError
from dragoman.store.address import Address

__all__ = ["store_faults"]

_MOST = 300

_HINTS = {
    "locked": "Another process holds it for long; try again.",
    "disk is full": "Free some space.",
    "readonly": "The file and its folder must be writable.",
    "unable to open": "The folder must exist and be writable.",
    "no such file": "The folder must exist and be writable.",
    "not a database": "Name another file under store:, or move this one away.",
    "refused": "Is the server running?",
    "password": "Check user and password under store:.",
}


@contextmanager
def store_faults(address: Address, doing: str) -> Iterator[None]:
    """Turn errors of SQLAlchemy and its drivers into `StoreError`; `doing` is a past participle.

    SQLAlchemy's own message prints the statement with its parameters, so only the first line of
    the driver's is kept.
    """
    try:
        yield
    except Exception as error:
        if not _is_ours(error):
            raise
        reason = _reason(error, address)
        hint = next((hint for words, hint in _HINTS.items() if words in reason.lower()), "")
        raise StoreError(
            f"The store {address.shown} could not be {doing}: {reason}.", hint=hint
        ) from None


def _is_ours(error: Exception) -> bool:
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - SQLAlchemy is slow to import

    return isinstance(error, SQLAlchemyError | sqlite3.Error | OSError)


def _reason(error: Exception, address: Address) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    reason = lines[0].strip().rstrip(".") if lines else type(error).__name__
    password = address.password
    return (reason.replace(password, "***") if password else reason)[:_MOST]
