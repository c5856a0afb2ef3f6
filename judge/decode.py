"""What a request holds, read with the standard library: the second opinion on what was sent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from email import message_from_bytes, policy
from typing import Any
from urllib.parse import parse_qs

__all__ = ["as_text", "form_fields", "members_of", "nested", "query_fields"]

_KEY = re.compile(r"\[([^\]]*)\]")


def query_fields(query: str) -> dict[str, list[str]]:
    """Return the values of a query by their names."""
    return parse_qs(query, keep_blank_values=True, strict_parsing=bool(query))


def form_fields(content_type: str, body: bytes) -> dict[str, list[str]]:
    """Return the values of a form, of either kind, by their names."""
    if content_type.startswith("application/x-www-form-urlencoded"):
        return query_fields(body.decode("ascii"))
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    fields: dict[str, list[str]] = {}
    for part in message_from_bytes(head + body, policy=policy.HTTP).iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        payload = part.get_payload(decode=True)
        fields.setdefault(name, []).append(bytes(payload).decode("utf-8"))
    return fields


def as_text(value: Any) -> str:
    """Return a plain value as a form or a query holds it."""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def nested(value: Any) -> Any:
    """Return a value with its plain parts as text, as brackets can hold it."""
    if isinstance(value, Mapping):
        return {name: nested(one) for name, one in value.items()}
    if isinstance(value, list):
        return [nested(one) for one in value]
    return as_text(value)


def members_of(fields: Mapping[str, Sequence[str]], name: str) -> Any:
    """Return what the brackets behind a name hold: `a[b]=`, `a[]=`, `a[0][b]=`."""
    found: Any = None
    for field, values in fields.items():
        if field.partition("[")[0] != name:
            continue
        keys = _KEY.findall(field)
        for value in values:
            found = _put(found, keys, value)
    return _listed(found)


def _put(into: Any, keys: Sequence[str], value: str) -> Any:
    if not keys:
        return value
    branch = dict(into) if isinstance(into, dict) else {}
    key = keys[0] or str(len(branch))
    branch[key] = _put(branch.get(key), keys[1:], value)
    return branch


def _listed(value: Any) -> Any:
    """Return a tree with lists where its keys count from zero."""
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(one) for name, one in value.items()}
    if list(inner) == [str(index) for index in range(len(inner))]:
        return list(inner.values())
    return inner
