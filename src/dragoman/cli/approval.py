"""Showing what waits for a yes, and asking a person at the terminal for it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import cast

from dragoman.audit.approvals import Approval
from dragoman.cli.keyboard import read_line
from dragoman.cli.terminal import can_ask, neutral
from dragoman.operation import JsonValue

__all__ = ["ask_person", "headline"]


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


async def ask_person(approval: Approval) -> bool:
    """Ask at the terminal; only y and yes are a yes, and without a terminal nobody is asked."""
    if not can_ask():
        return False
    print(f"? {headline(approval)}   [y]es [n]o ", end="", file=sys.stderr, flush=True)
    return (await read_line()).strip().lower() in {"y", "yes"}
