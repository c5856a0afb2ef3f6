"""One query to a SQLite file by Python's own driver, for what has to be known before all else."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from dragoman.store.statements import Row

__all__ = ["glance"]

_BUSY_SECONDS = 5.0


def glance(path: Path, sql: str) -> Sequence[Row] | None:
    """Return the rows of a query, none where the file or a table is not there; blocking.

    None stands for whatever else is amiss: the store itself says what that is.
    """
    if not path.exists():
        return ()
    try:
        # By URI, so that the file is never made (sqlite.org/uri.html, `mode`).
        address = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql)]
    except sqlite3.Error as error:
        return () if str(error).startswith("no such table") else None
