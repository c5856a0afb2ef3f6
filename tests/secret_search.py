"""Searching bytes for secret values, raw and in every encoding that others write them in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dragoman.secrets.forms import forms

__all__ = ["files_below", "found"]


def found(values: Mapping[str, str], text: bytes) -> list[str]:
    """The names of the values that stand in the text, in whatever encoding."""
    return [
        name
        for name, value in values.items()
        if any(form.encode("utf-8", "surrogatepass") in text for form in forms(value))
    ]


def files_below(folder: Path) -> bytes:
    """All that stands in the files of a folder, but for `.env`, where the owner keeps secrets."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name != ".env")
    return b"\n".join(path.read_bytes() for path in paths)
