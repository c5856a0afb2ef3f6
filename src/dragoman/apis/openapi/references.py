"""Documents in several files: what references name outside is brought in.

A document on disk is followed into files of its own folder, one from an address into others of
the same origin, and both to the origins that the owner has listed. Everything else stays as it
is: no file elsewhere, no other host. An operation that needs it is unsupported and says so.
"""

from __future__ import annotations

import asyncio
import posixpath
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import unquote, urljoin

from dragoman.errors import AddressRefusedError, DescriptionError, DragomanError
from dragoman.network import Origin, origin_of
from dragoman.operation import JsonObject, JsonValue

__all__ = ["HOLDER", "UNREAD", "Fetch", "gathered", "leads_out", "why_not_followed"]

HOLDER = "x-dragoman-files"
"""Member of the root under which the other files stand, by number."""

UNREAD = "x-dragoman-unread"
"""Member of the root that says, by number, why a file is not among them."""

MAX_FILES = 500
MAX_DEPTH = 100
"""Files that lead to one another, from the document on."""

Fetch = Callable[[str], Awaitable[JsonValue]]
"""Returns the value in the file or at the address of that name."""

_OUTSIDE = re.compile(rb"""\$ref["']?\s*:\s*["']?[^"'#\s]""")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
_WEB = re.compile(r"https?://", re.IGNORECASE)
_SHOWN = 120
_MAX_REFUSED = 100
"""References that are told of; operations tell of theirs in any case."""


def leads_out(data: bytes) -> bool:
    """Whether the bytes of a document seem to hold a reference to another file."""
    return _OUTSIDE.search(data) is not None


def why_not_followed(reference: str) -> str:
    """Return why a reference stays as it is, and what the owner may write to have it followed."""
    why = f"the reference {reference[:_SHOWN]} leads out of the document, which is not followed"
    try:
        scheme, host, port = origin_of(reference)
    except AddressRefusedError:
        return why
    authority = f"[{host}]" if ":" in host else host
    shown = "" if port == {"http": 80, "https": 443}[scheme] else f":{port}"
    return f"{why}: if it is right, write allow_refs: [{scheme}://{authority}{shown}]"


async def gathered(
    document: JsonObject, location: str, fetch: Fetch, origins: frozenset[Origin] = frozenset()
) -> tuple[JsonObject, tuple[str, ...]]:
    """Return the document with the files that it refers to, and a finding for each that is not.

    `origins` are those that may be asked, beside the document's own. References are changed in
    place. Files that refer to each other are read once each.
    """
    own = {origin_of(location)} if "://" in location else set()
    files = _Files(location, origins | own)
    holder: dict[str, JsonValue] = {}
    unread: dict[str, JsonValue] = {}
    await asyncio.to_thread(files.rewrite, document, location, "")
    while files.waiting:
        name = files.waiting.pop(0)
        number = str(files.numbers[name])
        try:
            value = await fetch(name)
        except DragomanError as error:
            unread[number] = f"{name[:_SHOWN]} is not read: {error}"
            files.findings.append(str(unread[number]))
            continue
        holder[number] = value
        await asyncio.to_thread(files.rewrite, value, name, f"/{HOLDER}/{number}")
    return {**document, HOLDER: holder, UNREAD: unread}, tuple(files.findings)


@dataclass(slots=True)
class _Files:
    """The files that were found so far, by number, and those that are not read yet."""

    location: str
    origins: frozenset[Origin]
    numbers: dict[str, int] = field(default_factory=dict)
    depths: dict[str, int] = field(default_factory=dict)
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
        target, _, fragment = reference.partition("#")
        if not target:
            return f"#{prefix}{fragment}" if prefix else reference
        try:
            wanted = self._named(target, name)
            if wanted == self.location:
                return f"#{fragment}"
            return f"#/{HOLDER}/{self._number(wanted, name)}{fragment}"
        except DescriptionError as error:
            # In a fetched file it is relative to that, and the document knows nothing of it.
            absolute = _absolute(reference, name)
            if absolute not in self.refused and len(self.refused) < _MAX_REFUSED:
                self.refused.add(absolute)
                self.findings.append(f"{error.detail}.")
            return absolute

    def _number(self, wanted: str, name: str) -> int:
        """Return the number of a file, which is read if it was not named before."""
        if wanted in self.numbers:
            return self.numbers[wanted]
        depth = self.depths.get(name, 0) + 1
        if depth > MAX_DEPTH:
            raise DescriptionError(
                f"{wanted[:_SHOWN]} is not read: more than {MAX_DEPTH} files lead to it"
            )
        if len(self.numbers) >= MAX_FILES:
            raise DescriptionError(f"{self.location} refers to more than {MAX_FILES} files")
        self.depths[wanted] = depth
        self.waiting.append(wanted)
        return self.numbers.setdefault(wanted, len(self.numbers))

    def _named(self, target: str, name: str) -> str:
        """Return what a reference in the file `name` names; raises for what is not followed."""
        if "://" in name or _WEB.match(target):
            wanted = _absolute(target, name)
            try:
                if origin_of(wanted) in self.origins:
                    return wanted
            except AddressRefusedError:
                pass
            raise DescriptionError(why_not_followed(wanted))
        if _SCHEME.match(target) or target.startswith("/") or "\\" in target:
            raise _not_of_the_folder(target)
        folder = posixpath.dirname(self.location)
        wanted = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(target)))
        inside = posixpath.relpath(wanted, folder or ".")
        if inside.startswith("..") or "\x00" in wanted:
            raise _not_of_the_folder(target)
        return posixpath.join(folder, inside)


def _absolute(reference: str, name: str) -> str:
    """Return a reference in a file as it is to be understood anywhere."""
    try:
        return urljoin(name, reference) if "://" in name else reference
    except ValueError:
        return reference


def _not_of_the_folder(target: str) -> DescriptionError:
    return DescriptionError(
        f"{target[:_SHOWN]} is not followed: it is no file of the document's own folder"
    )
