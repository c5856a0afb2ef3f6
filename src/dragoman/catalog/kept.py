"""A folder of files that can be made again: what is wrong with one makes it as if it were absent.

Several processes may use one folder: a file is complete from the moment that it has its name. Its
last bytes are the SHA-256 of all others, and it counts only where nobody but this user can write
it, since a request is made of what it says.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
import secrets
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Kept", "folder_of"]

_log = logging.getLogger("dragoman.catalog")

_MAX_FILES = 20
_MAX_BYTES = 500 * 1024 * 1024
_DIGEST = hashlib.sha256().digest_size
_HOUR = 3600.0
_NAME = re.compile(r"[0-9a-f]{64}\.db")
_DRAFT = re.compile(r"[0-9a-f]{64}\.db\.[0-9a-f]{16}")

# A link is not followed, and a pipe of that name is not waited for.
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_BINARY = getattr(os, "O_BINARY", 0)


def folder_of(environment: Mapping[str, str]) -> Path | None:
    """Return where compiled catalogs lie; None where this user has no such place.

    `DRAGOMAN_CACHE`, or `dragoman` in the folder of the XDG Base Directory Specification, which
    asks to ignore a relative one.
    """
    if own := environment.get("DRAGOMAN_CACHE"):
        return Path(own)
    base = Path(environment.get("XDG_CACHE_HOME", ""))
    if base.is_absolute():
        return base / "dragoman"
    home = Path(environment.get("HOME", ""))
    return home / ".cache" / "dragoman" if home.is_absolute() else None


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes by key, in a folder; a key is 64 hexadecimal digits. Without one, nothing is kept."""

    folder: Path | None

    def get(self, key: str) -> memoryview | None:
        """Return what was put under this key; None where it is not there whole."""
        if self.folder is None:
            return None
        path = self.folder / f"{key}.db"
        try:
            data = _read(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            _log.debug("%s cannot be read: %s", path, error.strerror)
            return None
        content, digest = memoryview(data)[:-_DIGEST], data[-_DIGEST:]
        if not content or hashlib.sha256(content).digest() != digest:
            _log.debug("%s is damaged", path)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # What was used last goes last.
        return content

    def put(self, key: str, data: bytes) -> None:
        """Keep the data, and remove what was not used for longest beyond the bounds."""
        if self.folder is None or len(data) > _MAX_BYTES:
            return
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(self.folder / f"{key}.db", data)
            _prune(self.folder)
        except OSError as error:
            _log.debug("%s cannot be written: %s", self.folder, error.strerror)


def _read(path: Path) -> bytes:
    """Return a file's content; nothing of one that another user may have written."""
    with os.fdopen(os.open(path, _READ | _BINARY), "rb") as file:
        found = os.fstat(file.fileno())
        is_ours = not hasattr(os, "geteuid") or (
            found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        )
        if not stat.S_ISREG(found.st_mode) or not is_ours or found.st_size > _MAX_BYTES + _DIGEST:
            _log.debug("%s is no file of ours", path)
            return b""
        return file.read(found.st_size)


def _write(path: Path, data: bytes) -> None:
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, _WRITE | _BINARY, 0o600), "wb") as file:
            file.write(data)
            file.write(hashlib.sha256(data).digest())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def _prune(folder: Path) -> None:
    """Remove the oldest files beyond the bounds, and what a process left that was killed."""
    found: list[tuple[float, int, str]] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            # Another process may remove it first.
            with contextlib.suppress(FileNotFoundError):
                status = entry.stat(follow_symlinks=False)
                if _NAME.fullmatch(entry.name):
                    found.append((status.st_mtime, status.st_size, entry.path))
                elif _DRAFT.fullmatch(entry.name) and status.st_mtime < time.time() - _HOUR:
                    Path(entry.path).unlink(missing_ok=True)
    size = 0
    for number, (_, one, path) in enumerate(sorted(found, reverse=True)):
        size += one
        if number >= _MAX_FILES or size > _MAX_BYTES:
            Path(path).unlink(missing_ok=True)
