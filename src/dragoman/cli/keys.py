"""`dragoman keys`: the keys with which callers come in over the network."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated

from cyclopts import App, Parameter

from dragoman.access.keys import CallerKey
from dragoman.cli.command import Options, verb
from dragoman.cli.terminal import mark, note, print_json, table, warn
from dragoman.errors import ConfigurationError

app = verb("keys", "Make, list, revoke and rotate the keys of callers.")
app.command(App(name="list", help="All keys: whose they are, and until when. Never the keys."))

__all__ = ["app"]

Json = Annotated[bool, Parameter(name="--json", negative="")]

_SECONDS = {"m": 60, "h": 3600, "d": 86_400}


@app.command
async def create(
    caller: str,
    *,
    expires: str | None = None,
    label: str = "",
    json: Json = False,
    options: Options = Options(),
) -> int:
    """Make a key for a caller of the file, and show it this once.

    Parameters
    ----------
    caller
        The caller, as the file names it, or owner.
    expires
        How long it lets in: 30m, 12h, 90d. [default: until it is revoked]
    label
        What it is for, so that it can be told from others.
    json
        Print one JSON object.
    """
    async with options.open() as d:
        d.parts.policy.caller(caller)
        lifetime = _time(expires) if expires else None
        kept, key = await d.parts.caller_keys.create(caller, label=label, lifetime=lifetime)
    _show_new(kept, key, json=json)
    return 0


@app.default
@app["list"].default
async def list_keys(*, json: Json = False, options: Options = Options()) -> int:
    """List all keys.

    Parameters
    ----------
    json
        Print one JSON object.
    """
    async with options.open() as d:
        keys, now = await d.parts.caller_keys.list(), d.parts.clock.now()
        known = {*d.parts.policy.callers, "owner"}
    if json:
        print_json({"keys": [_as_json(key, now) for key in keys]})
    elif not keys:
        note("there are no keys: dragoman keys create CALLER")
    else:
        rows = [(k.id, k.caller, _state(k, now), k.created, k.expires, k.label) for k in keys]
        print(table(("id", "caller", "state", "made (UTC)", "expires (UTC)", "for"), rows))
    for caller in sorted({key.caller for key in keys if key.is_valid(now)} - known):
        warn(f"{caller} is no caller of the file: its keys let nobody in")
    return 0


@app.command
async def revoke(id: str, *, json: Json = False, options: Options = Options()) -> int:  # noqa: A002
    """Let a key in no more, from its next call on.

    Parameters
    ----------
    id
        The id of the key: the letters between dgm_ and the next _.
    json
        Print one JSON object.
    """
    async with options.open() as d:
        key, now = await d.parts.caller_keys.revoke(_id(id)), d.parts.clock.now()
    if json:
        print_json(_as_json(key, now))
    else:
        mark(f"the key {key.id} of {key.caller} lets nobody in any more")
    return 0


@app.command
async def rotate(
    id: str,  # noqa: A002
    *,
    overlap: str = "24h",
    json: Json = False,
    options: Options = Options(),
) -> int:
    """Make another key of the same caller; the old one goes on for a while.

    Parameters
    ----------
    id
        The id of the key.
    overlap
        How long the old one still lets in: 30m, 12h, 7d.
    json
        Print one JSON object.
    """
    async with options.open() as d:
        old = await d.parts.caller_keys.get(_id(id))
        d.parts.policy.caller(old.caller)
        kept, key = await d.parts.caller_keys.rotate(old.id, overlap=_time(overlap))
    _show_new(kept, key, json=json)
    if not json:
        note(f"{old.id} lets in for another {overlap}")
    return 0


def _show_new(kept: CallerKey, key: str, *, json: bool) -> None:
    if json:
        print_json({"id": kept.id, "caller": kept.caller, "key": key})
        return
    print(key)
    note(f"{kept.id}, for {kept.caller}. It is shown this once: keep it where secrets are kept.")


def _id(text: str) -> str:
    """Read an id, or take it out of a whole key, which must not end up in an error."""
    return text.removeprefix("dgm_").partition("_")[0]


def _time(text: str) -> timedelta:
    match = re.fullmatch(r"(\d{1,6})([mhd])", text)
    if not match:
        raise ConfigurationError(f"'{text}' is no time: write 30m, 12h or 90d.")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


def _state(key: CallerKey, now: datetime) -> str:
    if key.revoked is not None:
        return "revoked"
    return "valid" if key.is_valid(now) else "expired"


def _as_json(key: CallerKey, now: datetime) -> dict[str, object]:
    return {
        "id": key.id,
        "caller": key.caller,
        "state": _state(key, now),
        "label": key.label,
        "created": key.created.isoformat(),
        "expires": key.expires.isoformat() if key.expires else None,
        "revoked": key.revoked.isoformat() if key.revoked else None,
    }
