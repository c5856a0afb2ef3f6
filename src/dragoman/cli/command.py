"""Running a verb: its arguments, its errors in our form, and the exit code that they mean."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, CycloptsError, Parameter

from dragoman.cli.terminal import complain
from dragoman.errors import (
    ArgumentError,
    ConfigurationError,
    CredentialError,
    DragomanError,
    Fault,
    PolicyError,
    Problem,
)
from dragoman.operation import Status

if TYPE_CHECKING:
    from dragoman.app import Dragoman

__all__ = ["Options", "UsageError", "exit_code", "exit_code_of_problem", "run", "verb"]

FAILED, USAGE, CREDENTIALS, WAITING, REFUSED = 1, 2, 3, 4, 5


class UsageError(ArgumentError):
    """What was typed is no command that can be carried out."""


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Options:
    """What every verb that opens a configuration takes."""

    file: Annotated[
        tuple[Path, ...], Parameter(name=["--file", "-f"], negative="", show_default=False)
    ] = ()
    """The configuration; several are laid one over another. [default: dragoman.yaml]"""

    model: Annotated[str | None, Parameter(name="--model")] = None
    """A model's name, offline, or a server and its model: http://localhost:11434/v1#qwen3"""

    read_only: Annotated[bool, Parameter(name="--read-only", negative="")] = False
    """Refuse everything that writes."""

    def open(self) -> Dragoman:
        """Return Dragoman over these files; it is opened by `async with`."""
        from dragoman.app import Dragoman  # noqa: PLC0415 - the whole program hangs on it

        files = list(self.file) or [Path("dragoman.yaml")]
        source = files[0] if len(files) == 1 else files
        d = Dragoman(source, model=self.model, read_only=self.read_only)
        d.log_to_stderr()
        return d


def verb(name: str, help: str) -> App:  # noqa: A002 - cyclopts' own name
    """Return the app of one verb; its module gives it a default command."""
    return App(
        name=f"dragoman {name}",
        help=help,
        version_flags=[],
        result_action="return_value",
        suppress_keyboard_interrupt=False,  # `run` says so, and exits as the interface has it
    )


def run(app: App, tokens: Sequence[str]) -> int:
    """Run a verb and return its exit code; an error is one line in our own form."""
    try:
        with _ended_by_term():
            result = app(tokens, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        command = " ".join([app.name[0], *(error.command_chain or ())])
        complain(f"{_sentence(error)} Usage: {command} --help")
        return USAGE
    except DragomanError as error:
        told = f"{error} rule: {error.rule}" if error.rule else str(error)
        for line in told.splitlines():
            complain(line)
        return exit_code(error)
    except BrokenPipeError:
        raise  # `main` ends quietly
    except KeyboardInterrupt:
        complain("stopped")
        return FAILED
    except Exception as error:
        if os.environ.get("DRAGOMAN_DEBUG"):
            raise
        complain(
            f"a fault of Dragoman itself: {type(error).__name__}. "
            "Please report it, with what DRAGOMAN_DEBUG=1 shows."
        )
        return FAILED
    return result if isinstance(result, int) else 0


@contextmanager
def _ended_by_term() -> Iterator[None]:
    """Let SIGTERM end a command as Ctrl-C does, so that what has to be written down is."""

    def stop(*_: object) -> None:
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started in the background
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # only the main thread is told of signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def exit_code(error: DragomanError) -> int:
    """Return the exit code that an error means."""
    if isinstance(error, ConfigurationError | UsageError):
        return USAGE
    if isinstance(error, CredentialError):
        return CREDENTIALS
    return REFUSED if isinstance(error, PolicyError) else FAILED


def exit_code_of_problem(status: Status, problem: Problem | None) -> int:
    """Return the exit code that an outcome or an answer means."""
    if status in {Status.OK, Status.PREVIEWED}:
        return 0
    if status is Status.PENDING:
        return WAITING
    if problem is None:
        return FAILED
    if problem.code == CredentialError.code:
        return CREDENTIALS
    if problem.code == ConfigurationError.code:
        return USAGE
    refused = problem.fault is Fault.POLICY and problem.code != "limit"
    return REFUSED if refused else FAILED


def _sentence(error: CycloptsError) -> str:
    """Return what cyclopts found wrong, without its frame."""
    text = " ".join(str(error).split())
    return text if text.endswith((".", "?")) else f"{text}."
