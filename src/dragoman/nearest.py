"""What somebody may have meant who named a thing that there is not."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from heapq import nlargest

__all__ = ["did_you_mean", "nearest"]

_MAX_LENGTH = 200
_MAX_COMPARED = 100


def nearest(name: str, names: Iterable[str], count: int = 3) -> list[str]:
    """Return up to `count` names that resemble this one, best first; case does not matter.

    A name without a dot is also compared with what follows the dot: `getOrder` is near to
    `shop.getOrder`.
    """
    wanted = name[:_MAX_LENGTH].lower()
    known: dict[str, list[str]] = {}
    for candidate in names:
        known.setdefault(candidate.lower(), []).append(candidate)
        if "." not in wanted:
            tail = candidate.lower().partition(".")[2]
            known.setdefault(tail or candidate.lower(), []).append(candidate)
    close = get_close_matches(wanted, _sharing_most(wanted, known), n=count)
    found = dict.fromkeys(candidate for key in close for candidate in known[key])
    return list(found)[:count]


def _sharing_most(wanted: str, names: Iterable[str]) -> list[str]:
    """Return the names that share most pairs of letters: comparing thousands takes too long."""
    pairs = _pairs(wanted)
    return nlargest(_MAX_COMPARED, names, key=lambda name: len(pairs & _pairs(name)))


def _pairs(text: str) -> set[str]:
    return {text[place : place + 2] for place in range(len(text) - 1)}


def did_you_mean(name: str, names: Iterable[str], count: int = 3) -> str:
    """Return `Did you mean a, b or c?`, or nothing where no name resembles this one."""
    close = nearest(name, names, count)
    if not close:
        return ""
    *first, last = close
    return f"Did you mean {', '.join(first)} or {last}?" if first else f"Did you mean {last}?"
