"""What no single key shows: whether the settings fit together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

from dragoman.config.parameters import parameter_schema
from dragoman.config.selects import select_fault
from dragoman.config.settings import (
    ApiSettings,
    HttpMethod,
    LimitSettings,
    ModelSettings,
    OperationSettings,
    Settings,
)
from dragoman.config.surroundings import NetworkSettings, NotifySettings
from dragoman.errors import AddressRefusedError
from dragoman.nearest import did_you_mean
from dragoman.network import Proxy, Reach, origin_of
from dragoman.operation import OWNER

__all__ = ["METHODS", "inconsistencies"]

Where = Callable[..., str]

METHODS: tuple[HttpMethod, ...] = ("get", "post", "put", "patch", "delete", "head")
"""The keys under which a hand-written operation has its path."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_OPERATION_NAME = re.compile(r"(?=.*[^\W_])\w[\w./-]{0,199}")
"""As in the names that operations of a document get: no sign that globs or scopes read."""

_REDIS = re.compile(r"rediss?://[^/?#\s]+(/\d*)?(\?\S*)?|unix://\S+")
_PASSWORD = re.compile(r"://[^/@]*:[^/@]+@")
_HOLDS_ONE = "holds a password: put the whole address into .env, and write a reference to it"
_TAKEN = {"authorization", "connection", "content-length", "content-type", "cookie", "host"} | {
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
"""Headers that HTTP or a credential needs for itself (RFC 9110)."""

_SOURCES = ("openapi", "http")
_BY_HAND = (*METHODS, "path", "query", "header", "body")
_BOUND = frozenset({"caller.user", "caller.name"})


def inconsistencies(settings: Settings, where: Where) -> tuple[str, ...]:
    """Return each fault as one line: `file:line: what is wrong. What would work`."""
    faults: list[str] = []
    for name, api in settings.apis.items():
        faults += (f"{where(*place)}: {what}" for place, what in _of_api(name, api))
    faults += (f"{where(*place)}: {what}" for place, what in _of_names(settings))
    faults += (f"{where(*place)}: {what}" for place, what in _of_accounts(settings))
    faults += (f"{where(*place)}: {what}" for place, what in _of_quotas(settings))
    faults += (f"{where('redis')}: {what}" for what in _of_redis(settings))
    faults += (f"{where(*place)}: {what}" for place, what in _of_network(settings.network))
    faults += (f"{where(*place)}: {what}" for place, what in _of_telling(settings))
    if settings.telemetry.otlp is not None and (fault := _address_fault(settings.telemetry.otlp)):
        faults.append(f"{where('telemetry', 'otlp')}: telemetry.otlp {fault}")
    return tuple(faults)


Fault = tuple[tuple[str, ...], str]


def _of_api(name: str, api: ApiSettings) -> Iterator[Fault]:
    at = ("apis", name)
    if not _NAME.fullmatch(name):
        yield at, f"'{name}' is no name for an API: letters, digits, - and _, at most 64"
    given = [source for source in _SOURCES if getattr(api, source) is not None]
    if len(given) != 1:
        yield at, f"apis.{name} needs one of: openapi: (a document), http: (calls written by hand)"
    if given == ["http"] and api.overlays:
        yield (*at, "overlays"), "overlays change a document, and an http: API has none"
    yield from _of_addresses(at, api)
    yield from _of_idempotency((*at, "idempotency"), api)
    yield from _of_first_byte(at, api.limits, api.limits.timeout)
    for origin in api.allow_refs:
        if fault := _origin_fault(origin):
            yield (*at, "allow_refs"), f"{'.'.join(at)}.allow_refs: {origin} {fault}"
    yield from _of_fill((*at, "fill"), api.fill)
    for operation, own in api.operations.items():
        below = (*at, "operations", operation)
        yield from _of_fill((*below, "fill"), own.fill)
        yield from _of_select((*below, "select"), own)
        yield from _of_idempotency((*below, "idempotency"), own)
        yield from _of_first_byte(below, own.limits, own.limits.timeout or api.limits.timeout)
        if own.rename is not None and (fault := _rename_fault(own.rename, given)):
            yield (*below, "rename"), f"{'.'.join((*below, 'rename'))}: {fault}"
        if given == ["http"]:
            yield from _by_hand(below, own)
        elif written := [key for key in _BY_HAND if key in own.model_fields_set]:
            yield (
                (*below, written[0]),
                f"'{written[0]}' describes a call of an http: API, and {name} has a document",
            )


def _of_select(at: tuple[str, ...], own: OperationSettings) -> Iterator[Fault]:
    if own.select is not None and (fault := select_fault(own.select)):
        yield at, fault


def _of_accounts(settings: Settings) -> Iterator[Fault]:
    """Yield the accounts that a caller is to use and that there are not."""
    for name, caller in settings.callers.items():
        for api, account in caller.accounts.items():
            place = ("callers", name, "accounts", api)
            known = settings.apis[api].accounts if api in settings.apis else {}
            if account not in known:
                has = f"It has: {', '.join(known)}." if known else "It has none."
                yield place, f"{api} has no account '{account}'. {has}"


def _of_quotas(settings: Settings) -> Iterator[Fault]:
    """Yield the quotas that cannot be counted, because the log does not go back a day."""
    for name, caller in settings.callers.items():
        if caller.quota is not None and settings.privacy.keep < 1:
            what = "is counted in the audit log, which privacy.keep ends before the day does"
            yield ("callers", name, "quota"), f"callers.{name}.quota {what}: keep at least 1d"


def _of_telling(settings: Settings) -> Iterator[Fault]:
    """Yield who cannot be told, and links that would answer for nobody who may."""
    if settings.public_url is not None and (fault := _base_fault(settings.public_url)):
        yield ("public_url",), f"public_url {fault}"
    for name, one in settings.notify.items():
        at = ("notify", name)
        if not _NAME.fullmatch(name):
            yield at, f"'{name}' is no name: letters, digits, - and _, at most 64"
        if isinstance(one.webhook, str) and (fault := _address_fault(one.webhook)):
            yield (*at, "webhook"), f"notify.{name}.webhook {fault}"
        if isinstance(one.smtp, str) and not re.match(r"smtps?://[^/?#]", one.smtp):
            yield (*at, "smtp"), f"notify.{name}.smtp begins with smtp:// or smtps:// and a host"
        elif isinstance(one.smtp, str) and _PASSWORD.search(one.smtp):
            yield (*at, "smtp"), f"notify.{name}.smtp {_HOLDS_ONE}"
        for address in (*one.email, *filter(None, [one.sender])):
            if not re.fullmatch(r"[^\s,<>]+@[^\s,<>]+", address):
                yield at, f"notify.{name}: {address!r} is no address of one mailbox"
        yield from _of_links(at, one, settings)


def _of_links(at: tuple[str, ...], one: NotifySettings, settings: Settings) -> Iterator[Fault]:
    """A link that grants a yes goes to a person, and to one who may give it."""
    if one.answers_as is None:
        return
    place = (*at, "answers_as")
    if settings.public_url is None:
        yield place, "links begin with public_url, which is not set: https://dragoman.example"
    if one.webhook is not None:
        yield place, "links that answer go to people, by mail or Slack, and a webhook is a program"
    caller = settings.callers.get(one.answers_as)
    if caller is not None and "approve" not in caller.scopes:
        yield place, f"{one.answers_as} is a caller without the scope approve"


def _of_network(network: NetworkSettings) -> Iterator[Fault]:
    for host in network.no_proxy:
        try:
            Reach.of(hosts=[host.removeprefix(".")])
        except AddressRefusedError:
            yield ("network", "no_proxy"), f"'{host}' is no host: write corp.example or 10.0.0.7"
    if isinstance(network.proxy, str):
        try:
            if Proxy.of(network.proxy).password:
                yield ("network", "proxy"), f"network.proxy {_HOLDS_ONE}"
        except AddressRefusedError as error:
            yield ("network", "proxy"), f"network.proxy: {error.detail}"


def _of_redis(settings: Settings) -> Iterator[str]:
    """Yield what keeps processes from counting together: no address, or a key for each of them."""
    redis = settings.redis
    if isinstance(redis, str) and not _REDIS.fullmatch(redis):
        yield "redis must be an address such as redis://localhost:6379/0"
    elif isinstance(redis, str) and _PASSWORD.search(redis):
        yield f"redis {_HOLDS_ONE}"
    if redis is not None and settings.key is None:
        yield 'redis is for several processes, which need one key. Write key: "${DRAGOMAN_KEY}"'


def _of_addresses(at: tuple[str, ...], api: ApiSettings) -> Iterator[Fault]:
    for key in ("http", "base_url"):
        address = getattr(api, key)
        if address is not None and (fault := _base_fault(address)):
            yield (*at, key), f"{'.'.join((*at, key))} {fault}"
    for server in api.servers:
        if fault := _base_fault(server):
            yield (*at, "servers"), f"{'.'.join(at)}.servers: {server} {fault}"
    if api.openapi is not None and "://" in api.openapi and (fault := _address_fault(api.openapi)):
        yield (*at, "openapi"), f"{'.'.join(at)}.openapi {fault}"
    for overlay in api.overlays:
        if "://" in overlay and (fault := _address_fault(overlay)):
            yield (*at, "overlays"), f"{'.'.join(at)}.overlays: {overlay} {fault}"
    for host in api.allow_private:
        try:
            Reach.of(hosts=[host])
        except AddressRefusedError:
            what = f"'{host}' is no host: write host or host:port, without http://"
            yield (*at, "allow_private"), what


def _address_fault(address: str) -> str:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return "is no address: a host in brackets or a port is wrong"
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return "must be an address that begins with http:// or https://"
    if parts.username is not None or parts.password is not None:
        return "holds a user name or password: put it under auth, as a reference"
    return ""


def _base_fault(address: str) -> str:
    """Say what is wrong with an address that paths are put behind."""
    fault = _address_fault(address)
    if not fault and ("?" in address or "#" in address):
        return "is put before paths, so it ends before '?' and '#': a key belongs under auth"
    return fault


def _origin_fault(address: str) -> str:
    if fault := _address_fault(address):
        return fault
    if not re.fullmatch(r"[^/]+//[^/?#]+/?", address):
        return "is more than an origin: it ends before the path"
    try:
        origin_of(address)
    except AddressRefusedError as error:
        return f"is no origin: {error.detail}"
    return ""


def _of_fill(at: tuple[str, ...], fill: Mapping[str, object]) -> Iterator[Fault]:
    for argument, source in fill.items():
        if isinstance(source, str) and source.startswith("caller.") and source not in _BOUND:
            known = " or ".join(sorted(_BOUND))
            yield (*at, argument), f"{argument} is filled from '{source}'. Known are: {known}."


def _of_idempotency(at: tuple[str, ...], rules: ApiSettings | OperationSettings) -> Iterator[Fault]:
    """Yield a key that goes nowhere, or to two places."""
    key = rules.idempotency
    if key is not None and (key.header is None) == (key.body is None):
        yield at, f"{'.'.join(at)} needs one of: header: Idempotency-Key, body: idempotency_key"
    if key is not None and (key.header or "").lower() in _TAKEN:
        yield (*at, "header"), f"{'.'.join(at)}.header: {key.header} has another meaning in HTTP"


def _of_first_byte(
    at: tuple[str, ...], limits: LimitSettings, timeout: float | None
) -> Iterator[Fault]:
    """Yield a wait for an answer to begin that is longer than the whole call may take."""
    if limits.first_byte is not None and timeout is not None and limits.first_byte > timeout:
        what = f"is longer than all of a call may take (timeout: {timeout:g}s)"
        yield (*at, "limits", "first_byte"), f"{'.'.join(at)}.limits.first_byte {what}"


def _rename_fault(name: str, given: list[str]) -> str:
    if given == ["http"]:
        return "rename is for operations of a document: here the key is the name"
    if _OPERATION_NAME.fullmatch(name):
        return ""
    return f"{name[:80]!r} is no name for an operation: letters, digits and _ . / -, at most 200"


def _by_hand(at: tuple[str, ...], own: OperationSettings) -> Iterator[Fault]:
    """Check a hand-written call: one method, and a description for each place in its path."""
    methods = [method for method in METHODS if getattr(own, method) is not None]
    if len(methods) != 1:
        yield at, f'{at[-1]} needs one method and path, such as get: "/parcels/{{id}}"'
        return
    path = str(getattr(own, methods[0]))
    if not path.startswith("/"):
        yield (*at, methods[0]), f"the path must begin with a slash, got '{path}'"
    holes = re.findall(r"\{([^{}]*)\}", path)
    for hole in dict.fromkeys(holes):
        if hole not in own.path:
            yield (*at, methods[0]), f"say what {{{hole}}} is: path: {{{hole}: string}}"
    for name in own.path:
        if name not in holes:
            yield (*at, "path", name), f"the path {path} has no place {{{name}}}"
    for place in ("path", "query", "header", "body"):
        for name, value in getattr(own, place).items():
            try:
                parameter_schema(value)
            except ValueError as error:
                yield (*at, place, name), f"{name} {error}"


def _of_names(settings: Settings) -> Iterator[Fault]:
    apis, toolsets = list(settings.apis), list(settings.toolsets)
    for name, toolset in settings.toolsets.items():
        for pattern in toolset.tools:
            api = pattern.partition(".")[0]
            if "*" not in api and api not in apis:
                what = f"'{pattern}' names no API. {did_you_mean(api, apis, 1)}".rstrip()
                yield ("toolsets", name, "tools"), what
    for name, caller in settings.callers.items():
        if name == OWNER:
            yield ("callers", name), f"'{OWNER}' is whoever runs Dragoman: take another name"
        if caller.toolset is not None and caller.toolset not in toolsets:
            what = f"there is no toolset '{caller.toolset}'. "
            near = did_you_mean(caller.toolset, toolsets, 1)
            yield ("callers", name, "toolset"), (what + near).rstrip()
    yield from _of_model(settings.model)


def _of_model(model: ModelSettings | None) -> Iterator[Fault]:
    if model is None:
        return
    if "://" in model.name:
        address = model.name.rstrip("#")
        yield ("model",), f"the model of that server has no name: write model: {address}#NAME"
    elif not model.name.strip():
        yield ("model",), "the model has no name"
    if model.base_url is not None and (fault := _address_fault(model.base_url)):
        yield ("model", "base_url"), f"model.base_url {fault}"
