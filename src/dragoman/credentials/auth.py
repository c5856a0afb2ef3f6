"""The owner's `auth`, matched with the security schemes of the description.

A key is the id of a scheme or a type (`bearer`, `api_key`, …); where it is both and the value
fits the scheme, it is the id. A type does for every scheme of its kind that is not named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dragoman.config.auth import AuthValue
from dragoman.credentials.forms import Misuse, named, typed
from dragoman.credentials.parts import Part, Value, fit, place_of
from dragoman.credentials.wording import offer
from dragoman.errors import ConfigurationError
from dragoman.operation import Scheme

__all__ = ["Auth", "read_auth"]

_PLACED = ("header", "query", "cookie")


@dataclass(frozen=True, slots=True)
class Auth:
    """All parts that the owner has given, the best one for each scheme, and those for none.

    A header, query parameter or cookie that the description does not know is `loose`: it goes
    along with every other credential.
    """

    parts: tuple[Part, ...]
    by_scheme: Mapping[str, Part]
    loose: tuple[Part, ...]


def read_auth(
    api: str,
    auth: Mapping[str, AuthValue],
    schemes: Mapping[str, Scheme],
    where: Callable[[str], str],
) -> Auth:
    """Return the matched parts; raises `ConfigurationError` with every misuse.

    `where` gives the `file:line` of a key under `auth`.
    """
    by_scheme: dict[str, Part] = {}
    by_type: list[Part] = []
    faults: list[str] = []
    for key, value in auth.items():
        try:
            part = named(key, value, schemes[key]) if key in schemes else None
            if part is not None:
                by_scheme[key] = part
            else:
                by_type.extend(_fitting(key, typed(key, value, schemes), schemes))
        except Misuse as misuse:
            faults.append(f"{where(key)}: auth.{key} of {api} {misuse}")
    parts = (*by_scheme.values(), *by_type)
    if not schemes:
        faults.extend(_clashes(api, parts, where))
    if faults:
        raise ConfigurationError(*faults)
    for scheme in schemes.values():
        best = _best(by_type, scheme)
        if best is not None:
            by_scheme.setdefault(scheme.id, best)
    loose = tuple(part for part in by_type if not _fits_any(part, schemes))
    return Auth(parts, by_scheme, loose)


def _fitting(key: str, parts: list[Part], schemes: Mapping[str, Scheme]) -> list[Part]:
    """Return the parts, unless the API asks for other things only: they would never be sent."""
    if key in _PLACED or not schemes or all(_fits_any(part, schemes) for part in parts):
        return parts
    raise Misuse(
        f"fits nothing that the API asks for. {offer(schemes)} "
        'To send it all the same: header: {Authorization: "…"}, with auth: true for an operation.'
    )


def _fits_any(part: Part, schemes: Mapping[str, Scheme]) -> bool:
    return any(fit(part, scheme) is not None for scheme in schemes.values())


def _best(parts: Sequence[Part], scheme: Scheme) -> Part | None:
    ranked = [(rank, part) for part in parts if (rank := fit(part, scheme)) is not None]
    return min(ranked, key=lambda pair: pair[0])[1] if ranked else None


def _clashes(api: str, parts: Sequence[Part], where: Callable[[str], str]) -> Iterator[str]:
    """Name parts for one place, where no description chooses between them."""
    first: dict[tuple[str, str], Part] = {}
    for part in parts:
        other = first.setdefault(place_of(part), part)
        if other is not part:
            shown = part.name if isinstance(part, Value) else "Authorization"
            yield (
                f"{where(part.key)}: auth.{part.key} and auth.{other.key} of {api} "
                f"both fill {shown}. Keep one."
            )
