"""Who sits at this terminal, for the record."""

from __future__ import annotations

import getpass

from dragoman.operation import OWNER

__all__ = ["who"]


def who() -> str:
    """Return the name of the user of this machine, or `owner` where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return OWNER
