"""What measures a call is beside it: a fault there ends nothing but the measuring."""

from __future__ import annotations

import logging
from types import TracebackType

__all__ = ["Aside"]

_log = logging.getLogger("dragoman.telemetry")


class Aside:
    """To be used in `with`, as often as one likes: the first fault is logged, and all end there.

    A disk that is full, a folder that is none, a processor of the program around us: none of it is
    a reason to lose the outcome of a write that was sent.
    """

    def __init__(self) -> None:
        self._is_told = False

    def __enter__(self) -> None:
        """Begin; nothing is held."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        """End a fault here; a cancellation goes on."""
        if not isinstance(error, Exception):
            return False
        if not self._is_told:
            self._is_told = True
            fault = type(error).__name__
            _log.warning("measuring fails (%s): calls go on without it", fault)
        return True
