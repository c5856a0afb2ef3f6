"""Overlays: changes to a description that lie beside it (OpenAPI Overlay 1.0 and 1.1).

Both versions are read by the rules of 1.1, which only says more clearly what 1.0 means: a list
is added to a list item by item, and a plain value may be replaced or removed where it stands.
`extends` is not compared: the owner has said what the overlay is for by naming it at an API.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, cast

from dragoman.apis.openapi.edit import Merge, changed, kind_of, without
from dragoman.errors import DescriptionError
from dragoman.nearest import did_you_mean
from dragoman.operation import JsonObject, JsonValue

__all__ = ["apply"]

_MAX_ACTIONS = 10_000
_SHOWN = 80

_VERSION = re.compile(r"1\.([0-2])(?:\.[0-9]+)?")
_ROOT = ("overlay", "info", "extends", "actions")
_ACTION = ("target", "description", "update", "remove", "copy")
_OF_1_2 = frozenset({"$self", "components", "$ref"})


def apply(
    document: JsonObject, overlay: JsonValue, location: str
) -> tuple[JsonObject, tuple[str, ...]]:
    """Return the document with an overlay laid over it, and findings for the owner.

    Actions run in their order, each on what the one before left. The input is never changed: what
    stays as it was is shared with it. An action that selects nothing is a finding. Raises
    `DescriptionError`, naming `location` and the action, for what is no overlay of a known
    version, an invalid target, and an action that cannot be carried out on this document.
    """
    findings: list[str] = []
    for action in _actions(overlay, location, findings):
        document = _carried_out(document, action, findings)
    return document, tuple(findings)


@dataclass(frozen=True, slots=True)
class _Action:
    """One change; `at` names it for people, `value` is what `update` or `copy` says."""

    at: str
    target: str
    verb: Literal["update", "remove", "copy"]
    value: JsonValue


def _actions(overlay: JsonValue, location: str, findings: list[str]) -> list[_Action]:
    """Read all actions before the first one runs, so that a bad one changes nothing."""
    if not isinstance(overlay, Mapping) or "overlay" not in overlay:
        is_openapi = isinstance(overlay, Mapping) and {"openapi", "swagger"} & overlay.keys()
        why = "it is an OpenAPI document" if is_openapi else "it has no 'overlay' at its root"
        raise DescriptionError(
            f"{location} is no overlay: {why}.", hint="An overlay begins with overlay: 1.1.0"
        )
    version = _VERSION.fullmatch(str(overlay["overlay"]))
    if version is None:
        raise DescriptionError(
            f"{location} is an overlay of version {str(overlay['overlay'])[:20]}.",
            hint="Supported are 1.0 and 1.1.",
        )
    listed = overlay.get("actions")
    if not isinstance(listed, list):
        raise DescriptionError(
            f"{location}: actions must be a list.",
            hint="Each has a target and an update or remove.",
        )
    if len(listed) > _MAX_ACTIONS:
        raise DescriptionError(f"{location} has more than {_MAX_ACTIONS:,} actions.")
    findings += _unknown(overlay, _ROOT, location)
    if not listed:
        findings.append(f"{location} has no actions.")
    read = [
        _action(one, f"{location}: actions[{number}]", version[1], findings)
        for number, one in enumerate(listed)
    ]
    return [action for action in read if action is not None]


def _action(raw: JsonValue, at: str, minor: str, findings: list[str]) -> _Action | None:
    if not isinstance(raw, Mapping):
        raise DescriptionError(f"{at} must be an object.", hint="It has a target and an update.")
    target = raw.get("target")
    if not isinstance(target, str):
        raise DescriptionError(
            f"{at}.target is missing.", hint="It is a JSONPath, such as $.paths['/orders'].get"
        )
    findings += _unknown(raw, _ACTION, at)
    remove = raw.get("remove", False)
    if not isinstance(remove, bool):
        raise DescriptionError(f"{at}.remove must be true or false.")
    if "copy" in raw and minor == "0":
        findings.append(f"{at}.copy is of version 1.1 and is not applied: write overlay: 1.1.0")
        raw = {key: value for key, value in raw.items() if key != "copy"}
    given = [verb for verb in ("update", "copy") if verb in raw]
    if remove:
        findings += [f"{at}.{verb} does not count beside remove: true." for verb in given]
        return _Action(at, target, "remove", None)
    if len(given) == 2:
        raise DescriptionError(f"{at} has update and copy.", hint="Make two actions of it.")
    if not given:
        findings.append(f"{at} changes nothing: it has neither update nor remove nor copy.")
        return None
    if given == ["copy"]:
        if not isinstance(raw["copy"], str):
            raise DescriptionError(f"{at}.copy must be a JSONPath.")
        return _Action(at, target, "copy", raw["copy"])
    return _Action(at, target, "update", raw["update"])


def _unknown(node: JsonObject, known: tuple[str, ...], at: str) -> Iterable[str]:
    for key in node:
        if key in known or key.startswith("x-"):
            continue
        if key in _OF_1_2:
            yield f"{at}: '{key}' is of Overlay 1.2, which is not supported, and does not count."
        else:
            hint = did_you_mean(key, known, 1)
            yield f"{at}: '{key[:_SHOWN]}' is not known and does not count. {hint}".rstrip()


def _carried_out(document: JsonObject, action: _Action, findings: list[str]) -> JsonObject:
    from dragoman.apis.openapi.jsonpath import find  # noqa: PLC0415 - only where overlays are

    places = find(action.target, document, f"{action.at}.target")
    if not places:
        findings.append(f"{action.at}.target {action.target[:_SHOWN]} selects nothing.")
        return document
    if action.verb == "remove":
        if () in places:
            raise DescriptionError(f"{action.at}.target $ is the whole document: it cannot go.")
        return without(document, places)
    if len(kinds := sorted({kind_of(value) for value in places.values()})) > 1:
        raise DescriptionError(
            f"{action.at}.target {action.target[:_SHOWN]} selects {' and '.join(kinds)} together.",
            hint="Select one kind of value in each action.",
        )
    if action.verb == "update":
        return changed(document, places, Merge(f"{action.at}.update", action.value))
    copied = find(cast("str", action.value), document, f"{action.at}.copy")
    if len(copied) != 1:
        raise DescriptionError(
            f"{action.at}.copy {str(action.value)[:_SHOWN]} selects {len(copied):,} places.",
            hint="It must select the one place to copy from.",
        )
    return changed(document, places, Merge(f"{action.at}.copy", *copied.values()))
