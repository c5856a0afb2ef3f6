"""From references to values: resolved at first use, known to redaction from then on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from dragoman.errors import CredentialError
from dragoman.secrets.live import LiveValues
from dragoman.secrets.reference import Reference, Template

__all__ = ["STORES", "FileStore", "Secrets", "Store"]

STORES = ("env", "file")
"""The prefixes that this version knows."""

_MAX_FILE = 64 * 1024


class Store(Protocol):
    """Where secrets are kept: a prefix in references."""

    async def read(self, name: str) -> str | None:
        """Return the value of that name, or None where there is none."""
        ...


class Secrets:
    """Resolves references. Values are returned and registered with `live`, and kept nowhere."""

    def __init__(self, environment: Mapping[str, str], live: LiveValues, base: Path) -> None:
        self._environment = environment
        self._live = live
        self._stores: dict[str, Store] = {
            "env": EnvironmentStore(environment),
            "file": FileStore(base),
        }

    def __repr__(self) -> str:
        return f"Secrets({', '.join(self._stores)})"

    @property
    def live(self) -> LiveValues:
        """The values that were resolved so far."""
        return self._live

    async def resolve(self, template: Template, *, where: str = "") -> str:
        """Return the text of a template; `where` is the `file:line` that an error names.

        Raises `CredentialError` naming the reference, never the value.
        """
        parts = [
            part if isinstance(part, str) else await self._value(part, where)
            for part in template.parts
        ]
        return "".join(parts)

    def missing(self, template: Template) -> tuple[Reference, ...]:
        """Return the references to variables that are not set; other stores are not asked."""
        return tuple(
            reference
            for reference in template.references
            if reference.store == "env"
            and reference.default is None
            and not self._environment.get(reference.name)
        )

    async def _value(self, reference: Reference, where: str) -> str:
        store = self._stores.get(reference.store)
        if store is None:
            raise CredentialError(
                f"{reference} names the secret store '{reference.store}'{_at(where)}.",
                hint=f"This version knows: {', '.join(self._stores)}.",
            )
        value = await store.read(reference.name)
        if value is None or value == "":
            value = reference.default
        if value is None:
            raise CredentialError(
                f"{reference.name} is not set{_at(where)}.",
                hint="Set it in the shell or in .env."
                if reference.store == "env"
                else "Create the file, or correct its path.",
            )
        self._live.add(value, reference.name)
        return value


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


def _at(where: str) -> str:
    return f" ({where})" if where else ""
