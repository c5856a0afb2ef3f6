"""Whether an `owner:` rule of the file can be judged: what it reads, and when."""

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
    owner = api.operations[operation.described_as].owner
    if owner is None:
        return
    place = where("apis", operation.api, "operations", operation.described_as, "owner")
    if not isinstance(owner, OwnerSettings):
        if operation.effect is not Effect.READ:
            yield (
                f"{place}: {operation.name} is a {operation.effect.value} operation, and its "
                "result comes too late to judge it. Write owner: {read: …, with: {…}, where: …}."
            )
        return
    read = served.get(f"{operation.api}.{owner.read}")
    if read is None:
        names = [one.name for one in served.values() if one.api == operation.api]
        near = did_you_mean(owner.read, names, 1)
        yield f"{place}: there is no operation '{owner.read}' in {operation.api}. {near}".rstrip()
        return
    if read.effect is not Effect.READ:
        yield f"{place}: {owner.read} is a {read.effect.value} operation, and is to be read."
    rule = api.operations.get(read.described_as)
    if ((rule and rule.require_approval) or api.require_approval) not in ("never", "writes"):
        yield f"{place}: a person may be asked before {owner.read}, so it cannot be read."
