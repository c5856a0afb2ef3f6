"""`dragoman diff`: what changed of the descriptions since they were accepted, and accepting it."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from dragoman.cli.command import FAILED, USAGE, Options, verb
from dragoman.cli.draft import as_key, effects
from dragoman.cli.terminal import bold, complain, mark, note, print_json, warn
from dragoman.operation import JsonValue

if TYPE_CHECKING:
    from dragoman.app.review import ApiReview, Review
    from dragoman.catalog.changes import Change, Text

app = verb("diff", "What changed of the descriptions since they were accepted.")

__all__ = ["app", "waiting"]

_SHOWN_CHANGES = 40
_SHOWN_TEXTS = 8
_SHOWN_NAMES = 5
_WINDOW = 60
"""Characters that are shown before the place where two texts part."""

_MAX_TEXT = 400
_FILLERS = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u3164\ufe00-\ufe0f\uffa0]")


@app.default
async def diff(
    api: str | None = None,
    *,
    accept: Annotated[bool, Parameter(name="--accept", negative="")] = False,
    json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    options: Options = Options(),
) -> int:
    """Show what changed of the descriptions since they were accepted, and accept it.

    What was accepted stands in dragoman.lock. An operation that is new or changed since then is
    not served until it is accepted. Exit code 0: nothing waits; 1: something does.

    Parameters
    ----------
    api
        Only this API of the file.
    accept
        Accept the descriptions as they are now, and write dragoman.lock.
    json
        Print one JSON object.
    """
    from dragoman.app.review import accept as write_down  # noqa: PLC0415 - not for --help
    from dragoman.app.review import review  # noqa: PLC0415
    from dragoman.app.way import open_network  # noqa: PLC0415
    from dragoman.catalog.lock import lock_path  # noqa: PLC0415
    from dragoman.secrets.live import LiveValues  # noqa: PLC0415
    from dragoman.secrets.secrets import Secrets  # noqa: PLC0415

    configuration = options.open().configuration
    apis = configuration.settings.apis
    if api is not None and api not in apis:
        complain(f"there is no API '{api}'. The file has: {', '.join(apis)}")
        return USAGE
    path = lock_path(configuration) or Path("dragoman.lock")
    secrets = Secrets(configuration.environment, LiveValues(), configuration.base)
    network = open_network(configuration, secrets)
    try:
        found = await review(configuration, path, network, api)
    finally:
        await network.aclose()
    gone: tuple[str, ...] = ()
    if accept:
        gone = write_down(configuration, path, found.apis, whole=api is None)
    if json:
        print_json(_as_json(found, accepted=accept))
    else:
        for one in found.apis:
            _show(one)
        for line in found.overrides:
            _remark(line)
        words = [*(f"-f {file}" for file in options.file), *([api] if api else [])]
        _conclude(found, path, gone, accepted=accept, words=words)
    for name, fault in found.unavailable.items():
        complain(f"{name}: {fault}")
    waits = not accept and any(one.waits for one in found.apis)
    return FAILED if waits or found.unavailable else 0


def waiting(withheld: Collection[str]) -> str:
    """Return the line that names what is not served until it is reviewed."""
    names = list(withheld)[:_SHOWN_NAMES]
    more = f" and {len(withheld) - len(names):,} more" if len(withheld) > len(names) else ""
    return f"not served until reviewed: {', '.join(names)}{more}. See: dragoman diff"


def _show(one: ApiReview) -> None:
    if one.known is None:
        operations = one.found.description.operations.values()
        print(bold(f"{one.api}: nothing of it was accepted yet: {effects(operations)}"))
        return
    if not one.waits:
        same = "is as it was accepted"
        text = same if one.is_current else f"{same}, in all that is served and pinned"
        mark(f"{one.api}: {text}")
    else:
        print(bold(f"{one.api}: {_counts(one.changes) or 'new hosts'} since it was accepted"))
    if one.note:
        _remark(one.note)
    for change in one.changes[:_SHOWN_CHANGES]:
        _show_change(change)
    if len(one.changes) > _SHOWN_CHANGES:
        note(f"  … and {len(one.changes) - _SHOWN_CHANGES:,} more: --json lists all")
    _show_consequences(one)


def _show_consequences(one: ApiReview) -> None:
    """Say what the changes do to what was built on the API."""
    for origin in one.origins:
        _remark(f"{origin} is new: it gets no credential until it is accepted")
    if one.unserved:
        note(f"  {one.unserved:,} more differ that you do not serve (include, exclude)")
    for tool in one.tools:
        used = f" of {', '.join(tool.toolsets)}" if tool.toolsets else ""
        _remark(f"the tool {tool.name}{used} breaks: {tool.operation}")
    for new, old in one.renames.items():
        _propose(one, new, old)
    for line in one.overrides:
        _remark(line)


def _remark(text: str) -> None:
    print(revealed(f"  ! {text}"))


def _counts(changes: Sequence[Change]) -> str:
    counts = Counter(change.kind.value for change in changes)
    breaking = sum(change.is_breaking for change in changes)
    kinds = ("added", "removed", "changed")
    parts = [f"{counts[kind]:,} {kind}" for kind in kinds if counts[kind]]
    return f"{', '.join(parts)} ({breaking:,} breaking)" if breaking else ", ".join(parts)


def _show_change(change: Change) -> None:
    sign = {"added": "+", "removed": "-", "changed": "~"}[change.kind.value]
    word = "breaking" if change.is_breaking else "old calls still fit"
    label = f"new {change.effect.value}" if change.kind.value == "added" else word
    print(revealed(f"  {sign} {change.id}  {change.route}  {label}"))
    for one in change.differences:
        print(revealed(f"      {'!' if one.breaking else '·'} {one.text}"))
    for text in change.texts[:_SHOWN_TEXTS]:
        before, now = _window(text)
        print(revealed(f"      {text.where}:"))
        if before:
            print(f"        - {before}")
        if now:
            print(f"        + {now}")
    if len(change.texts) > _SHOWN_TEXTS:
        note(f"      … and {len(change.texts) - _SHOWN_TEXTS} more texts: --json lists them")


def _window(text: Text) -> tuple[str, str]:
    """Return two texts from a little before the place where they part, bounded."""
    part = next(
        (at for at, (a, b) in enumerate(zip(text.before, text.now, strict=False)) if a != b),
        min(len(text.before), len(text.now)),
    )
    start = max(0, part - _WINDOW)
    return _cut(text.before, start), _cut(text.now, start)


def _cut(text: str, start: int) -> str:
    if not text:
        return ""
    end = start + _MAX_TEXT
    more = f"… ({len(text) - end:,} more)" if len(text) > end else ""
    return f"{'…' if start else ''}{revealed(text[start:end])}{more}"


def revealed(text: str) -> str:
    """Return text on one line, with each character that nobody sees as its code point."""
    return "".join(one if _is_seen(one) else f"<U+{ord(one):04X}>" for one in text)


def _is_seen(character: str) -> bool:
    if character == " ":
        return True
    category = unicodedata.category(character)
    return category[0] not in "CZ" and not _FILLERS.match(character) and ord(character) < 0xE0000


def _propose(one: ApiReview, new: str, old: str) -> None:
    name = as_key(new.removeprefix(f"{one.api}."))
    alias = as_key(old.removeprefix(f"{one.api}."))
    print(revealed(f"  {new} seems to be {old}. To keep its name, in dragoman.yaml:"))
    print(revealed(f"      operations: {{{name}: {{rename: {alias}}}}}   # under apis.{one.api}"))


def _conclude(
    found: Review, path: Path, gone: Sequence[str], *, accepted: bool, words: Sequence[str]
) -> None:
    if accepted:
        for one in found.apis:
            count = len(one.found.pins.pins)
            mark(f"{one.api}: accepted, {count:,} operation{'' if count == 1 else 's'}")
        for name in gone:
            mark(f"{name}: dropped, it is not in the file any more")
        if found.overrides:
            warn(f"change these {len(found.overrides)} lines, or Dragoman does not start any more")
        if found.apis:
            note(f"  Commit {path.as_posix()} and {path.as_posix()}.d")
    elif any(one.waits for one in found.apis):
        print(" ".join(["Accept: dragoman diff --accept", *words]))
    elif not found.apis and not found.unavailable:
        note("Nothing to pin: calls written by hand are your own file.")


def _as_json(found: Review, *, accepted: bool) -> Mapping[str, JsonValue]:
    return {
        "accepted": accepted,
        "waits": not accepted and any(one.waits for one in found.apis),
        "apis": [_api_as_json(one) for one in found.apis],
        "unavailable": {name: str(fault) for name, fault in found.unavailable.items()},
        "overrides": [*found.overrides, *(line for one in found.apis for line in one.overrides)],
    }


def _api_as_json(one: ApiReview) -> JsonValue:
    return {
        "api": one.api,
        "pinned": one.known is not None,
        "waits": one.waits,
        "operations": len(one.found.pins.pins),
        "changes": [_change_as_json(change) for change in one.changes],
        "unserved": one.unserved,
        "origins": list(one.origins),
        "renames": dict(one.renames),
        "tools": [
            {"tool": tool.name, "operation": tool.operation, "toolsets": list(tool.toolsets)}
            for tool in one.tools
        ],
        "note": one.note,
    }


def _change_as_json(change: Change) -> JsonValue:
    return {
        "id": change.id,
        "kind": change.kind.value,
        "breaking": change.is_breaking,
        "route": change.route,
        "effect": change.effect.value,
        "differences": [
            {"breaking": one.breaking, "text": revealed(one.text)} for one in change.differences
        ],
        "texts": [
            {"where": text.where, "before": before, "now": now}
            for text in change.texts
            for before, now in (_window(text),)
        ],
    }
