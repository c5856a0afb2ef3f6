"""What a name after `pause` and `unpause` means."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dragoman.audit.pauses import ALL
from dragoman.errors import ConfigurationError, NotFoundError
from dragoman.nearest import did_you_mean
from dragoman.operation import OWNER

if TYPE_CHECKING:
    from dragoman.app.parts import Parts

__all__ = ["subject_of"]


def subject_of(
    name: str | None, parts: Parts, *, everything: bool, paused: Iterable[str] = ()
) -> str:
    """Return the subject that an owner names: `api:shop`, or `caller:bot` where both have a name.

    One of those that are `paused` comes first, also where the file knows it no longer.

    Raises `NotFoundError` for a name that is nothing here, and `ConfigurationError` for one that
    is both an API and a caller, or where none and not `--all` is given.
    """
    if everything:
        if name is not None:
            raise ConfigurationError("Name one thing, or give --all; not both.")
        return ALL
    if name is None:
        raise ConfigurationError("Name an API, an operation or a caller, or give --all.")
    settings = parts.configuration.settings
    known = [
        *(f"api:{api}" for api in settings.apis),
        *(f"caller:{caller}" for caller in (*settings.callers, OWNER)),
        *(f"operation:{operation}" for operation in parts.catalog.operations),
    ]
    found = _named(name, paused) or _named(name, known)
    if len(found) > 1:
        raise ConfigurationError(f"'{name}' is {' and '.join(found)}. Write which.")
    if not found:
        hint = did_you_mean(name, [one.partition(":")[2] for one in known])
        raise NotFoundError(f"There is no API, operation or caller '{name}'.", hint=hint)
    return found[0]


def _named(name: str, subjects: Iterable[str]) -> list[str]:
    return [one for one in subjects if name in (one, one.partition(":")[2])]
