"""One named entry in a client's configuration file, JSON or TOML, all else in it left alone."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import cast

from dragoman.cli.terminal import pretty
from dragoman.errors import ArgumentError
from dragoman.operation import JsonValue
from dragoman.tools.arguments import read_arguments

__all__ = ["Entry", "UnreadableError", "read_entry", "written"]


class UnreadableError(Exception):
    """The file is not what its client reads, so that nothing can be added to it safely."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry `name` under `key` of a file."""

    path: Path
    key: str
    name: str

    @property
    def is_toml(self) -> bool:
        """Whether the file is TOML; the others are JSON."""
        return self.path.suffix == ".toml"

    def put(self, text: str) -> Path | None:
        """Write the file in one step, and return where the text is kept that it had before."""
        path = self.path.resolve()  # a link stays one
        path.parent.mkdir(parents=True, exist_ok=True)
        before, mode = None, 0o600
        if path.exists():
            mode = stat.S_IMODE(path.stat().st_mode)
            before = _free(path)
            _write(before, path.read_bytes(), mode)
        _write(path, text.encode("utf-8"), mode)
        return before


def read_entry(entry: Entry) -> JsonValue:
    """Return what stands there, None for nothing; raises `UnreadableError`."""
    servers = _servers(_document(entry), entry)
    found = servers.get(entry.name)
    unwrap = getattr(found, "unwrap", None)  # a table of tomlkit
    return cast("JsonValue", unwrap() if unwrap else found)


def written(entry: Entry, value: Mapping[str, JsonValue], *, alone: bool = False) -> str:
    """Return the text of the file with the entry in it, or of one with nothing else in it."""
    document = _empty(entry) if alone else _document(entry)
    servers = _servers(document, entry)
    if entry.is_toml:
        import tomlkit  # noqa: PLC0415 - only for a client that keeps TOML

        if entry.key not in document:
            document[entry.key] = tomlkit.table(is_super_table=True)
            servers = _servers(document, entry)
        servers[entry.name] = dict(value)
        return tomlkit.dumps(document)
    servers[entry.name] = dict(value)
    document[entry.key] = servers
    return f"{pretty(cast('JsonValue', document))}\n"


def _empty(entry: Entry) -> MutableMapping[str, object]:
    if not entry.is_toml:
        return {}
    import tomlkit  # noqa: PLC0415 - as above

    return tomlkit.document()


def _document(entry: Entry) -> MutableMapping[str, object]:
    try:
        text = entry.path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return _empty(entry)
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise UnreadableError(f"{entry.path} cannot be read: {why}.") from None
    if not text.strip():
        return _empty(entry)
    return _toml(entry, text) if entry.is_toml else _json(entry, text)


def _toml(entry: Entry, text: str) -> MutableMapping[str, object]:
    import tomlkit  # noqa: PLC0415 - as above
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise UnreadableError(f"{entry.path} is not TOML: {error}.") from None


def _json(entry: Entry, text: str) -> MutableMapping[str, object]:
    """Read JSON so that nothing of it is lost: numbers stay exact, and no member stands twice."""
    try:
        return cast("dict[str, object]", read_arguments(text))
    except ArgumentError as error:
        where = ""
        try:
            json.loads(text)
        except json.JSONDecodeError as fault:
            where = f" (line {fault.lineno}: {fault.msg})"
        except (ValueError, RecursionError):
            pass
        why = "is not plain JSON" if where else f"cannot be kept as it is: {error.detail}"
        raise UnreadableError(f"{entry.path} {why}{where}.") from None


def _servers(document: Mapping[str, object], entry: Entry) -> MutableMapping[str, object]:
    servers = document.get(entry.key, {})
    if not isinstance(servers, MutableMapping):
        raise UnreadableError(f"{entry.path}: '{entry.key}' is not an object.")
    return servers


def _free(path: Path) -> Path:
    """Return a name for what is kept; what was kept before stays."""
    names = (f"{path.name}.bak", *(f"{path.name}.bak{number}" for number in range(2, 1_000)))
    return next(one for name in names if not (one := path.with_name(name)).exists())


def _write(path: Path, data: bytes, mode: int) -> None:
    """Write beside the file and rename: whoever reads it sees the whole of one or the other."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as draft:
        draft.write(data)
        draft.flush()
        os.fsync(draft.fileno())
    try:
        Path(draft.name).chmod(mode)
        Path(draft.name).replace(path)
    except OSError:
        with suppress(OSError):
            Path(draft.name).unlink()
        raise
