"""Opening the rooms of a configuration, each with what it needs of those below it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

from dragoman.access.policy import Policy
from dragoman.app.entering import identity_provider
from dragoman.app.parts import Parts
from dragoman.app.reading import describe_all
from dragoman.app.rooms import Rooms
from dragoman.app.routes import routes_of
from dragoman.app.waiting import without_what_waits
from dragoman.audit.approvals import Approvals
from dragoman.audit.caller_keys import CallerKeys
from dragoman.audit.changes import Changes
from dragoman.audit.outbox import Outbox
from dragoman.audit.pauses import Pauses
from dragoman.audit.privacy import Privacy
from dragoman.audit.records import AuditLog
from dragoman.audit.results import Results
from dragoman.catalog.build import build
from dragoman.catalog.lock import lock_path, read_lock
from dragoman.clock import Clock
from dragoman.config.load import Configuration
from dragoman.credentials.user_tokens import UserTokens
from dragoman.events.message import subscribers
from dragoman.network import Network
from dragoman.operation import OWNER
from dragoman.secrets.live import LiveValues
from dragoman.secrets.secrets import Secrets
from dragoman.store.shared import open_shared
from dragoman.store.store import Store
from dragoman.telemetry.taking import collector_of
from dragoman.telemetry.telemetry import Telemetry

__all__ = ["open_parts"]


async def open_parts(
    configuration: Configuration,
    *,
    live: LiveValues,
    secrets: Secrets,
    network: Network,
    store: Store,
    key: Callable[[str], Awaitable[bytes]],
    clock: Clock,
    read_only: bool,
) -> Parts:
    """Read all descriptions and wire the call path; raises `ConfigurationError` with all faults.

    An API whose description cannot be fetched now does not keep the others from working.
    """
    policy = Policy.compile(configuration, read_only=read_only)
    lock = await asyncio.to_thread(read_lock, lock_path(configuration))
    read, unavailable = await describe_all(configuration, network)
    described, withheld = await without_what_waits(read, unavailable, lock, configuration)
    descriptions = {name: one.description for name, one in described.items()}
    catalog = await asyncio.to_thread(
        build,
        list(descriptions.values()),
        configuration.settings,
        configuration.where,
        {name: one.index for name, one in described.items() if one.index is not None},
        withheld,
    )
    routes = routes_of(
        configuration,
        described,
        lock,
        secrets=secrets,
        tokens=UserTokens(store, clock, lambda: key("user tokens")),
        network=network,
        clock=clock,
    )
    settings = configuration.settings
    kept = Privacy(settings.privacy.bodies, timedelta(days=settings.privacy.keep))
    changes = Changes(configuration, described, lock, clock)
    outbox = Outbox(store, clock, subscribers(settings.notify))
    telemetry = Telemetry(
        settings.telemetry,
        collector_of(settings.telemetry, configuration.environment),
        partial(secrets.resolve, where=configuration.where("telemetry", "headers")),
        live.redact,
        clock,
        catalog.operations.keys(),
        {OWNER, *settings.callers},
    )
    rooms = Rooms(
        configuration=configuration,
        clock=clock,
        live=live,
        secrets=secrets,
        network=network,
        store=store,
        shared=open_shared(configuration, secrets, key, clock),
        telemetry=telemetry,
        key=key,
        audit=AuditLog(store, clock, live.redact_json, kept, changes),
        changes=changes,
        outbox=outbox,
        approvals=Approvals(store, clock, outbox),
        pauses=Pauses(store, clock),
        caller_keys=CallerKeys(store, clock, lambda: key("caller keys")),
        results=Results(store, clock, lambda: key("results"), settings.privacy.bodies),
        identity=identity_provider(settings, network, clock),
        policy=policy,
        catalog=catalog,
        descriptions=descriptions,
        unavailable=unavailable,
        lock=lock,
        routes=routes,
    )
    return Parts.of(rooms)
