"""Bytes as decisions: whoever varies the bytes, atheris or hypothesis, varies what is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["Choices"]

T = TypeVar("T")


@dataclass(slots=True)
class Choices:
    """Decisions in the order in which they are asked for; where the bytes end, all are 0."""

    data: bytes
    at: int = 0

    def below(self, count: int) -> int:
        """Return a number from 0 up to `count`, which is not reached."""
        width = 1 if count <= 256 else 2
        taken = self.data[self.at : self.at + width]
        self.at += width
        return int.from_bytes(taken, "big") % count

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options, which there must be."""
        return options[self.below(len(options))]

    def one_in(self, count: int) -> bool:
        """Return True once in so many times; never where the bytes have ended."""
        return self.below(count) == count - 1

    def text(self) -> str:
        """Return up to 15 characters that are the bytes themselves."""
        length = self.below(16)
        taken = self.data[self.at : self.at + length]
        self.at += length
        return taken.decode("utf-8", "replace")
