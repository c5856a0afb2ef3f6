"""Which room is given what: everything that one open configuration consists of."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from dragoman.access.policy import Policy
from dragoman.apis.description import Description
from dragoman.apis.http import handwritten
from dragoman.audit.approvals import Approvals
from dragoman.audit.claims import Claims
from dragoman.audit.records import AuditLog
from dragoman.call.approve import Approve
from dragoman.call.authorize import Authorize
from dragoman.call.claim import Claiming
from dragoman.call.identify import Identify
from dragoman.call.keys import Keys
from dragoman.call.limit import Limit, Rates
from dragoman.call.path import CallPath
from dragoman.call.record import Record
from dragoman.call.reuse import Reuse
from dragoman.call.send import Route, Send
from dragoman.call.shape import Shape
from dragoman.call.validate import Validate
from dragoman.catalog.build import build
from dragoman.catalog.catalog import Catalog
from dragoman.catalog.compiled import Described, describe
from dragoman.catalog.kept import Kept, folder_of
from dragoman.clock import Clock
from dragoman.config.load import Configuration
from dragoman.config.settings import ApiSettings
from dragoman.credentials.credentials import Credentials
from dragoman.errors import ConfigurationError, DragomanError
from dragoman.network import Network, Origin, Reach, origin_of
from dragoman.operation import Operation, Prepared
from dragoman.secrets.live import LiveValues
from dragoman.secrets.secrets import Secrets
from dragoman.store.store import Store

__all__ = ["Parts", "open_parts"]


@dataclass(frozen=True, slots=True)
class Parts:
    """The open rooms.

    `unavailable` says why an API of the file has no operations now; `key` derives a key from the
    root key, by a label.
    """

    configuration: Configuration
    clock: Clock
    live: LiveValues
    secrets: Secrets
    network: Network
    store: Store
    key: Callable[[str], Awaitable[bytes]]
    audit: AuditLog
    approvals: Approvals
    policy: Policy
    catalog: Catalog
    descriptions: Mapping[str, Description]
    unavailable: Mapping[str, DragomanError]
    routes: Mapping[str, Route]
    path: CallPath

    def operation(self, operation_id: str) -> Operation:
        """Return an operation; raises `NotFoundError`, or why its API cannot be read now."""
        return _operation(self.catalog, self.unavailable, operation_id)


def _operation(
    catalog: Catalog, unavailable: Mapping[str, DragomanError], operation_id: str
) -> Operation:
    fault = unavailable.get(operation_id.partition(".")[0])
    if fault is not None and operation_id not in catalog.operations:
        raise fault
    return catalog.get(operation_id)


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
    described, unavailable = await _describe_all(configuration, network)
    descriptions = {name: one.description for name, one in described.items()}
    catalog = build(
        list(descriptions.values()),
        configuration.settings,
        configuration.where,
        {name: one.index for name, one in described.items() if one.index is not None},
    )
    routes = {
        name: Route(
            _credentials(
                configuration,
                one,
                secrets=secrets,
                network=network,
                clock=clock,
            ),
            _reach(configuration.settings.apis[name]),
        )
        for name, one in described.items()
    }
    audit = AuditLog(store, clock, live.redact_json)
    approvals = Approvals(store, clock)
    return Parts(
        configuration=configuration,
        clock=clock,
        live=live,
        secrets=secrets,
        network=network,
        store=store,
        key=key,
        audit=audit,
        approvals=approvals,
        policy=policy,
        catalog=catalog,
        descriptions=descriptions,
        unavailable=unavailable,
        routes=routes,
        path=_call_path(
            partial(_operation, catalog, unavailable),
            policy=policy,
            routes=routes,
            network=network,
            claims=Claims(store, clock),
            approvals=approvals,
            audit=audit,
            keys=Keys(lambda: key("claims")),
            live=live,
            clock=clock,
        ),
    )


def _call_path(
    operation: Callable[[str], Operation],
    *,
    policy: Policy,
    routes: Mapping[str, Route],
    network: Network,
    claims: Claims,
    approvals: Approvals,
    audit: AuditLog,
    keys: Keys,
    live: LiveValues,
    clock: Clock,
) -> CallPath:
    """Give each stage what it needs, and nothing else."""
    rates = Rates()

    def credential(prepared: Prepared) -> str:
        return routes[prepared.api].credentials.label(prepared.security)

    return CallPath(
        identify=Identify(policy),
        authorize=Authorize(operation, policy, rates),
        validate=Validate(),
        reuse=Reuse(claims, keys),
        approve=Approve(approvals, claims, keys, clock, live.redact_json, credential),
        limit=Limit(rates),
        claim=Claiming(claims, keys, clock, live.redact_bytes),
        send=Send(routes, network),
        shape=Shape(),
        record=Record(audit, live, clock),
    )


async def _describe_all(
    configuration: Configuration, network: Network
) -> tuple[dict[str, Described], dict[str, DragomanError]]:
    """Read the descriptions of all APIs together."""
    apis = configuration.settings.apis
    kept = Kept(folder_of(configuration.environment))
    found = await asyncio.gather(
        *(_describe(name, api, configuration, network, kept) for name, api in apis.items()),
        return_exceptions=True,
    )
    described: dict[str, Described] = {}
    unavailable: dict[str, DragomanError] = {}
    faults: list[str] = []
    for name, result in zip(apis, found, strict=True):
        if isinstance(result, ConfigurationError):
            faults.extend(result.messages)
        elif isinstance(result, DragomanError):
            unavailable[name] = result
        elif isinstance(result, BaseException):
            raise result
        else:
            described[name] = result
    if faults:
        raise ConfigurationError(*faults)
    return described, unavailable


async def _describe(
    name: str, api: ApiSettings, configuration: Configuration, network: Network, kept: Kept
) -> Described:
    if api.openapi is None:
        return Described(handwritten.read(name, api))
    return await describe(
        name,
        api.openapi,
        api,
        base=configuration.base,
        network=network,
        reach=_reach(api),
        kept=kept,
    )


def _reach(api: ApiSettings) -> Reach:
    """Return the private addresses of an API: those of origins that the owner typed, or listed."""
    overlays = [location for location in api.overlays if "://" in location]
    return Reach.of(urls=[*_typed_addresses(api), *overlays], hosts=api.allow_private)


def _typed_addresses(api: ApiSettings) -> list[str]:
    typed = [api.openapi, api.base_url, api.http, *api.servers]
    typed += [getattr(value, "token_url", None) for value in api.auth.values()]
    return [address for address in typed if address and "://" in address]


def _credentials(
    configuration: Configuration,
    described: Described,
    *,
    secrets: Secrets,
    network: Network,
    clock: Clock,
) -> Credentials:
    description = described.description
    api = configuration.settings.apis[description.api]
    return Credentials(
        description.api,
        api.auth,
        description.schemes,
        allowed_origins=_allowed_origins(api, described),
        secrets=secrets,
        network=network,
        reach=_reach(api),
        clock=clock,
        where=lambda key: configuration.where("apis", description.api, "auth", key),
    )


def _allowed_origins(api: ApiSettings, described: Described) -> frozenset[Origin]:
    """Return where the credential may go: origins of the owner's file, or of a file of the owner's.

    What a fetched document names does not count: whoever serves it would choose who gets the key.
    """
    addresses = _typed_addresses(api)
    if described.from_disk:
        description = described.description
        addresses += description.servers
        addresses += [s.token_url for s in description.schemes.values() if s.token_url]
    return frozenset(origin_of(address) for address in addresses if "://" in address)
