"""What somebody may have meant who named a thing that there is not."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["did_you_mean", "nearest"]

_MAX_LENGTH = 200


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
    close = get_close_matches(wanted, known, n=count)
    found = dict.fromkeys(candidate for key in close for candidate in known[key])
    return list(found)[:count]


def did_you_mean(name: str, names: Iterable[str], count: int = 3) -> str:
    """Return `Did you mean a, b or c?`, or nothing where no name resembles this one."""
    close = nearest(name, names, count)
    if not close:
        return ""
    *first, last = close
    return f"Did you mean {', '.join(first)} or {last}?" if first else f"Did you mean {last}?"
