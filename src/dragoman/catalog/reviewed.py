"""The description that was reviewed, kept beside the lock file as one ZIP file an API.

It is what came over the network or lay on the disk, byte by byte, so that another version of
Dragoman can read it anew and compare like with like.
"""

from __future__ import annotations

import contextlib
import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from dragoman.apis.openapi.fetch import MAX_BYTES, Fetched
from dragoman.apis.openapi.listing import Listing, listing_of
from dragoman.apis.openapi.load import Files, parse
from dragoman.apis.openapi.references import MAX_FILES
from dragoman.catalog.compiled import digest_of, fetched_digest
from dragoman.catalog.lock import Lock, Pinned, atomically
from dragoman.errors import DescriptionError
from dragoman.network import Network, Reach, origin_of

__all__ = ["forget_reviewed", "keep_reviewed", "read_reviewed"]

_INDEX = "index.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every member, so that the same content gives the same bytes."""


_FAULTS = (
    *(OSError, EOFError, KeyError, ValueError, RuntimeError, msgspec.MsgspecError),
    *(zipfile.BadZipFile, zlib.error),
)
"""What `zipfile` raises for files that are none, are damaged, or are of a kind it does not read."""


class _Index(msgspec.Struct, frozen=True):
    """What the numbered members are."""

    document: str
    overlays: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


def reviewed_path(lock: Path, api: str) -> Path:
    """Return where the reviewed description of an API lies."""
    return lock.with_name(f"{lock.name}.d") / f"{api}.zip"


def keep_reviewed(lock: Path, api: str, fetched: Fetched, files: Mapping[str, bytes]) -> None:
    """Write a description; raises `ConfigurationError` where it cannot be written."""
    index = _Index(fetched.location, tuple(name for name, _ in fetched.overlays), tuple(files))
    contents = [fetched.data, *(data for _, data in fetched.overlays), *files.values()]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, _INDEX, msgspec.json.encode(index))
        for number, data in enumerate(contents):
            _add(archive, str(number), data)
    atomically(reviewed_path(lock, api), packed.getvalue())


def forget_reviewed(lock: Path, api: str) -> None:
    """Remove the description of an API that is pinned no longer."""
    with contextlib.suppress(OSError):
        reviewed_path(lock, api).unlink(missing_ok=True)


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    member = zipfile.ZipInfo(name, _EPOCH)
    member.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(member, data)


async def read_reviewed(lock: Lock, pinned: Pinned) -> Listing:
    """Return what the reviewed description lists.

    Raises `DescriptionError` where it is not there, or is not the one that was accepted.
    """
    path = reviewed_path(lock.path, pinned.api)
    fetched, contents = _unpacked(path)
    # Nothing is asked for here: what was followed then is followed into the archive.
    origins = frozenset(origin_of(name) for name in contents if "://" in name)
    files = _FromArchive(
        fetched.location, Path(), Network(), Reach.of(), origins, contents=contents
    )
    source = await parse(fetched, files)
    if digest_of(fetched_digest(fetched), source.files) != pinned.digest:
        raise DescriptionError(f"{path.as_posix()} is not the description that was accepted.")
    return listing_of(source)


@dataclass(slots=True)
class _FromArchive(Files):
    """Reads the files that a document refers to from what was kept of them."""

    contents: Mapping[str, bytes] = field(default_factory=dict)

    async def _bytes(self, name: str) -> bytes:
        if name not in self.contents:
            raise DescriptionError(f"{name} was not there when it was accepted.")
        return self.contents[name]


def _unpacked(path: Path) -> tuple[Fetched, dict[str, bytes]]:
    try:
        with zipfile.ZipFile(path) as archive:
            index = msgspec.json.decode(_member(archive, _INDEX), type=_Index)
            names = (index.document, *index.overlays, *index.files)
            if len(names) > MAX_FILES:
                raise DescriptionError(f"{path.as_posix()} holds more than {MAX_FILES} files.")
            contents = [_member(archive, str(number)) for number in range(len(names))]
    except FileNotFoundError:
        raise DescriptionError(f"{path.as_posix()} is not there.") from None
    except _FAULTS as error:
        raise DescriptionError(f"{path.as_posix()} cannot be read: {error}.") from None
    overlays = tuple(zip(index.overlays, contents[1:], strict=False))
    files = dict(zip(index.files, contents[1 + len(overlays) :], strict=True))
    return Fetched(index.document, contents[0], overlays), files


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as member:
        data = member.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise DescriptionError(f"a member is larger than {MAX_BYTES // 2**20} MiB.")
    return data
