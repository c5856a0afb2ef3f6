"""`dragoman chat`: ask, and go on asking. A no, a failure or an interrupt never ends it."""

from __future__ import annotations

import sys

from dragoman.assistant.answer import CallFinished, Event, TextArrived
from dragoman.cli.approval import at_terminal
from dragoman.cli.ask import show_answer
from dragoman.cli.call import call_line
from dragoman.cli.command import Options, verb
from dragoman.cli.keyboard import Interrupted, interruptible, read_line
from dragoman.cli.terminal import complain, neutral, note
from dragoman.errors import DragomanError
from dragoman.operation import Status

app = verb("chat", "Ask, and go on asking. An empty line or Ctrl-D ends it.")

__all__ = ["app"]


@app.default
async def chat(
    *,
    user: str | None = None,
    caller: str = "owner",
    toolset: str | None = None,
    options: Options = Options(),
) -> int:
    """Ask, and go on asking. An empty line or Ctrl-D ends it.

    Parameters
    ----------
    user
        The end user on whose behalf you ask.
    caller
        Ask as this caller of the file, with its scopes.
    toolset
        Use only the tools of this toolset.
    """
    after: str | None = None
    async with options.open() as d:
        while question := await _read_line():
            shown = _Shown()
            try:
                answer = await interruptible(
                    d.ask(
                        question,
                        user=user,
                        caller=caller,
                        toolset=toolset,
                        after=after,
                        approve=at_terminal(d),
                        on_event=shown.on_event,
                        door="cli",
                    )
                )
            except DragomanError as error:
                complain(str(error))
                continue
            except Interrupted:
                complain("stopped; ask on, or end with Ctrl-D")
                continue
            show_answer(answer, already_shown=shown.text)
            # What waits has unanswered calls in it; the conversation goes on from before it.
            after = answer.id if answer.status is Status.OK else after
    return 0


class _Shown:
    """Prints what happens while an answer is made."""

    def __init__(self) -> None:
        self.text = False

    async def on_event(self, event: Event) -> None:
        """Stream text; say of each call what it was and how long it took."""
        if isinstance(event, TextArrived):
            self.text = True
            print(neutral(event.text), end="", flush=True)
        elif isinstance(event, CallFinished):
            note(call_line(event.outcome, event.arguments, event.seconds))


async def _read_line() -> str:
    if sys.stdin.isatty():
        print("> ", end="", file=sys.stderr, flush=True)
    return (await read_line()).strip()
