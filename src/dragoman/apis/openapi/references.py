"""Documents in several files: what references name outside is brought in.

A document on disk is followed into files of its own folder, one from an address into others of
the same origin. Everything else stays as it is: no file elsewhere, no other host. An operation
that needs it is unsupported and says so.
"""

from __future__ import annotations

import asyncio
import posixpath
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import unquote, urldefrag, urljoin

from dragoman.errors import AddressRefusedError, DescriptionError, DragomanError
from dragoman.network import origin_of
from dragoman.operation import JsonObject, JsonValue

__all__ = ["HOLDER", "Fetch", "gathered", "leads_out"]

HOLDER = "x-dragoman-files"
"""Member of the root under which the other files stand, by number."""

MAX_FILES = 500

Fetch = Callable[[str], Awaitable[JsonValue]]
"""Returns the value in the file or at the address of that name."""

_OUTSIDE = re.compile(rb"""\$ref["']?\s*:\s*["']?[^"'#\s]""")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
_SHOWN = 120


def leads_out(data: bytes) -> bool:
    """Whether the bytes of a document seem to hold a reference to another file."""
    return _OUTSIDE.search(data) is not None


async def gathered(
    document: JsonObject, location: str, fetch: Fetch
) -> tuple[JsonObject, tuple[str, ...]]:
    """Return the document with the files that it refers to, and a finding for each that is not.

    References are changed in place. Files that refer to each other are read once each.
    """
    files = _Files(location)
    holder: dict[str, JsonValue] = {}
    await asyncio.to_thread(files.rewrite, document, location, "")
    while files.waiting:
        name = files.waiting.pop(0)
        number = str(files.numbers[name])
        try:
            value = await fetch(name)
        except DragomanError as error:
            files.findings.append(f"{name[:_SHOWN]} is not read: {error.detail}")
            continue
        holder[number] = value
        await asyncio.to_thread(files.rewrite, value, name, f"/{HOLDER}/{number}")
    return {**document, HOLDER: holder}, tuple(files.findings)


@dataclass(slots=True)
class _Files:
    """The files that were found so far, by number, and those that are not read yet."""

    location: str
    numbers: dict[str, int] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    def rewrite(self, value: JsonValue, name: str, prefix: str) -> None:
        """Make every reference in a file one into the whole document."""
        seen: set[int] = set()
        waiting = [value]
        while waiting:
            node = waiting.pop()
            if not isinstance(node, dict | list) or id(node) in seen:
                continue
            seen.add(id(node))
            if isinstance(node, list):
                waiting.extend(node)
                continue
            waiting.extend(node.values())
            reference = node.get("$ref")
            if isinstance(reference, str):
                node["$ref"] = self._inside(reference, name, prefix)

    def _inside(self, reference: str, name: str, prefix: str) -> str:
        target, fragment = urldefrag(reference)
        if not target:
            return f"#{prefix}{fragment}" if prefix else reference
        try:
            wanted = _named(target, name, self.location)
        except DescriptionError as error:
            if reference not in self.refused:
                self.refused.add(reference)
                self.findings.append(f"{reference[:_SHOWN]} is not followed: {error.detail}.")
            return reference
        if wanted == self.location:
            return f"#{fragment}"
        if wanted not in self.numbers:
            if len(self.numbers) >= MAX_FILES:
                raise DescriptionError(f"{self.location} refers to more than {MAX_FILES} files.")
            self.numbers[wanted] = len(self.numbers)
            self.waiting.append(wanted)
        return f"#/{HOLDER}/{self.numbers[wanted]}{fragment}"


def _named(target: str, name: str, location: str) -> str:
    """Return what a reference in the file `name` names; raises for what may not be followed."""
    if "://" in location:
        return _of_same_origin(target, name, location)
    if _SCHEME.match(target) or target.startswith("/") or "\\" in target:
        raise DescriptionError("it is no file of the document's own folder")
    folder = posixpath.dirname(location)
    wanted = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(target)))
    inside = posixpath.relpath(wanted, folder or ".")
    if inside.startswith("..") or "\x00" in wanted:
        raise DescriptionError("it is no file of the document's own folder")
    return posixpath.join(folder, inside)


def _of_same_origin(target: str, name: str, location: str) -> str:
    try:
        wanted = urljoin(name, target)
        if origin_of(wanted) == origin_of(location):
            return wanted
    except (ValueError, AddressRefusedError):
        pass
    raise DescriptionError("it is not of the document's own origin")
