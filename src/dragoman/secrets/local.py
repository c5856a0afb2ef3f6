"""Secret stores of this machine: variables, and files that hold one value each."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from dragoman.errors import CredentialError

__all__ = ["EnvironmentStore", "FileStore"]

_MAX_FILE = 64 * 1024


class EnvironmentStore:
    """Variables of the process and of `.env`."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    async def read(self, name: str) -> str | None:
        """Return the variable."""
        return self._environment.get(name)


class FileStore:
    """Files that hold one value each, as Docker and Kubernetes mount them."""

    def __init__(self, base: Path) -> None:
        self._base = base

    async def read(self, name: str) -> str | None:
        """Return the content of a file without its last line break; paths are from the base."""
        return await asyncio.to_thread(self._read, self._base / name)

    @staticmethod
    def _read(path: Path) -> str | None:
        try:
            with path.open("rb") as file:
                content = file.read(_MAX_FILE + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise CredentialError(f"{path} cannot be read: {error.strerror}.") from None
        if len(content) > _MAX_FILE:
            raise CredentialError(f"{path} is larger than 64 KiB, which is no secret.")
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            raise CredentialError(f"{path} is not text in UTF-8.") from None
        return text.removesuffix("\n").removesuffix("\r")
