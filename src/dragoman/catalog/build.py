"""From descriptions and the owner's file to the catalog.

A pattern or a key that names nothing is an error: a restriction with a typing mistake in it would
otherwise restrict nothing, and nobody would know.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dragoman.access.policy import APPROVE
from dragoman.access.scopes import parse_scope, permits
from dragoman.catalog.catalog import Catalog
from dragoman.catalog.selection import matches, names, selected, target_of
from dragoman.errors import ConfigurationError
from dragoman.nearest import did_you_mean
from dragoman.operation import Operation

if TYPE_CHECKING:
    from dragoman.apis.description import Description
    from dragoman.catalog.index import Index
    from dragoman.config.settings import ApiSettings, OperationSettings, Settings

__all__ = ["build"]


def _dotted(*path: str) -> str:
    return ".".join(path)


def build(
    descriptions: Sequence[Description],
    settings: Settings,
    where: Callable[..., str] = _dotted,
    indexes: Mapping[str, Index] | None = None,
) -> Catalog:
    """Return the operations that the owner's file serves, with the owner's word on each.

    `where` gives the `file:line` of a key by its path. `indexes` are those that were compiled, by
    API. Raises `ConfigurationError` with every
    `include`, literal `exclude`, key under `operations:`, toolset glob and scope that names
    nothing. An `exclude` with a wildcard may name nothing yet. Toolset globs and scopes of an API
    whose description is not among those given are left alone.
    """
    faults: list[str] = []
    operations: list[Operation] = []
    for description in descriptions:
        api = settings.apis[description.api]
        given = list(description.operations.values())
        faults.extend(_faults(description.api, api, given, where))
        operations.extend(
            _overridden(operation, api.operations.get(operation.name))
            for operation in given
            if selected(operation, api.include, api.exclude)
        )
    catalog = Catalog.of(operations, _index(descriptions, settings, operations, indexes or {}))
    absent = settings.apis.keys() - {description.api for description in descriptions}
    faults.extend(_toolset_faults(settings, catalog, absent, where))
    faults.extend(_scope_faults(settings, catalog, absent, where))
    if faults:
        raise ConfigurationError(*faults)
    return catalog


def _index(
    descriptions: Sequence[Description],
    settings: Settings,
    operations: Sequence[Operation],
    indexes: Mapping[str, Index],
) -> Index | None:
    """Return a compiled index where the catalog is the operations in it, and in their own words.

    How rare a word is depends on all operations, so that ranks of two indexes cannot be compared.
    """
    if len(descriptions) != 1:
        return None
    (description,) = descriptions
    own = settings.apis[description.api].operations.values()
    is_whole = len(operations) == len(description.operations)
    is_as_described = all(one.description is None for one in own)
    return indexes.get(description.api) if is_whole and is_as_described else None


def _overridden(operation: Operation, own: OperationSettings | None) -> Operation:
    """Return the operation with what the owner says of it in place of its description."""
    if own is None:
        return operation
    if own.effect is not None:
        operation = replace(operation, effect=own.effect)
    if own.description is not None:
        operation = replace(operation, summary="", description=own.description)
    return operation


def _faults(
    name: str, api: ApiSettings, given: Sequence[Operation], where: Callable[..., str]
) -> Iterator[str]:
    for key in ("include", "exclude"):
        for pattern in getattr(api, key):
            if key == "exclude" and "*" in pattern:
                continue
            if not any(matches(operation, pattern) for operation in given):
                yield _fault(
                    where("apis", name, key),
                    f"'{pattern}' in apis.{name}.{key} names no operation.",
                    _near_pattern(pattern, given),
                )
    known = [operation.name for operation in given]
    for key in api.operations:
        if key not in known:
            yield _fault(
                where("apis", name, "operations", key),
                f"there is no operation '{key}' in {name}.",
                did_you_mean(key, known, 1),
            )


def _near_pattern(pattern: str, given: Iterable[Operation]) -> str:
    """Return what the owner may have meant, in the form in which a pattern is written."""
    match target_of(pattern):
        case "tag":
            return did_you_mean(pattern, [f"tag:{tag}" for one in given for tag in one.tags], 1)
        case "route":
            return did_you_mean(pattern, [one.route for one in given if one.route], 1)
        case _:
            return did_you_mean(pattern, [one.name for one in given], 1)


def _toolset_faults(
    settings: Settings, catalog: Catalog, absent: Iterable[str], where: Callable[..., str]
) -> Iterator[str]:
    away = tuple(f"{api}." for api in absent)
    for name, toolset in settings.toolsets.items():
        for glob in toolset.tools:
            if glob.startswith(away) or any(names(glob, one) for one in catalog.operations):
                continue
            yield _fault(
                where("toolsets", name, "tools"),
                f"'{glob}' in toolsets.{name}.tools names no operation.",
                catalog.suggest(glob),
            )


def _scope_faults(
    settings: Settings, catalog: Catalog, absent: Collection[str], where: Callable[..., str]
) -> Iterator[str]:
    """Yield a fault for each scope by tag or name that lets its caller use nothing at all."""
    for caller, own in settings.callers.items():
        for text in own.scopes:
            if text == APPROVE:
                continue
            scope = parse_scope(text)
            narrow = scope.tag is not None or scope.operations is not None
            if not narrow or scope.api in absent:
                continue
            if not any(permits(scope, one) for one in catalog.operations.values()):
                yield _fault(
                    where("callers", caller, "scopes"),
                    f"the scope '{text}' of {caller} names no operation.",
                    catalog.suggest(text) if scope.operations is not None else "",
                )


def _fault(place: str, what: str, fix: str) -> str:
    return f"{place}: {what} {fix}".rstrip()
