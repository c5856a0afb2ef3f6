"""The lock file: which description of each API the owner has reviewed, operation by operation.

It is text of one JSON object a line, sorted, so that a change of one operation is a change of one
line. Nobody has to edit it, and nothing breaks for good where somebody does: a line counts as it
stands, and an operation whose line is not what its description says is not served.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from dragoman.catalog.stated import Stated, Statement
from dragoman.config.load import Configuration
from dragoman.errors import AddressRefusedError, ConfigurationError
from dragoman.network import origin_of
from dragoman.operation import Effect

__all__ = ["Lock", "Pin", "Pinned", "atomically", "lock_path", "pinned", "read_lock", "write_lock"]

FORMAT = 1
"""Of the file. One that is newer than the program is not guessed at."""

_MAX_BYTES = 64 * 1024 * 1024
_FIRST = "Written by: dragoman diff --accept. To be reviewed and committed, not edited."

_Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]


class _Header(msgspec.Struct, frozen=True):
    format: Annotated[int, msgspec.Meta(ge=1)] = msgspec.field(name="dragoman.lock")
    note: str = _FIRST


class _Api(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The line of an API; `operations` is a hash of the lines below it."""

    api: str
    description: _Digest
    origins: tuple[str, ...]
    reader: str
    operations: _Digest


class Pin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The line of an operation: what was accepted of it."""

    operation: str
    route: str
    effect: Effect
    server: str
    tags: tuple[str, ...]
    hash: _Digest


@dataclass(frozen=True, slots=True)
class Pinned:
    """What was accepted of one API.

    `digest` is that of the whole description; `reader` the version of Dragoman that has made the
    hashes: another may read the same description otherwise. `is_whole` is False where the lines
    of the operations are not those that were written.
    """

    api: str
    digest: str
    origins: tuple[str, ...]
    reader: str
    pins: Mapping[str, Pin]
    is_whole: bool = True
    place: str = ""
    places: Mapping[str, str] = field(default_factory=dict)

    def where(self, operation_id: str) -> str:
        """Return the line of an operation, or that of the API where it has none."""
        return self.places.get(operation_id, self.place)

    @property
    def is_of_this_reader(self) -> bool:
        """Whether hashes that are made now can be compared with those of the file."""
        return self.reader == version("dragoman")


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock file by API; `name` is how messages call it."""

    path: Path
    name: str
    apis: Mapping[str, Pinned]


def lock_path(configuration: Configuration) -> Path | None:
    """Return where the lock file lies: beside the configuration, with its name. A dict has none."""
    file = configuration.where()
    return Path(file).with_suffix(".lock") if file else None


def pinned(api: str, digest: str, statement: Statement) -> Pinned:
    """Return what accepting a description writes down of it."""
    pins = {one.operation.id: _pin(one) for one in statement.operations.values()}
    return Pinned(api, digest, statement.origins, version("dragoman"), dict(sorted(pins.items())))


def _pin(one: Stated) -> Pin:
    operation = one.operation
    return Pin(
        operation.id, operation.route, operation.effect, one.server, operation.tags, one.hash
    )


def read_lock(path: Path | None) -> Lock | None:
    """Return the lock file, None where there is none.

    Raises `ConfigurationError` with the place for one that cannot be read, that is damaged, or
    that is of a newer version.
    """
    if path is None:
        return None
    name = path.as_posix()
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be read: {error.strerror}.") from None
    if len(data) > _MAX_BYTES:
        limit = _MAX_BYTES // 2**20
        raise ConfigurationError(f"{name} is larger than {limit} MiB, which is no lock file.")
    return Lock(path, name, dict(_apis(_lines(data, name))))


_Lines = list[tuple[str, bytes]]
"""Lines with their places; empty ones are left out."""


def _lines(data: bytes, name: str) -> _Lines:
    """Return the lines below the first, after a look at the first."""
    # Git may write the ends of lines as Windows has them.
    lines = [line.rstrip(b"\r") for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n")]
    try:
        header = msgspec.json.decode(lines[0], type=_Header)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise _damaged(f"{name}:1", "this is not the first line of a lock file") from None
    if header.format > FORMAT:
        raise ConfigurationError(
            f"{name}:1: a newer version of Dragoman has written this file (format {header.format},"
            f" and this one reads {FORMAT}). Upgrade Dragoman."
        )
    return [(f"{name}:{number}", line) for number, line in enumerate(lines[1:], 2) if line]


def _apis(lines: _Lines) -> Iterator[tuple[str, Pinned]]:
    starts = [number for number, (_, line) in enumerate(lines) if line.startswith(b'{"api"')]
    if lines and starts[:1] != [0]:
        raise _damaged(lines[0][0], 'a line {"api": …} must come before those of its operations')
    seen: dict[str, str] = {}
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        place, line = lines[start]
        api = _decoded(line, _API, place)
        if api.api in seen:
            raise _damaged(place, f"{api.api} stands in {seen[api.api]} already")
        seen[api.api] = place
        yield api.api, _pinned(api, place, lines[start + 1 : end])


def _pinned(api: _Api, place: str, lines: _Lines) -> Pinned:
    pins: dict[str, Pin] = {}
    places: dict[str, str] = {}
    for at, line in lines:
        pin = _decoded(line, _PIN, at)
        if not pin.operation.startswith(f"{api.api}."):
            raise _damaged(at, f"{pin.operation[:80]} is no operation of {api.api}")
        if pin.operation in pins:
            raise _damaged(at, f"{pin.operation[:80]} stands in {places[pin.operation]} already")
        pins[pin.operation], places[pin.operation] = pin, at
    for origin in api.origins:
        try:
            origin_of(origin)
        except AddressRefusedError as error:
            raise _damaged(place, error.detail) from None
    is_whole = api.operations == _digest([line for _, line in lines])
    return Pinned(api.api, api.description, api.origins, api.reader, pins, is_whole, place, places)


_API = msgspec.json.Decoder(_Api)
_PIN = msgspec.json.Decoder(Pin)
_Line = TypeVar("_Line", bound=msgspec.Struct)


def _decoded(line: bytes, decoder: msgspec.json.Decoder[_Line], place: str) -> _Line:
    try:
        return decoder.decode(line)
    except msgspec.ValidationError as error:
        raise _damaged(place, str(error).replace("`", "'")) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        merged = line.startswith((b"<<<<<<<", b"=======", b">>>>>>>"))
        raise _damaged(place, "a merge was not finished" if merged else "not JSON") from None


def _damaged(place: str, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"{place}: {what.rstrip('.')}. Take the file from version control, or review everything"
        " anew: delete it, then dragoman diff --accept"
    )


def write_lock(lock: Lock) -> None:
    """Write the file at once or not at all; raises `ConfigurationError` where it cannot be."""
    lines = [_encoded(_Header(FORMAT))]
    for name, one in sorted(lock.apis.items()):
        pins = [_encoded(pin) for _, pin in sorted(one.pins.items())]
        # Of lines that somebody has edited the hash is not made good by accepting another API.
        digest = _digest(pins) if one.is_whole else "0" * 64
        lines.append(_encoded(_Api(name, one.digest, one.origins, one.reader, digest)))
        lines += pins
    atomically(lock.path, b"\n".join(lines) + b"\n")


def _encoded(line: msgspec.Struct) -> bytes:
    # In ASCII: nothing is hidden from whoever reads it in a review.
    return json.dumps(msgspec.to_builtins(line)).encode("ascii")


def atomically(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or as before.

    Raises `ConfigurationError` where it cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(exist_ok=True)
        draft.write_bytes(data)
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise ConfigurationError(
            f"{path.as_posix()} cannot be written: {error.strerror}."
        ) from None


def _digest(lines: Sequence[bytes]) -> str:
    return hashlib.sha256(b"\n".join(lines)).hexdigest()
