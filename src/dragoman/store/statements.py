"""Running SQL that SQLite and PostgreSQL both understand, within one transaction."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from dragoman.store.columns import storable

if TYPE_CHECKING:
    from sqlalchemy import Connection, TextClause

__all__ = ["Parameters", "Row", "Statements", "Work"]

T = TypeVar("T")

_PARAMETER = re.compile(r":(\w+)")

Row: TypeAlias = Mapping[str, Any]
"""One row by column name; whoever reads a table knows the types of its columns."""

Parameters: TypeAlias = Mapping[str, None | bool | int | float | str]


class Statements:
    """Runs statements on one connection; parameters are named `:so`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def run(self, sql: str, parameters: Parameters) -> Sequence[Row]:
        """Run one statement and return its rows, none where it has none."""
        result = self._connection.execute(_compiled(sql), _clean(parameters))
        return [dict(row) for row in result.mappings()] if result.returns_rows else ()

    def run_many(self, sql: str, rows: Sequence[Parameters]) -> None:
        """Run one statement for each set of parameters; straight by the driver, twice as fast."""
        sql = sql if self._connection.dialect.name == "sqlite" else _PARAMETER.sub(r"%(\1)s", sql)
        self._connection.exec_driver_sql(sql, [_clean(row) for row in rows])


Work: TypeAlias = Callable[[Statements], T]
"""One transaction: plain code that runs statements. It does nothing else, as it may run twice."""


def _clean(parameters: Parameters) -> dict[str, None | bool | int | float | str]:
    return {
        name: storable(value) if isinstance(value, str) else value
        for name, value in parameters.items()
    }


@lru_cache(maxsize=256)
def _compiled(sql: str) -> TextClause:
    from sqlalchemy import text  # noqa: PLC0415 - SQLAlchemy is slow to import

    return text(sql)
