"""Scopes: `api`, `api:read|write|destructive`, `api#tag`, `api.operationGlob`. Default: none."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from dragoman.operation import Effect, Operation

__all__ = ["Scope", "parse_scope", "permits"]


@dataclass(frozen=True, slots=True)
class Scope:
    """One permission: an API, narrowed by at most one of effect, tag or operation names."""

    api: str
    effect: Effect | None = None
    tag: str | None = None
    operations: str | None = None


def parse_scope(text: str) -> Scope:
    """Read one scope; raises `ValueError` with the grammar where the text is none."""
    if "#" in text:
        api, tag = text.split("#", 1)
        scope = Scope(api, tag=tag)
    elif ":" in text:
        api, effect = text.split(":", 1)
        if effect not in {e.value for e in Effect}:
            raise ValueError(f"'{effect}' is no effect: read, write or destructive")
        scope = Scope(api, effect=Effect(effect))
    elif "." in text:
        api, operations = text.split(".", 1)
        scope = Scope(api, operations=operations)
    else:
        scope = Scope(text)
    if not scope.api or scope.tag == "" or scope.operations == "":
        raise ValueError("a scope is api, api:read, api#tag or api.operation")
    return scope


def permits(scope: Scope, operation: Operation) -> bool:
    """Whether this scope alone lets a caller use the operation."""
    if scope.api != operation.api:
        return False
    if scope.effect is not None:
        return scope.effect is operation.effect
    if scope.tag is not None:
        return scope.tag in operation.tags
    if scope.operations is not None:
        return fnmatchcase(operation.name, scope.operations)
    return True
