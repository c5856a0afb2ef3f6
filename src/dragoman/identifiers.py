"""Ids that people read aloud and type: short, random, without letters that look alike."""

from __future__ import annotations

import secrets

__all__ = ["new_id"]

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id(prefix: str = "", length: int = 10) -> str:
    """Return a random id; ten characters are 49 bits, enough for a log, never for a secret."""
    number = secrets.randbits(8 * length)
    letters = []
    for _ in range(length):
        number, letter = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[letter])
    return prefix + "".join(letters)
