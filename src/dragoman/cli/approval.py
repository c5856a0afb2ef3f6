"""Showing what waits for a yes, and asking a person at the terminal for it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

from dragoman.audit.approval import Approval
from dragoman.cli.arguments import read_typed
from dragoman.cli.keyboard import read_line
from dragoman.cli.person import who
from dragoman.cli.terminal import can_ask, complain, neutral, pretty
from dragoman.errors import DragomanError
from dragoman.exact_json import encode_text
from dragoman.operation import JsonObject, JsonValue

if TYPE_CHECKING:
    from dragoman.app import Dragoman
    from dragoman.app.given import Approver, Said

__all__ = ["ask_person", "at_terminal", "headline", "typed_changes"]


def headline(approval: Approval) -> str:
    """Return an approval in two lines: the exact request, and where each value came from."""
    shown = approval.shown
    body = f"  {shown['body']}" if shown.get("body") else ""
    origins = cast("Mapping[str, JsonValue]", shown.get("origins", {}))
    sources = " · ".join(f"{name} from: {source}" for name, source in origins.items())
    first = f"{approval.operation} wants a yes   {shown.get('method')} {shown.get('target')}{body}"
    credential = shown.get("credential")
    shown_with = f"with {credential}" if credential else ""
    parts = (approval.effect, sources, shown_with, approval.id)
    return neutral(f"{first}\n  {' · '.join(part for part in parts if part)}")


def at_terminal(d: Dragoman) -> Approver | None:
    """Return who answers here: a person, or without a terminal nobody."""
    return partial(ask_person, d) if can_ask() else None


async def ask_person(d: Dragoman, approval: Approval) -> Said:
    """Ask at the terminal; only y and yes are a yes, and without a terminal nobody is asked.

    `?` shows all of it. What was changed is shown as the exact request that it makes, before it is
    asked about again.
    """
    if not can_ask():
        return False
    changed: JsonObject = {}
    shown = approval
    while True:
        question = f"? {headline(shown)}   [y]es [n]o [e]dit [?] "
        print(question, end="", file=sys.stderr, flush=True)
        said = (await read_line()).strip().lower()
        if said == "?":
            print(neutral(pretty({**shown.shown, "expires": _until(shown)})), file=sys.stderr)
            continue
        if said not in {"e", "edit"}:
            return (changed or True) if said in {"y", "yes"} else False
        try:
            more = {**changed, **typed_changes(d, approval, await _read_changes(shown))}
            shown, changed = await d.parts.answering.preview(approval, more, who()), more
        except DragomanError as error:
            complain(str(error))


def _until(approval: Approval) -> str:
    return f"{approval.expires:%Y-%m-%d %H:%M} UTC"


def typed_changes(d: Dragoman, approval: Approval, words: Sequence[str]) -> JsonObject:
    """Return changed arguments as they are typed, by the schema; raises `ArgumentError`."""
    return read_typed(words, None, d.parts.operation(approval.operation).contract.input_schema)


async def _read_changes(approval: Approval) -> list[str]:
    """Show the arguments, and read `key=value` until an empty line."""
    arguments = cast("Mapping[str, JsonValue]", approval.call.get("arguments", {}))
    for name, value in arguments.items():
        print(f"  {neutral(f'{name} = {encode_text(value)}')}", file=sys.stderr)
    words: list[str] = []
    while True:
        print("  key=value, or Enter: ", end="", file=sys.stderr, flush=True)
        word = (await read_line()).strip()
        if not word:
            return words
        words.append(word)
