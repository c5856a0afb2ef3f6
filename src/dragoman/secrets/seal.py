"""Sealing what is kept at rest: AES-256-GCM (NIST SP 800-38D) under a key derived for one use."""

from __future__ import annotations

import os

from dragoman.errors import CredentialError

__all__ = ["seal", "unseal"]

_NONCE = 12


def seal(key: bytes, plain: bytes, context: str) -> bytes:
    """Return the plain bytes encrypted; `context` says where they belong, and is bound to them."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - slow to import

    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, context.encode("utf-8", "surrogatepass"))


def unseal(key: bytes, sealed: bytes, context: str) -> bytes:
    """Return what was sealed; raises `CredentialError` for another key, place or content."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - slow to import
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    try:
        nonce, rest = sealed[:_NONCE], sealed[_NONCE:]
        return AESGCM(key).decrypt(nonce, rest, context.encode("utf-8", "surrogatepass"))
    except (InvalidTag, ValueError):
        raise CredentialError(
            "What is sealed in the store cannot be opened with this key.",
            hint="Was key: changed, or the key file beside the store replaced?",
        ) from None
