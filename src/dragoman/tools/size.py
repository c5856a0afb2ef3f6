"""What a tool costs a model to read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dragoman.exact_json import encode
from dragoman.operation import Tool

__all__ = ["Size", "size_of"]

_BYTES_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes of JSON, and tokens: an estimate of four bytes each as long as `estimated` says so."""

    bytes: int
    tokens: int
    estimated: bool = True

    def __str__(self) -> str:
        """Return it as people read it: `~1,204 tokens`, the mark for an estimate."""
        return f"{'~' if self.estimated else ''}{self.tokens:,} tokens"


def size_of(tools: Iterable[Tool]) -> Size:
    """Return the size of tools together: name, description and parameters of each."""
    length = sum(len(encode([tool.name, tool.description, tool.parameters])) for tool in tools)
    return Size(length, -(-length // _BYTES_PER_TOKEN))
