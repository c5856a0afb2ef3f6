"""Getting an OpenAPI document: from the owner's disk or from an address, within bounds."""

from __future__ import annotations

import asyncio
import gc
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from dragoman.apis.openapi import overlay
from dragoman.apis.openapi.exact_numbers import read_json
from dragoman.apis.openapi.fetch import MAX_BYTES, Fetched, fetch, fetched_bytes
from dragoman.apis.openapi.references import gathered, leads_out
from dragoman.apis.openapi.swagger import upgraded
from dragoman.config import yaml12
from dragoman.errors import ConfigurationError, DescriptionError, DragomanError
from dragoman.network import Network, Origin, Reach, origin_of
from dragoman.operation import JsonObject, JsonValue

__all__ = ["Files", "Source", "all_from_disk", "load", "parse", "parsed"]

_SECONDS = 60.0
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Source:
    """A document as it was read; `from_disk` tells whether it lies on the owner's disk.

    Its overlays count with it: one that was fetched may name servers of its own.

    A document of Swagger 2.0 is here in the form of OpenAPI 3.0, with the findings of that.
    `files` are the names and SHA-256 of the files that it refers to, None where one was not read.
    `written` is the document in its own form, of whatever version, with overlays applied.
    """

    location: str
    from_disk: bool
    document: JsonObject = field(repr=False)
    findings: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] | None = ()
    written: JsonObject = field(default_factory=dict, repr=False)


async def load(
    location: str,
    *,
    base: Path,
    network: Network,
    reach: Reach,
    overlays: Sequence[str] = (),
    allow_refs: Sequence[str] = (),
) -> Source:
    """Return the document at a path, relative to `base`, or at an address, with overlays applied.

    `allow_refs` are the origins that it may refer to, beside its own. Raises `DescriptionError`
    for what cannot be read as OpenAPI, and what `Network.exchange` raises where it cannot be
    fetched.
    """
    fetched = await fetch(location, base=base, network=network, reach=reach, overlays=overlays)
    return await parse(fetched, Files.of(location, base, network, reach, allow_refs))


async def parse(fetched: Fetched, files: Files) -> Source:
    """Return the document in these bytes, with overlays applied and the files it refers to."""
    location = fetched.location
    document, told = await asyncio.to_thread(_overlaid, fetched.data, location, fetched.overlays)
    if any(map(leads_out, (fetched.data, *(change for _, change in fetched.overlays)))):
        document, more = await gathered(document, location, files.fetch, files.origins)
        told += more
    from_disk = fetched.from_disk and all_from_disk(files.digests)
    source = await asyncio.to_thread(_source, document, location, told, from_disk=from_disk)
    read = None if files.missed else tuple(files.digests.items())
    return replace(source, files=read)


@dataclass(slots=True)
class Files:
    """Reads the files that a document refers to, within the bounds of one document.

    `origins` are those that the owner has listed. `digests` are the SHA-256 of the files that were
    read, `missed` tells that one was not, `end` is when there is no more time for any.
    """

    location: str
    base: Path
    network: Network
    reach: Reach
    origins: frozenset[Origin] = frozenset()
    size: int = 0
    end: float | None = None
    digests: dict[str, str] = field(default_factory=dict)
    missed: bool = False

    @classmethod
    def of(
        cls, location: str, base: Path, network: Network, reach: Reach, allow_refs: Sequence[str]
    ) -> Files:
        """Return what reads the files of a document that may refer to these origins."""
        return cls(location, base, network, reach, frozenset(map(origin_of, allow_refs)))

    async def fetch(self, name: str) -> JsonValue:
        """Return the value in a file; raises `DescriptionError` and what a fetch raises."""
        if self.end is None:
            self.end = asyncio.get_running_loop().time() + _SECONDS
        try:
            async with asyncio.timeout_at(self.end):
                data = await self._bytes(name)
        except TimeoutError:
            self.missed = True
            raise DescriptionError(f"it was not read within {_SECONDS:g} seconds.") from None
        except DragomanError:
            self.missed = True
            raise
        self.digests[name] = hashlib.sha256(data).hexdigest()
        return await asyncio.to_thread(_value, data, name)

    async def unchanged(self, digests: Sequence[tuple[str, str]]) -> bool:
        """Whether the files of these names are there, and still have these digests."""
        try:
            async with asyncio.timeout(_SECONDS):
                for name, digest in digests:
                    if hashlib.sha256(await self._bytes(name)).hexdigest() != digest:
                        return False
        except (DragomanError, TimeoutError):
            return False
        return True

    async def _bytes(self, name: str) -> bytes:
        if "://" not in name:
            await asyncio.to_thread(self._check_folder, name)
        data = await fetched_bytes(name, self.base, self.network, self.reach)
        self.size += len(data)
        if self.size > MAX_BYTES:
            raise DescriptionError(
                f"the files of {self.location} are larger than {MAX_BYTES // 2**20} MiB."
            )
        return data

    def _check_folder(self, name: str) -> None:
        """Refuse a file that a link leads out of the document's folder."""
        folder = (self.base / self.location).parent.resolve()
        if not (self.base / name).resolve().is_relative_to(folder):
            raise DescriptionError("it is no file of the document's own folder.")


def all_from_disk(names: Iterable[str]) -> bool:
    """Whether these names of files are all paths."""
    return not any("://" in name for name in names)


def parsed(
    data: bytes, location: str, *, from_disk: bool, overlays: Sequence[tuple[str, bytes]] = ()
) -> Source:
    """Return the document in these bytes; raises `DescriptionError` naming what they are.

    `overlays` are locations and bytes; they are applied in their order, to the document as it was
    written.
    """
    document, told = _overlaid(data, location, overlays)
    return _source(document, location, told, from_disk=from_disk)


def _overlaid(
    data: bytes, location: str, overlays: Sequence[tuple[str, bytes]]
) -> tuple[JsonObject, tuple[str, ...]]:
    document = _value(data, location)
    if not isinstance(document, Mapping):
        raise _not_openapi(location, "its root is not an object")
    told: tuple[str, ...] = ()
    for name, change in overlays:
        document, more = overlay.apply(document, _value(change, name, "overlay"), name)
        told += more
    return document, told


def _source(
    document: JsonObject, location: str, told: tuple[str, ...], *, from_disk: bool
) -> Source:
    version = document.get("openapi", document.get("swagger"))
    if not isinstance(version, str | int | float):
        raise _not_openapi(location, _what_else(document))
    if not isinstance(document.get("paths", {}), Mapping):
        raise _not_openapi(location, "its paths are not an object")
    if str(version) == "2.0":
        made, findings = upgraded(document)
        return Source(location, from_disk, made, (*told, *findings), written=document)
    major, _, minor = str(version).partition(".")
    if major != "3":
        raise DescriptionError(
            f"{location} is OpenAPI {str(version)[:20]}.", hint="Supported are 2.0, 3.0 and 3.1."
        )
    findings = () if minor[:1] in {"0", "1"} else (f"OpenAPI {version} is read as 3.1.",)
    return Source(location, from_disk, document, (*told, *findings), written=document)


def _value(data: bytes, location: str, form: str = "OpenAPI document") -> JsonValue:
    """Parse JSON or YAML, told apart by the first character."""
    start = data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if not start:
        raise _not_openapi(location, "it is empty", form)
    if start == b"<":
        raise _not_openapi(location, "it is HTML or XML, perhaps a page about the document", form)
    if start == b"{":
        return _json(data, location)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DescriptionError(f"{location} is not text in UTF-8 (byte {error.start:,}).") from None
    if "\x00" in text:
        raise _not_openapi(location, "it is not text", form)
    try:
        return yaml12.parse(text, location)
    except ConfigurationError as error:
        raise DescriptionError(f"{error.detail}.") from None


def _json(data: bytes, location: str) -> JsonValue:
    import orjson  # noqa: PLC0415 - only where a document is read

    try:
        with _no_collection():
            return read_json(data.removeprefix(b"\xef\xbb\xbf"), location)
    except orjson.JSONDecodeError as error:
        place = f"{location}:{error.lineno}" if error.lineno else location
        # A flow mapping of YAML begins with a brace too.
        if error.lineno and len(data) < 2**20:
            try:
                return yaml12.parse(data.decode("utf-8-sig"), location)
            except (ConfigurationError, UnicodeDecodeError):
                raise DescriptionError(f"{place}: not JSON: {error.msg}.") from None
        raise DescriptionError(f"{place}: not JSON: {error.msg}.") from None


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the garbage collector away: of a million new objects none is garbage, but it looks.

    It takes more time than the parser, which holds all other threads up meanwhile.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _what_else(document: Mapping[str, JsonValue]) -> str:
    """Say what a document seems to be that is none of ours."""
    if "asyncapi" in document:
        return "it is AsyncAPI, which describes messages"
    if "__schema" in document or "data" in document:
        return "it looks like GraphQL, which is not supported yet"
    if "item" in document and "info" in document:
        return "it looks like a Postman collection: export it as OpenAPI"
    if "log" in document:
        return "it looks like a HAR file"
    if "apis" in document:
        return "it is a configuration of Dragoman: name the document in it"
    names = ", ".join(map(str, list(document)[:5]))
    return (
        f"it has neither 'openapi' nor 'swagger' at its root, only: {names[:_SHOWN] or 'nothing'}"
    )


def _not_openapi(location: str, why: str, form: str = "OpenAPI document") -> DescriptionError:
    by_hand = "Without a document, write the calls down: dragoman add NAME --curl 'curl …'"
    return DescriptionError(
        f"{location} is no {form}: {why}.", hint="" if form == "overlay" else by_hand
    )
