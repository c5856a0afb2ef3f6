"""Data as a table of plain text: bounded, and without characters that act on a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from dragoman.exact_json import encode_text
from dragoman.operation import JsonObject, JsonValue
from dragoman.tools.prose import visible

__all__ = ["rows_of", "table"]

_MAX_ROWS, _MAX_COLUMNS, _MAX_CELL = 20, 8, 60


def rows_of(data: JsonValue) -> list[JsonObject]:
    """Return the rows: of a list, of the one list of objects in an object, or what it is itself."""
    if isinstance(data, Mapping):
        lists = [one for one in data.values() if isinstance(one, list | tuple) and one]
        inner = [one for one in lists if all(isinstance(row, Mapping) for row in one)]
        return rows_of(inner[0]) if len(inner) == 1 else [data]
    items = data if isinstance(data, list | tuple) else [data]
    return [one if isinstance(one, Mapping) else {"value": one} for one in items]


def table(data: JsonValue) -> str:
    """Return the rows under the names of their members; one row alone stands upright."""
    rows = rows_of(data)
    names = list(dict.fromkeys(str(name) for row in rows[:_MAX_ROWS] for name in row))
    if len(rows) == 1:
        lines = [[name, _cell(rows[0][name])] for name in names]
    else:
        names = names[:_MAX_COLUMNS]
        lines = [names, *([_cell(row.get(name)) for name in names] for row in rows[:_MAX_ROWS])]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    return "\n".join(text + [f"… {len(rows) - _MAX_ROWS} more rows"] * (len(rows) > _MAX_ROWS))


def _cell(value: JsonValue) -> str:
    text = "" if value is None else visible(value if isinstance(value, str) else encode_text(value))
    return text if len(text) <= _MAX_CELL else text[: _MAX_CELL - 1] + "…"
