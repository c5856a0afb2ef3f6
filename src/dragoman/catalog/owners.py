"""Whether `owner:` and `reconcile:` rules of the file can be judged: what they read, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from dragoman.config.rules import OwnerSettings
from dragoman.config.settings import ApiSettings
from dragoman.nearest import did_you_mean
from dragoman.operation import Effect, Operation

__all__ = ["owner_faults"]


def owner_faults(
    operation: Operation,
    api: ApiSettings,
    served: Mapping[str, Operation],
    where: Callable[..., str],
) -> Iterator[str]:
    """Yield a fault for a rule that could only be judged too late, or never.

    What a write returns is known when it has happened, so its rule has to read first.
    """
    own = api.operations[operation.described_as]
    at = ("apis", operation.api, "operations", operation.described_as)
    if own.reconcile is not None:
        place = where(*at, "reconcile")
        if operation.effect is Effect.READ:
            yield f"{place}: {operation.name} only reads, so there is nothing to find out of it."
        yield from _read_faults(own.reconcile, place, operation, api, served)
    if own.owner is None:
        return
    place = where(*at, "owner")
    if isinstance(own.owner, OwnerSettings):
        yield from _read_faults(own.owner, place, operation, api, served)
    elif operation.effect is not Effect.READ:
        yield (
            f"{place}: {operation.name} is a {operation.effect.value} operation, and its "
            "result comes too late to judge it. Write owner: {read: …, with: {…}, where: …}."
        )


def _read_faults(
    rule: OwnerSettings,
    place: str,
    operation: Operation,
    api: ApiSettings,
    served: Mapping[str, Operation],
) -> Iterator[str]:
    """Yield why what a rule reads cannot be read for it."""
    read = served.get(f"{operation.api}.{rule.read}")
    if read is None:
        names = [one.name for one in served.values() if one.api == operation.api]
        near = did_you_mean(rule.read, names, 1)
        yield f"{place}: there is no operation '{rule.read}' in {operation.api}. {near}".rstrip()
        return
    if read.effect is not Effect.READ:
        yield f"{place}: {rule.read} is a {read.effect.value} operation, and is to be read."
    own = api.operations.get(read.described_as)
    if ((own and own.require_approval) or api.require_approval) not in ("never", "writes"):
        yield f"{place}: a person may be asked before {rule.read}, so it cannot be read."
