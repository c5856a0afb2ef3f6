"""The words of a shell command, with the quotes that browsers and docs write curl commands in.

`shlex` does not know `$'…'`, in which a browser puts every body that holds an apostrophe.
"""

from __future__ import annotations

import re

__all__ = ["shell_words"]

_PIECE = re.compile(
    r"""\$'(?P<ansi>(?:[^'\\]|\\.)*)'
      | '(?P<single>[^']*)'
      | "(?P<double>(?:[^"\\]|\\.)*)"
      | \\(?P<escaped>.)
      | (?P<plain>[^\s'"\\$]+|\$)
      | (?P<space>\s+)""",
    re.DOTALL | re.VERBOSE,
)
_IN_DOUBLE = re.compile(r"\\([$`\"\\])")
_ANSI = re.compile(
    r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})|(.))",
    re.DOTALL,
)
_NAMED = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b"}


def shell_words(text: str) -> list[str]:
    """Split a command into words as bash does; variables stay as they are written.

    What comes after a pipe is left away. Raises `ValueError` for a quote that does not end.
    """
    text = re.sub(r"\\\r?\n", "", text)
    words: list[str] = []
    word: str | None = None
    at = 0
    while at < len(text):
        match = _PIECE.match(text, at)
        if match is None:
            raise ValueError("a quote in it does not end")
        at = match.end()
        if match["space"]:
            words += [] if word is None else [word]
            word = None
        elif match["plain"] == "|" and word is None:
            return words
        else:
            word = (word or "") + _unquoted(match)
    return words if word is None else [*words, word]


def _unquoted(match: re.Match[str]) -> str:
    if match["ansi"] is not None:
        return _ansi(match["ansi"])
    if match["double"] is not None:
        return _IN_DOUBLE.sub(r"\1", match["double"])
    return match["single"] or match["escaped"] or match["plain"] or ""


def _ansi(text: str) -> str:
    """Return what stands in `$'…'` (Bash manual, 3.1.2.4); browsers write UTF-16 halves as well."""

    def character(match: re.Match[str]) -> str:
        if match[5]:
            return _NAMED.get(match[5], match[5])
        hexadecimal = match[1] or match[2] or match[3]
        code = int(hexadecimal, 16) if hexadecimal else int(match[4], 8)
        return chr(code) if code <= 0x10FFFF else "\ufffd"

    plain = _ANSI.sub(character, text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
