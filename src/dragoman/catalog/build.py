"""From descriptions and the owner's file to the catalog.

A pattern or a key that names nothing is an error: a restriction with a typing mistake in it would
otherwise restrict nothing, and nobody would know.
"""

from __future__ import annotations

from collections.abc import (
    Callable,
    Collection,
    Container,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import replace
from typing import TYPE_CHECKING

from dragoman.access.policy import APPROVE
from dragoman.access.scopes import parse_scope, permits
from dragoman.catalog.arguments import named_in_vain
from dragoman.catalog.catalog import Catalog
from dragoman.catalog.owners import owner_faults
from dragoman.catalog.selection import matches, names, selected, target_of
from dragoman.errors import ConfigurationError
from dragoman.nearest import did_you_mean
from dragoman.operation import Effect, Operation

if TYPE_CHECKING:
    from dragoman.apis.description import Description
    from dragoman.catalog.index import Index
    from dragoman.catalog.withheld import Withheld
    from dragoman.config.settings import ApiSettings, OperationSettings, Settings
    from dragoman.errors import DragomanError

__all__ = ["build"]


def _dotted(*path: str) -> str:
    return ".".join(path)


def build(
    descriptions: Sequence[Description],
    settings: Settings,
    where: Callable[..., str] = _dotted,
    indexes: Mapping[str, Index] | None = None,
    withheld: Sequence[Withheld] = (),
) -> Catalog:
    """Return the operations that the owner's file serves, with the owner's word on each.

    Reads the contracts of operations with a `fill` or `omit` of their own. `where` gives the
    `file:line` of a key by its path. `indexes` are those that were compiled, by API. Raises
    `ConfigurationError` with every `include`, literal `exclude`, key under `operations:`, toolset
    glob, scope and argument of one operation that names nothing, and every `rename` to a name that
    is taken. An `exclude` with a wildcard may name nothing yet. Toolset globs and scopes of an API
    whose description is not among those given are left alone. What is `withheld` until it is
    reviewed is not served, and may be named.
    """
    faults: list[str] = []
    operations: list[Operation] = []
    for description in descriptions:
        api = settings.apis[description.api]
        given = list(description.operations.values())
        away = [one.operation for one in withheld if one.operation.api == description.api]
        faults.extend(_faults(description.api, api, given, away, where))
        for operation in given:
            if selected(operation, api.include, api.exclude):
                own = api.operations.get(operation.name)
                operations.append(_overridden(operation, own))
                if own is not None:
                    faults.extend(named_in_vain(operations[-1], api, where))
                    faults.extend(_cache_faults(operations[-1], api, where))
                    faults.extend(_pages_faults(operations[-1], own, where))
    served = {operation.id: operation for operation in operations}
    for operation in operations:
        api = settings.apis[operation.api]
        if operation.described_as in api.operations:
            faults.extend(owner_faults(operation, api, served, where))
    refused = list(_refused(withheld, settings))
    catalog = Catalog.of(
        operations,
        _index(descriptions, settings, operations, indexes or {}),
        {operation.id: error for operation, error in refused},
    )
    absent = settings.apis.keys() - {description.api for description in descriptions}
    faults.extend(_toolset_faults(settings, catalog, absent, where))
    named = [*catalog.operations.values(), *(operation for operation, _ in refused)]
    faults.extend(_scope_faults(settings, named, catalog, absent, where))
    if faults:
        raise ConfigurationError(*faults)
    return catalog


def _refused(
    withheld: Sequence[Withheld], settings: Settings
) -> Iterator[tuple[Operation, DragomanError]]:
    """Yield what would be served if it were reviewed, under the owner's name for it."""
    for one in withheld:
        api = settings.apis[one.operation.api]
        if selected(one.operation, api.include, api.exclude):
            yield _overridden(one.operation, api.operations.get(one.operation.name)), one.error


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
    is_as_described = all(one.description is None and one.rename is None for one in own)
    return indexes.get(description.api) if is_whole and is_as_described else None


def _overridden(operation: Operation, own: OperationSettings | None) -> Operation:
    """Return the operation with what the owner says of it in place of its description."""
    if own is None:
        return operation
    if own.effect is not None:
        operation = replace(operation, effect=own.effect)
    if own.description is not None:
        operation = replace(operation, summary="", description=own.description)
    if own.rename not in (None, operation.name):
        operation = replace(
            operation,
            id=f"{operation.api}.{own.rename}",
            name=own.rename,
            renamed_from=operation.name,
        )
    return operation


def _faults(
    name: str,
    api: ApiSettings,
    served: Sequence[Operation],
    withheld: Sequence[Operation],
    where: Callable[..., str],
) -> Iterator[str]:
    given = [*served, *withheld]
    for key in ("include", "exclude"):
        for pattern in getattr(api, key):
            if key == "exclude" and "*" in pattern:
                continue
            if not any(matches(operation, pattern) for operation in given):
                yield _fault(
                    where("apis", name, key),
                    f"'{pattern}' in apis.{name}.{key} names no operation.",
                    _described(pattern, api) or _near_pattern(pattern, given),
                )
    known = {operation.name: None for operation in given}
    for key in api.operations:
        if key not in known:
            yield _fault(
                where("apis", name, "operations", key),
                f"there is no operation '{key}' in {name}.",
                _described(key, api) or did_you_mean(key, known, 1),
            )
    yield from _rename_faults(name, api, {operation.name for operation in served}, where)


def _described(name: str, api: ApiSettings) -> str:
    """Return which name is meant where the new one of a renamed operation is written."""
    for key, own in api.operations.items():
        if own.rename == name:
            return f"It is described as {key}: write that."
    return ""


def _rename_faults(
    api: str, settings: ApiSettings, known: Container[str], where: Callable[..., str]
) -> Iterator[str]:
    """Yield a fault for each new name that another operation has, also one that is not served.

    Its rules, and those of the operation that is renamed, could not be told apart.
    """
    taken: dict[str, str] = {}
    for key, own in settings.operations.items():
        if own.rename is None or own.rename == key:
            continue
        place = where("apis", api, "operations", key, "rename")
        if own.rename in known:
            yield f"{place}: {api} has an operation '{own.rename}' already."
        elif (other := taken.setdefault(own.rename, key)) != key:
            yield f"{place}: {other} is renamed to '{own.rename}' too."


def _cache_faults(
    operation: Operation, api: ApiSettings, where: Callable[..., str]
) -> Iterator[str]:
    """Yield a fault for a `cache` of one operation that would keep nothing."""
    own = api.operations[operation.described_as]
    if not own.cache:
        return
    why = ""
    if operation.effect is not Effect.READ:
        why = f"is a {operation.effect.value} operation, and only answers to reads are kept"
    elif (own.require_approval or api.require_approval) == "always":
        why = "is asked for each time (require_approval: always), so no answer is kept"
    if why:
        place = where("apis", operation.api, "operations", operation.described_as, "cache")
        yield f"{place}: {operation.described_as} {why}."


def _pages_faults(
    operation: Operation, own: OperationSettings, where: Callable[..., str]
) -> Iterator[str]:
    """Yield a fault for `pages` that are asked for by an argument that there is not."""
    argument = own.pages.argument if own.pages else None
    if argument is None:
        return
    given = operation.contract.input_schema.get("properties")
    names = list(given) if isinstance(given, Mapping) else []
    if argument not in names:
        place = where("apis", operation.api, "operations", operation.described_as, "pages")
        near = did_you_mean(argument, names, 1) or f"It has: {', '.join(names) or 'none'}."
        yield f"{place}: {operation.described_as} has no argument '{argument}'. {near}"


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
    known = (*catalog.operations, *catalog.withheld)
    for name, toolset in settings.toolsets.items():
        for key in ("tools", "eager"):
            for glob in getattr(toolset, key):
                if glob.startswith(away) or any(names(glob, one) for one in known):
                    continue
                yield _fault(
                    where("toolsets", name, key),
                    f"'{glob}' in toolsets.{name}.{key} names no operation.",
                    catalog.suggest(glob),
                )


def _scope_faults(
    settings: Settings,
    named: Sequence[Operation],
    catalog: Catalog,
    absent: Collection[str],
    where: Callable[..., str],
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
            if not any(permits(scope, one) for one in named):
                yield _fault(
                    where("callers", caller, "scopes"),
                    f"the scope '{text}' of {caller} names no operation.",
                    catalog.suggest(text) if scope.operations is not None else "",
                )


def _fault(place: str, what: str, fix: str) -> str:
    return f"{place}: {what} {fix}".rstrip()
