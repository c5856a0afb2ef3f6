"""Which media type a part or a body is sent with, where a description leaves a choice."""

from __future__ import annotations

from fnmatch import fnmatchcase

from dragoman.apis.http.media import essence
from dragoman.errors import ArgumentError

__all__ = ["first_concrete", "of_file"]

OCTETS = "application/octet-stream"


def first_concrete(described: str) -> str:
    """Return the first media type without a wildcard in a list with commas, or nothing."""
    types = (one.strip() for one in described.split(","))
    return next((one for one in types if one and "*" not in one), "")


def of_file(described: str, given: str, argument: str) -> str:
    """Return the type of a file: its own where the description lets it in, else the described one.

    Raises `ArgumentError` for a type that the description does not let in.
    """
    if not given:
        return first_concrete(described) or OCTETS
    ranges = [essence(one) for one in described.split(",") if one.strip()]
    if not ranges or any(fnmatchcase(essence(given), one) for one in ranges):
        return given
    if OCTETS in ranges:
        return OCTETS
    raise ArgumentError(
        f"{argument} is {given}, and {described} is wanted there.",
        hint=f"Say so in {argument}.media_type, if it is that.",
    )
