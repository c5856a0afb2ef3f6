"""Keeps watch while a target runs: nothing may reach out, and nothing may take long."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["SECONDS", "Guard", "ReachedOutError", "TookLongError"]

SECONDS = 5.0
"""Of the processor that one input may take, instrumented for coverage."""

_FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn")
_CODE = (".py", ".pyc", ".so", ".json", ".txt", ".dat", ".pth", ".zip")


class ReachedOutError(BaseException):
    """A target used a socket, a process or a file. No handler of errors may swallow it."""


class TookLongError(Exception):
    """An input took longer than it may."""


@dataclass(slots=True)
class Guard:
    """Runs a target under watch; `is_armed` while it does."""

    is_armed: bool = False
    _roots: tuple[str, ...] = field(default=(), repr=False)
    _made: str = ""

    @classmethod
    def set_up(cls) -> Guard:
        """Return a guard that the interpreter asks from now on; it cannot be taken away again."""
        own = Path(__file__).resolve().parents[1]
        roots = {sys.prefix, sys.base_prefix, str(own / "src"), str(own / "torture")}
        guard = cls(_roots=tuple(roots), _made=f"{tempfile.gettempdir()}/torture-")
        sys.addaudithook(guard._heard)
        return guard

    def run(self, target: Callable[[bytes], None], data: bytes) -> None:
        """Run a target; raises what it raises, `ReachedOutError` and `TookLongError`."""
        started = time.process_time()
        with self._armed():
            target(data)
        seconds = time.process_time() - started
        if seconds > SECONDS:
            raise TookLongError(f"it took {seconds:.1f} seconds")

    @contextmanager
    def _armed(self) -> Iterator[None]:
        self.is_armed = True
        try:
            yield
        finally:
            self.is_armed = False

    def _heard(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self.is_armed:
            return
        if event == "open" and not self._may_open(arguments[0]):
            self.is_armed = False
            raise ReachedOutError(f"it opened {arguments[0]!r}")
        if event.startswith(_FORBIDDEN):
            self.is_armed = False
            raise ReachedOutError(f"{event} was used")

    def _may_open(self, path: object) -> bool:
        """Whether a file is code or data of an installed package, or made for the target."""
        text = path.decode() if isinstance(path, bytes) else str(path)
        if text.startswith(self._made) or isinstance(path, int):
            return True
        is_code = text.startswith(self._roots) or "/site-packages/" in text
        return is_code and text.endswith(_CODE)
