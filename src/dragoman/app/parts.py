"""What is open: the rooms, the call path, and what works through both."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from dragoman.app.rooms import Rooms
from dragoman.app.staging import call_path
from dragoman.audit.unsettled import Unsettled
from dragoman.call.answering import Answering
from dragoman.call.path import CallPath
from dragoman.call.reconcile import Reconcile
from dragoman.call.results import ReadResults
from dragoman.call.resuming import Resuming
from dragoman.events.links import Links

__all__ = ["Parts"]


@dataclass(frozen=True)
class Parts(Rooms):
    """All of one open configuration."""

    path: CallPath = field(kw_only=True)

    @classmethod
    def of(cls, rooms: Rooms) -> Self:
        """Add the call path to rooms that are open."""
        return cls(**vars(rooms), path=call_path(rooms))

    @property
    def reading_on(self) -> ReadResults:
        """What returns parts of results that were too long."""
        return ReadResults(
            self.results,
            self.path.identify,
            self.path.authorize,
            self.live,
            self.configuration.settings.assistant.result_tokens,
        )

    @property
    def answering(self) -> Answering:
        """What takes down a person's yes, no, or yes with changes."""
        path = self.path
        return Answering(
            path.identify, path.authorize, path.validate, path.approve, self.live.redact
        )

    @property
    def resuming(self) -> Resuming:
        """What goes on with a recorded call, by its id."""
        unsettled = Unsettled(self.store, self.clock)
        return Resuming(self.path, self.approvals, self.audit, unsettled)

    @property
    def links(self) -> Links:
        """What makes and reads the links by which people answer."""
        return Links(
            key=lambda: self.key("approval links"),
            clock=self.clock,
            approvals=self.approvals,
            answering=self.answering,
            callers=self.configuration.settings.callers,
            public_url=self.configuration.settings.public_url or "",
        )

    @property
    def reconcile(self) -> Reconcile:
        """What settles writes that nobody knows the end of; it reads through the call path."""
        return Reconcile(
            read=self.path.read,
            operation=self.operation,
            policy=self.policy,
            unsettled=Unsettled(self.store, self.clock),
            record=self.path.record,
            audit=self.audit,
            live=self.live,
            clock=self.clock,
            wrote=self.path.claim.wrote,
        )
