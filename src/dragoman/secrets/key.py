"""The root key: of it comes everything that we sign, hash or seal, a label a use."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from dragoman.errors import CredentialError
from dragoman.secrets.reference import Template
from dragoman.secrets.secrets import Secrets

__all__ = ["RootKey", "hkdf"]

_FILE = "dragoman.key"
_MIN_LENGTH = 16


class RootKey:
    """The key that the owner names, or one that is made in a folder of ours, mode 0600."""

    def __init__(
        self, template: Template | None, resolver: Secrets, base: Path, where: str = "key"
    ) -> None:
        self._template = template
        self._where = where
        self._resolver = resolver
        self._path = base / _FILE
        self._root: bytes | None = None
        self._derived: dict[str, bytes] = {}

    async def derive(self, label: str) -> bytes:
        """Return 32 bytes for one use; the same label gives the same bytes.

        Raises `CredentialError` for a key that is missing, or too short to be one.
        """
        known = self._derived.get(label)
        if known is None:
            if self._root is None:
                self._root = await self._load()
            known = self._derived[label] = hkdf(self._root, info=f"dragoman {label}".encode())
        return known

    async def _load(self) -> bytes:
        if self._template is None:
            return await asyncio.to_thread(_read_or_make, self._path)
        value = await self._resolver.resolve(self._template, where=self._where)
        if len(value) < _MIN_LENGTH:
            raise CredentialError(
                f"key: {self._template} has fewer than {_MIN_LENGTH} characters.",
                hint="Make one with: openssl rand -hex 32",
            )
        return value.encode("utf-8")


def _read_or_make(path: Path) -> bytes:
    """Return the key in the file; of two processes that make it at once, both use one."""
    try:
        if not path.exists():
            _make(path)
        key = path.read_bytes().strip()
    except OSError as error:
        raise CredentialError(
            f"The key file {path.name} cannot be read or made: {error.strerror}.",
            hint='Name a key of your own: key: "${DRAGOMAN_KEY}"',
        ) from None
    if len(key) < _MIN_LENGTH:
        raise CredentialError(f"The key file {path.name} does not hold a key.")
    return key


def _make(path: Path) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        # A link fails where the file is there already, so the first process wins whole.
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def hkdf(root: bytes, *, info: bytes, salt: bytes = b"", length: int = 32) -> bytes:
    """Return key material by HKDF with SHA-256 (RFC 5869, section 2), at most 8,160 bytes."""
    key = hmac.new(salt or bytes(32), root, hashlib.sha256).digest()
    output, block = b"", b""
    for counter in range(1, -(-length // 32) + 1):
        block = hmac.new(key, block + info + bytes([counter]), hashlib.sha256).digest()
        output += block
    return output[:length]
