"""What of the descriptions waits for a review: it is taken away before anything is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from dragoman.catalog.compiled import Described
from dragoman.catalog.lock import Lock
from dragoman.catalog.withheld import Withheld, withhold
from dragoman.config.load import Configuration
from dragoman.credentials.auth import read_auth
from dragoman.errors import ConfigurationError, DescriptionError, DragomanError

__all__ = ["without_what_waits"]


async def without_what_waits(
    read: Mapping[str, Described],
    unavailable: dict[str, DragomanError],
    lock: Lock | None,
    configuration: Configuration,
) -> tuple[Mapping[str, Described], tuple[Withheld, ...]]:
    """Take away what was not accepted; without a lock file nothing is pinned.

    An API that asks for other credentials than the owner has given is an error of the owner's
    file, but not where its description has changed since: it is unavailable then.
    """
    if lock is None:
        return read, ()
    described: dict[str, Described] = {}
    withheld: list[Withheld] = []
    for name, one in read.items():
        api = configuration.settings.apis[name]
        described[name], held = await withhold(one, lock, base_url=api.base_url)
        withheld += held
        if not held or name not in lock.apis:
            continue
        where = partial(configuration.where, "apis", name, "auth")
        try:
            read_auth(name, api.auth, one.description.schemes, where)
        except ConfigurationError as error:
            del described[name]
            unavailable[name] = DescriptionError(
                f"{name} asks for other credentials than when it was accepted: {error.detail}",
                hint=f"Review it: dragoman diff {name}",
            )
    return described, tuple(withheld)
