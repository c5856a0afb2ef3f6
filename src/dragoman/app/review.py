"""Reviewing descriptions: what waits since they were accepted, what it breaks, and accepting it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from dragoman.apis.description import Description
from dragoman.apis.http import handwritten
from dragoman.apis.openapi.fetch import Fetched, fetch, fetched_bytes
from dragoman.apis.openapi.listing import listing_of
from dragoman.apis.openapi.load import Files, parse
from dragoman.apis.openapi.read import described
from dragoman.app.routes import reach_of
from dragoman.catalog.build import build
from dragoman.catalog.changes import Change, Kind, arguments_of, changes_of, renames_of
from dragoman.catalog.compiled import digest_of, fetched_digest
from dragoman.catalog.lock import Lock, Pinned, pinned, read_lock, write_lock
from dragoman.catalog.reviewed import forget_reviewed, keep_reviewed, read_reviewed
from dragoman.catalog.selection import names, selected
from dragoman.catalog.stated import Stated, state
from dragoman.catalog.withheld import gone_operation, pins_of
from dragoman.config.load import Configuration
from dragoman.config.settings import ApiSettings, OperationSettings
from dragoman.errors import ConfigurationError, DescriptionError, DragomanError
from dragoman.network import Network
from dragoman.tools.naming import tool_name

__all__ = ["ApiReview", "BrokenTool", "Review", "accept", "review"]


@dataclass(frozen=True, slots=True)
class BrokenTool:
    """A published tool whose earlier calls may be wrong now, and the toolsets that have it."""

    name: str
    operation: str
    toolsets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """A description as it is now, with all that accepting it writes down."""

    fetched: Fetched
    files: Mapping[str, bytes]
    pins: Pinned
    description: Description


@dataclass(frozen=True, slots=True)
class ApiReview:
    """What waits for a review of one API.

    `known` is what was accepted before. `changes` are those of operations that the owner serves,
    `unserved` counts the others. `origins` are new hosts, `renames` new ids that seem to be old
    operations, and `overrides` what the owner's file says in vain once this is accepted.
    """

    api: str
    known: Pinned | None
    found: _Found
    changes: tuple[Change, ...] = ()
    unserved: int = 0
    origins: tuple[str, ...] = ()
    renames: Mapping[str, str] = field(default_factory=dict)
    tools: tuple[BrokenTool, ...] = ()
    overrides: tuple[str, ...] = ()
    note: str = ""

    @property
    def waits(self) -> bool:
        """Whether anything is kept back until it is accepted."""
        return self.known is None or bool(self.changes or self.origins)

    @property
    def is_current(self) -> bool:
        """Whether accepting would write down what stands there already."""
        known = self.known
        return known is not None and known.is_whole and known.digest == self.found.pins.digest


@dataclass(frozen=True, slots=True)
class Review:
    """The reviews by API, the APIs that cannot be read now, and what the file says in vain."""

    apis: tuple[ApiReview, ...]
    unavailable: Mapping[str, DragomanError]
    overrides: tuple[str, ...]


async def review(
    configuration: Configuration, path: Path, network: Network, only: str | None = None
) -> Review:
    """Compare the descriptions of all APIs, or of one, with what was accepted of them.

    Raises `ConfigurationError` for a lock file that cannot be read. Calls that are written by
    hand are the owner's own, and are no part of it.
    """
    apis = configuration.settings.apis
    lock = await asyncio.to_thread(read_lock, path) or Lock(path, path.as_posix(), {})
    wanted = [name for name, api in apis.items() if api.openapi and only in (None, name)]
    results = await asyncio.gather(
        *(_review(name, configuration, lock, network) for name in wanted), return_exceptions=True
    )
    reviews: list[ApiReview] = []
    unavailable: dict[str, DragomanError] = {}
    for name, result in zip(wanted, results, strict=True):
        if isinstance(result, DragomanError):
            unavailable[name] = result
        elif isinstance(result, BaseException):
            raise result
        else:
            reviews.append(result)
    overrides = await asyncio.to_thread(_in_vain, reviews, configuration)
    return Review(tuple(reviews), unavailable, overrides)


async def _review(
    name: str, configuration: Configuration, lock: Lock, network: Network
) -> ApiReview:
    api, known = configuration.settings.apis[name], lock.apis.get(name)
    found, now = await _found(name, api, configuration.base, network)
    here = ApiReview(name, known, found)
    if known is None or here.is_current:
        return here
    accepted = await pins_of(lock, known)
    reviewed: Mapping[str, Stated] = {}
    try:
        listing = await read_reviewed(lock, known)
        reviewed = (await asyncio.to_thread(state, name, listing)).operations
    except DescriptionError as error:
        here = replace(here, note=f"What was accepted cannot be shown: {error}")
    changes = await asyncio.to_thread(
        changes_of, accepted, reviewed, now, found.pins.pins, base_url=api.base_url
    )
    operations = {one.operation.id: one.operation for one in now.values()}
    operations |= {
        one: gone_operation(pin, name) for one, pin in accepted.items() if one not in operations
    }
    served = [one for one in changes if selected(operations[one.id], api.include, api.exclude)]
    return replace(
        here,
        changes=tuple(served),
        unserved=len(changes) - len(served),
        origins=tuple(one for one in found.pins.origins if one not in known.origins),
        renames=renames_of(served, reviewed, now),
        tools=tuple(_broken(served, api, configuration)),
        overrides=tuple(_overridden(served, reviewed, now, api, configuration)),
    )


async def _found(
    name: str, api: ApiSettings, base: Path, network: Network
) -> tuple[_Found, Mapping[str, Stated]]:
    location, reach = str(api.openapi), reach_of(api)
    fetched = await fetch(location, base=base, network=network, reach=reach, overlays=api.overlays)
    files = Files.of(location, base, network, reach, api.allow_refs)
    source = await parse(fetched, files)
    contents = {one: await fetched_bytes(one, base, network, reach) for one in files.digests}
    if any(sha256(data).hexdigest() != files.digests[one] for one, data in contents.items()):
        raise DescriptionError(f"{location} changed while it was read.", hint="Try again.")
    listing = await asyncio.to_thread(listing_of, source)
    statement = await asyncio.to_thread(state, name, listing)
    pins = pinned(name, digest_of(fetched_digest(fetched), source.files), statement)
    found = _Found(fetched, contents, pins, described(name, listing, api))
    return found, statement.operations


def _broken(
    changes: Sequence[Change], api: ApiSettings, configuration: Configuration
) -> Iterator[BrokenTool]:
    toolsets = configuration.settings.toolsets
    for change in changes:
        if change.is_breaking:
            served = _served_as(change.id, api)
            having = (
                name
                for name, toolset in toolsets.items()
                if any(names(glob, served) for glob in toolset.tools)
            )
            yield BrokenTool(tool_name(served), change.id, tuple(having))


def _served_as(operation_id: str, api: ApiSettings) -> str:
    """Return the id of an operation under the owner's name for it."""
    name, _, operation = operation_id.partition(".")
    own = api.operations.get(operation)
    return f"{name}.{(own and own.rename) or operation}"


def _overridden(
    changes: Sequence[Change],
    reviewed: Mapping[str, Stated],
    now: Mapping[str, Stated],
    api: ApiSettings,
    configuration: Configuration,
) -> Iterator[str]:
    """Yield what the owner says of changed operations that the change may have made wrong."""
    for change in changes:
        name, _, operation = change.id.partition(".")
        own = api.operations.get(operation, OperationSettings())
        if change.kind is not Kind.CHANGED or change.id not in reviewed:
            continue
        before, after = reviewed[change.id], now[change.id]
        if own.effect is not None and before.operation.route != after.operation.route:
            where = configuration.where("apis", name, "operations", operation, "effect")
            yield (
                f"{where}: 'effect: {own.effect}' is your word, and {change.id} was"
                f" {before.operation.route} and is {after.operation.route} now."
            )
        gone = arguments_of(before) - arguments_of(after)
        for key in ("fill", "omit"):
            for argument in dict.fromkeys((*getattr(api, key), *getattr(own, key))):
                if argument in gone:
                    is_own = argument in getattr(own, key)
                    at = ("apis", name, *(("operations", operation) if is_own else ()), key)
                    yield (
                        f"{configuration.where(*at)}: {key} of '{argument}' no longer reaches"
                        f" {change.id}: it has no such argument any more."
                    )


def _in_vain(reviews: Sequence[ApiReview], configuration: Configuration) -> tuple[str, ...]:
    """Return what the owner's file would name in vain if everything were accepted."""
    descriptions = [one.found.description for one in reviews]
    for name, api in configuration.settings.apis.items():
        if not api.openapi:
            descriptions.append(handwritten.read(name, api))
    try:
        build(descriptions, configuration.settings, configuration.where)
    except ConfigurationError as error:
        return error.messages
    return ()


def accept(
    configuration: Configuration, path: Path, reviews: Sequence[ApiReview], *, whole: bool
) -> tuple[str, ...]:
    """Write down that these descriptions were accepted.

    `whole` drops the APIs that the configuration has no longer, and returns their names. Raises
    `ConfigurationError` where the files cannot be written.
    """
    lock = read_lock(path) or Lock(path, path.as_posix(), {})
    pinned_now = {one.api: one.found.pins for one in reviews}
    described_now = {name for name, api in configuration.settings.apis.items() if api.openapi}
    gone = tuple(name for name in lock.apis if whole and name not in described_now)
    # The lock file goes last: until then what was accepted before is what counts.
    for one in reviews:
        keep_reviewed(path, one.api, one.found.fetched, one.found.files)
    kept = {name: one for name, one in lock.apis.items() if name not in gone}
    write_lock(Lock(path, lock.name, {**kept, **pinned_now}))
    for name in gone:
        forget_reviewed(path, name)
    return gone
