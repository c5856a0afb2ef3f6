"""Ids that people read aloud and type: short, random, without letters that look alike."""

from __future__ import annotations

import secrets

__all__ = ["new_id"]

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id(prefix: str = "", length: int = 10) -> str:
    """Return a random id; ten characters are 49 bits, enough for a log, never for a secret."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(length))
