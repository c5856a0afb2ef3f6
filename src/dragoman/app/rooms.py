"""The open rooms of one configuration, below the call path."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from dragoman.access.identity import IdentityProvider
from dragoman.access.policy import Policy
from dragoman.apis.description import Description
from dragoman.audit.approvals import Approvals
from dragoman.audit.caller_keys import CallerKeys
from dragoman.audit.changes import Changes
from dragoman.audit.outbox import Outbox
from dragoman.audit.pauses import Pauses
from dragoman.audit.records import AuditLog
from dragoman.audit.results import Results
from dragoman.call.send import Route
from dragoman.catalog.catalog import Catalog
from dragoman.catalog.lock import Lock
from dragoman.clock import Clock
from dragoman.config.load import Configuration
from dragoman.credentials.credentials import Credentials
from dragoman.errors import DragomanError
from dragoman.network import Network
from dragoman.operation import Operation, Prepared
from dragoman.secrets.live import LiveValues
from dragoman.secrets.secrets import Secrets
from dragoman.store.shared import Shared
from dragoman.store.store import Store
from dragoman.telemetry.telemetry import Telemetry

__all__ = ["Rooms"]


@dataclass(frozen=True)
class Rooms:
    """What the call path is built from.

    `unavailable` says why an API of the file has no operations now; without a `lock` nothing is
    pinned; `key` derives a key from the root key, by a label.
    """

    configuration: Configuration
    clock: Clock
    live: LiveValues
    secrets: Secrets
    network: Network
    store: Store
    shared: Shared
    telemetry: Telemetry
    key: Callable[[str], Awaitable[bytes]]
    audit: AuditLog
    changes: Changes
    outbox: Outbox
    approvals: Approvals
    pauses: Pauses
    caller_keys: CallerKeys
    results: Results
    identity: IdentityProvider | None
    policy: Policy
    catalog: Catalog
    descriptions: Mapping[str, Description]
    unavailable: Mapping[str, DragomanError]
    lock: Lock | None
    routes: Mapping[str, Route]

    def operation(self, operation_id: str) -> Operation:
        """Return an operation; raises `NotFoundError`, or why its API cannot be read now."""
        fault = self.unavailable.get(operation_id.partition(".")[0])
        if fault is not None and operation_id not in self.catalog.operations:
            raise fault
        return self.catalog.get(operation_id)

    def credentials(self, prepared: Prepared) -> Credentials:
        """Return what a request is shown to its API with, by its account."""
        return self.routes[prepared.api].accounts[prepared.account]
