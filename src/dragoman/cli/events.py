"""`dragoman events`: what people and programs were to be told, and were not yet."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from dragoman.audit.outbox import Notice
from dragoman.cli.command import Options, verb
from dragoman.cli.terminal import mark, note, print_json, table

app = verb("events", "What somebody was to be told of, and was not yet.")
app.command(App(name="list", help="What waits to be told, and what was given up."))

__all__ = ["app"]


@app.default
@app["list"].default
async def list_events(
    *,
    json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    options: Options = Options(),
) -> int:
    """List what waits to be told, and what was given up after a day.

    Parameters
    ----------
    json
        Print one JSON object.
    """
    async with options.open() as d:
        found = await d.parts.outbox.undelivered()
    if json:
        print_json({"events": [_as_json(notice) for notice in found]})
    elif not found:
        note("everything was told")
    else:
        rows = [(n.id, n.state, n.event, n.subject, n.destination, n.tries, n.error) for n in found]
        print(table(("id", "state", "event", "of", "to", "tries", "why not"), rows))
    return 0


@app.command
async def retry(
    id: str,  # noqa: A002 - the id of an event
    *,
    options: Options = Options(),
) -> int:
    """Try to tell one again, at once and from the beginning.

    Parameters
    ----------
    id
        The id of the event.
    """
    async with options.open() as d:
        await d.parts.outbox.retry(id)
        mark(f"{id} is tried again")
    return 0


def _as_json(notice: Notice) -> dict[str, object]:
    return {
        "id": notice.id,
        "state": notice.state,
        "event": notice.event,
        "subject": notice.subject,
        "destination": notice.destination,
        "at": notice.at.isoformat(),
        "due": notice.due.isoformat(),
        "tries": notice.tries,
        "error": notice.error,
    }
