"""Operations that are not served, because their description is not the one that was accepted.

While the description as a whole is the one of the lock file, nothing is read of it. Only where it
differs is every operation compared with what was accepted of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from msgspec import structs

from dragoman.apis.description import Description
from dragoman.catalog.compiled import Described
from dragoman.catalog.lock import Lock, Pin, Pinned, pinned
from dragoman.catalog.stated import state
from dragoman.errors import DescriptionError, DragomanError, NotFoundError, PolicyError
from dragoman.operation import Contract, Operation

__all__ = ["Withheld", "gone_operation", "is_accepted", "is_same", "pins_of", "withhold"]


@dataclass(frozen=True, slots=True)
class Withheld:
    """An operation that is not served, and the error that a call of it gets."""

    operation: Operation
    error: DragomanError


def is_accepted(lock: Lock, described: Described) -> bool:
    """Whether the whole of a description is the one that was accepted."""
    one = lock.apis.get(described.description.api)
    return one is not None and one.is_whole and one.digest == described.digest


async def withhold(
    described: Described, lock: Lock, *, base_url: str | None
) -> tuple[Described, tuple[Withheld, ...]]:
    """Return a description without what was not accepted of it, and that with the reasons.

    Where the owner gives a `base_url`, the servers of the document do not count. Calls written by
    hand are the owner's own, and are never withheld.
    """
    description = described.description
    if described.listing is None or is_accepted(lock, described):
        return described, ()
    known = lock.apis.get(description.api)
    accepted = {} if known is None else await pins_of(lock, known)
    statement = await asyncio.to_thread(state, description.api, described.listing)
    now = pinned(description.api, described.digest, statement).pins
    same = {
        name
        for name, pin in now.items()
        if (before := accepted.get(name)) is not None and is_same(before, pin, base_url)
    }
    held = tuple(_withheld(description, lock, accepted, same))
    if not held:
        return described, ()
    kept = {name: one for name, one in description.operations.items() if one.id in same}
    # An index holds all that the whole description has.
    index = described.index if len(kept) == len(description.operations) else None
    filtered = replace(description, operations=kept)
    return replace(described, description=filtered, index=index), held


async def pins_of(lock: Lock, known: Pinned) -> Mapping[str, Pin]:
    """Return what was accepted, as this version of Dragoman reads it.

    Where the reviewed description is needed for that and is not there, it is as the file says.
    """
    if known.is_of_this_reader:
        return known.pins
    from dragoman.catalog.reviewed import read_reviewed  # noqa: PLC0415 - seldom needed

    try:
        listing = await read_reviewed(lock, known)
    except DescriptionError:
        return known.pins
    anew = await asyncio.to_thread(state, known.api, listing)
    pins = pinned(known.api, known.digest, anew).pins
    return {name: pins[name] for name in known.pins if name in pins}


def is_same(accepted: Pin, now: Pin, base_url: str | None) -> bool:
    """Whether an operation is as it was accepted; its server counts where it is used."""
    return accepted == (now if base_url is None else structs.replace(now, server=accepted.server))


def _withheld(
    description: Description, lock: Lock, accepted: Mapping[str, Pin], same: Collection[str]
) -> Iterator[Withheld]:
    api = description.api
    known = lock.apis.get(api)
    for operation in description.operations.values():
        name = operation.id
        if name in same:
            continue
        if known is None:
            why = f"nothing of {api} was accepted yet"
        elif name in accepted:
            why = "its description changed since it was accepted"
        else:
            why = f"it is new since {api} was accepted"
        rule = f"{lock.name}:1" if known is None else known.where(name)
        yield Withheld(
            operation,
            PolicyError(
                f"{name} is not served: {why}.", hint=f"Review it: dragoman diff {api}", rule=rule
            ),
        )
    present = {operation.id for operation in description.operations.values()}
    for name, pin in accepted.items():
        if known is not None and name not in present:
            yield Withheld(gone_operation(pin, api), _is_gone(name, api, known))


def _is_gone(name: str, api: str, known: Pinned) -> NotFoundError:
    return NotFoundError(
        f"{name} is gone: the description of {api} had it when it was accepted.",
        hint=f"See: dragoman diff {api}",
        rule=known.where(name),
    )


def gone_operation(pin: Pin, api: str) -> Operation:
    """Return an operation that the description has no more, for the owner's file to name."""

    def read() -> Contract:
        raise DescriptionError("it is gone from its description")

    name = pin.operation.removeprefix(f"{api}.")
    return Operation(
        pin.operation, api, name, "http", pin.effect, pin.route, tags=pin.tags, read=read
    )
