"""Keeping standard output for the protocol alone; imports nothing that could print before that."""

from __future__ import annotations

import os
import sys
from typing import NamedTuple

__all__ = ["Wire", "take_wire"]


class Wire(NamedTuple):
    """The descriptors that the protocol is spoken on."""

    reading: int
    writing: int


def take_wire() -> Wire:
    """Take standard input and output for the rest of the process.

    What anything prints from now on goes to standard error, and what reads finds nothing.
    """
    sys.stdout.flush()
    wire = Wire(os.dup(0), os.dup(1))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return wire
