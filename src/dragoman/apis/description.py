"""What reading the description of an API gives, whatever kind of description it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dragoman.operation import Operation, Scheme

__all__ = ["Description"]


@dataclass(frozen=True, slots=True)
class Description:
    """An API as read: its operations by name, the schemes they name, the servers it names.

    `operations` are in the order of the description, and their contracts are read at first use.
    `servers` are absolute: `base_url` has replaced what it replaces, and variables have their
    default values. `relative_servers` are paths on a host that a document on disk cannot know.
    `findings` are sentences for the owner.
    """

    api: str
    title: str
    version: str
    description: str
    operations: Mapping[str, Operation]
    schemes: Mapping[str, Scheme] = field(default_factory=dict)
    servers: tuple[str, ...] = ()
    relative_servers: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
