"""What a tool costs a model to read."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from dragoman.exact_json import encode
from dragoman.operation import JsonValue, Tool

__all__ = ["Parts", "Size", "parts_of", "size_of", "tokens_in"]

_BYTES_PER_TOKEN = 4
_FEWEST_BYTES_PER_TOKEN = 2
"""Of JSON: identifiers and numbers take more tokens than prose."""

_PIECE = 50_000
"""Characters that are counted at once: the counter refuses a text of a million, and one that
could have more than 200,000 tokens."""


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes of JSON, and tokens: an estimate of four bytes each as long as `estimated` says so."""

    bytes: int
    tokens: int
    estimated: bool = True

    def __str__(self) -> str:
        """Return it as people read it: `~1,204 tokens`, the mark for an estimate."""
        return f"{'~' if self.estimated else ''}{self.tokens:,} tokens"


@dataclass(frozen=True, slots=True)
class Parts:
    """Where the tokens of one tool go."""

    whole: Size
    description: Size
    parameters: Size


def size_of(tools: Iterable[Tool]) -> Size:
    """Return the size of tools together: name, description and parameters of each.

    Tokens are those of o200k, the encoding of OpenAI's models since GPT-4o, with the extra
    `dragoman[tokens]`, and an estimate without it.
    """
    sizes = [_size([tool.name, tool.description, tool.shown_parameters]) for tool in tools]
    estimated = _counter() is None
    return Size(sum(one.bytes for one in sizes), sum(one.tokens for one in sizes), estimated)


def parts_of(tool: Tool) -> Parts:
    """Return the size of a tool, and of what it consists of."""
    return Parts(size_of([tool]), _size(tool.description), _size(tool.shown_parameters))


def tokens_in(data: bytes) -> int:
    """Return how many tokens a text in UTF-8 takes, rather too many where they are estimated."""
    count = _counter()
    if count is None:
        return -(-len(data) // _FEWEST_BYTES_PER_TOKEN)
    return count(data.decode("utf-8"))


def _size(value: JsonValue) -> Size:
    data = encode(value)
    count = _counter()
    if count is None:
        return Size(len(data), -(-len(data) // _BYTES_PER_TOKEN))
    return Size(len(data), count(data.decode("utf-8")), estimated=False)


@cache
def _counter() -> Callable[[str], int] | None:
    """Return what counts tokens, None where it is not installed."""
    with warnings.catch_warnings():
        # It opens its tables by a function of the standard library that is on its way out.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            import bpe_openai  # noqa: PLC0415 - an extra, and slow
        except ImportError:
            return None
        encoding = bpe_openai.get_encoding("o200k_base")

    def count(text: str) -> int:
        pieces = (text[at : at + _PIECE] for at in range(0, len(text), _PIECE))
        return sum(len(encoding.encode_ordinary(piece)) for piece in pieces)

    return count
