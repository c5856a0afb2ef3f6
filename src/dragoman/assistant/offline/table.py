"""Data as a table of plain text: bounded, and without characters that act on a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from dragoman.exact_json import encode_text
from dragoman.operation import JsonObject, JsonValue
from dragoman.tools.prose import visible

__all__ = ["rows_of", "table"]

_MAX_ROWS, _MAX_COLUMNS, _MAX_CELL, _MAX_BESIDE = 20, 8, 60, 4


def rows_of(data: JsonValue) -> list[JsonObject]:
    """Return the rows of a list, or of a page: one list of objects with little beside it."""
    items = data if isinstance(data, list | tuple) else [data] if data not in (None, "", {}) else []
    if isinstance(data, Mapping) and len(data) <= 1 + _MAX_BESIDE:
        lists = [one for one in data.values() if isinstance(one, list | tuple)]
        is_page = len(lists) == 1 and all(isinstance(row, Mapping) for row in lists[0])
        items = lists[0] if is_page else items
    return [row if isinstance(row, Mapping) else {"value": row} for row in items]


def table(data: JsonValue) -> str:
    """Return the rows under the names of their members; one row alone stands upright."""
    rows = rows_of(data)
    names = list(dict.fromkeys(name for row in rows[:_MAX_ROWS] for name in row))
    lines = [[_cell(name), _cell(rows[0].get(name))] for name in names[:_MAX_ROWS]]
    if len(rows) > 1:
        names = names[:_MAX_COLUMNS]
        lines = [[_cell(row.get(name)) for name in names] for row in rows[:_MAX_ROWS]]
        lines.insert(0, list(map(_cell, names)))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    text += [f"… and {len(rows) - _MAX_ROWS} more"] * (len(rows) > _MAX_ROWS)
    beside = data.items() if isinstance(data, Mapping) and rows and rows[0] is not data else ()
    text += [f"{_cell(k)}: {_cell(v)}" for k, v in beside if not isinstance(v, list | tuple)]
    return "\n".join(text)


def _cell(value: JsonValue) -> str:
    text = visible(value if isinstance(value, str) else encode_text(value)) * (value is not None)
    return text if len(text) <= _MAX_CELL else text[: _MAX_CELL - 1] + "…"
