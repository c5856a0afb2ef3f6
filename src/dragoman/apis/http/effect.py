"""What a method does to the world, before the owner corrects it (RFC 9110, section 9.2.1)."""

from __future__ import annotations

from dragoman.operation import Effect

__all__ = ["effect_of"]

_READS = frozenset({"GET", "HEAD", "OPTIONS", "QUERY"})


def effect_of(method: str) -> Effect:
    """Return read for the safe methods, destructive for DELETE, write for every other."""
    name = method.upper()
    if name in _READS:
        return Effect.READ
    return Effect.DESTRUCTIVE if name == "DELETE" else Effect.WRITE
