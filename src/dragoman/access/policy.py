"""The owner's rules, compiled once: who is who, who may call what, and how an operation is called.

Every rule remembers the line of the file it stands on, so that a refusal can name it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from dragoman.access.scopes import Scope, parse_scope, permits
from dragoman.config.conditions import ConditionFault, evaluate, mentions_user
from dragoman.config.load import Configuration
from dragoman.config.rules import ApprovalSettings, OwnerSettings, PageSettings
from dragoman.config.settings import ApiSettings, CallerSettings, OperationSettings
from dragoman.errors import ConfigurationError, NotFoundError, PolicyError
from dragoman.nearest import did_you_mean
from dragoman.operation import OWNER, Call, Effect, JsonValue, Operation

__all__ = ["APPROVE", "Caller", "Owner", "Policy", "Rules", "Verdict", "facts_of"]

APPROVE = "approve"
"""The scope that lets a caller answer approvals; the others are for operations."""

DEFAULT_TIMEOUT = 30.0
"""Seconds an API has for one answer where the owner says nothing."""

DEFAULT_MAX_BYTES = 16 * 1024 * 1024
"""The largest answer that is read where the owner says nothing."""

DEFAULT_CONCURRENCY = 64
"""How many calls of an API one process has out at once where the owner says nothing."""

DEFAULT_QUEUE = 1_000
"""How many wait for a place among them."""

DEFAULT_RETRIES = 2
"""How often a call that failed, and may be sent again, is."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose key or token it is. The owner has no scopes because nothing is kept from it."""

    name: str
    scopes: tuple[Scope, ...] = ()
    toolset: str | None = None
    acts_for: str | tuple[str, ...] = "none"
    rate: str | None = None
    concurrency: int | None = None
    quota: int | None = None
    accounts: Mapping[str, str] = field(default_factory=dict)
    rule: str = ""
    rule_of: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_owner(self) -> bool:
        """Whether this is whoever runs Dragoman."""
        return self.name == OWNER

    def may(self, operation: Operation) -> bool:
        """Whether the scopes let this caller use the operation at all."""
        return self.is_owner or any(permits(scope, operation) for scope in self.scopes)

    def may_act_for(self, user: str) -> bool:
        """Whether this caller may name that end user."""
        if self.acts_for == "any":
            return True
        return not isinstance(self.acts_for, str) and user in self.acts_for


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a result is: `where` is true of what the end user may see or change.

    With `read` that operation is called first, with arguments by expression, and `where` judges
    what it returns.
    """

    where: str
    read: str | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)

    @property
    def needs_user(self) -> bool:
        """Whether it asks for the end user, so that a call without one has no answer."""
        return any(map(mentions_user, (self.where, *self.arguments.values())))


@dataclass(frozen=True, slots=True)
class Rules:
    """What the owner says of one operation; `rule_of` gives the line of each setting.

    `cache` is for how many seconds an answer to a read is fresh where the API says nothing; None
    where only its own word counts, and 0 where nothing is given again. `reconcile` names the
    operation by its whole id.
    """

    require_approval: str = "writes"
    approval_when: str | None = None
    approval_by: tuple[str, ...] = ()
    approval_seconds: float = 86_400.0
    owner: Owner | None = None
    hide: tuple[str, ...] = ()
    fill: Mapping[str, JsonValue] = field(default_factory=dict)
    select: str | None = None
    rates: tuple[tuple[str, str], ...] = ()
    timeout: float = DEFAULT_TIMEOUT
    first_byte: float | None = None
    max_bytes: int = DEFAULT_MAX_BYTES
    retries: int = DEFAULT_RETRIES
    concurrency: int = DEFAULT_CONCURRENCY
    queue: int = DEFAULT_QUEUE
    repeatable: bool = False
    pages: PageSettings | None = None
    reconcile: Owner | None = None
    cache: float | None = None
    idempotency_header: str = ""
    idempotency_member: str = ""
    idempotency_seconds: float = 0.0
    rule_of: Mapping[str, str] = field(default_factory=dict)

    @property
    def knows_keys(self) -> bool:
        """Whether the API knows a write again by a key, in a header or a member of the body."""
        return bool(self.idempotency_header or self.idempotency_member)

    def may_need_approval(self, effect: Effect) -> bool:
        """Whether there are calls of an operation of this effect that a person has to allow."""
        if self.approval_when is not None or self.require_approval == "always":
            return True
        return self.require_approval == "writes" and effect is not Effect.READ

    def needs_approval(self, call: Call, effect: Effect) -> bool:
        """Whether a person has to say yes to this call.

        A condition that has no value for it, or another one than false, asks.
        """
        if self.approval_when is None:
            return self.may_need_approval(effect)
        try:
            return evaluate(self.approval_when, facts_of(call, effect=effect.value)) is not False
        except ConditionFault:
            return True


def facts_of(call: Call, **more: JsonValue) -> dict[str, JsonValue]:
    """Return what a condition may speak of; without an end user there is no `caller.user`."""
    caller: dict[str, JsonValue] = {"name": call.caller}
    if call.user is not None:
        caller["user"] = call.user
    return {"args": call.arguments, "caller": caller, **more}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the policy says of a caller and an operation, why, and the line that decided."""

    word: Literal["allow", "approve", "deny"]
    why: str
    rule: str


@dataclass(frozen=True, slots=True)
class Policy:
    """All rules of one configuration; `owner_accounts` are those that the owner uses, by API."""

    configuration: Configuration
    callers: Mapping[str, Caller]
    read_only: bool
    owner_accounts: Mapping[str, str] = field(default_factory=dict)
    _rules: dict[str, Rules] = field(default_factory=dict, repr=False)

    @classmethod
    def compile(cls, configuration: Configuration, *, read_only: bool = False) -> Policy:
        """Compile the rules of a configuration; `read_only` can only narrow what the file says.

        Raises `ConfigurationError` with every scope that is none, or whose API is not there.
        """
        settings = configuration.settings
        faults: list[str] = []
        callers = {
            name: _caller(name, caller, configuration, faults)
            for name, caller in settings.callers.items()
        }
        if faults:
            raise ConfigurationError(*faults)
        return cls(configuration, callers, read_only or settings.read_only)

    def caller(self, name: str) -> Caller:
        """Return the caller of that name; raises `NotFoundError` naming those that there are."""
        if name == OWNER:
            return Caller(OWNER, acts_for="any", accounts=self.owner_accounts)
        if name not in self.callers:
            known = ", ".join(self.callers) or "none"
            raise NotFoundError(
                f"There is no caller '{name}' in the configuration.", hint=f"It has: {known}."
            )
        return self.callers[name]

    def may(self, caller: Caller, operation: Operation) -> bool:
        """Whether the caller may see and use the operation; the same answer as `authorize`."""
        return self._refusal(caller, operation) is None

    def authorize(self, caller: Caller, operation: Operation) -> None:
        """Let the caller use the operation, or raise `PolicyError` with the line that decided."""
        refusal = self._refusal(caller, operation)
        if refusal is not None:
            raise refusal

    def verdict(self, caller: Caller, operation: Operation, call: Call | None = None) -> Verdict:
        """Return what comes of a call, or of calls in general where none is given."""
        refusal = self._refusal(caller, operation)
        if refusal is not None:
            return Verdict("deny", refusal.detail, refusal.rule)
        rules = self.rules(operation)
        rule = rules.rule_of.get("require_approval", "")
        effect = operation.effect
        if rules.needs_approval(call, effect) if call else rules.may_need_approval(effect):
            return Verdict("approve", "A person is asked.", rule)
        return Verdict("allow", "", caller.rule)

    def _refusal(self, caller: Caller, operation: Operation) -> PolicyError | None:
        if self.read_only and operation.effect is not Effect.READ:
            return PolicyError(
                f"{operation.id} is a {operation.effect.value} operation, and this is read-only.",
                hint="Take away read_only, --read-only or DRAGOMAN_READ_ONLY to allow writes.",
                rule=self._read_only_rule,
            )
        if not caller.may(operation):
            return PolicyError(
                f"{caller.name} has no scope for {operation.id}.",
                hint=f"One that would do: {operation.id} or {operation.api}:{operation.effect}.",
                rule=self.configuration.where("callers", caller.name, "scopes"),
            )
        return None

    @property
    def _read_only_rule(self) -> str:
        """The line of the file, unless a flag or a variable has decided."""
        is_written = self.configuration.settings.read_only
        return self.configuration.where("read_only") if is_written else ""

    def account(self, caller: Caller, api: str) -> str:
        """Return the account of an API that a caller uses; empty where there is only one."""
        settings = self.configuration.settings.apis[api]
        return caller.accounts.get(api, settings.own_account) if settings.accounts else ""

    def rules(self, operation: Operation) -> Rules:
        """Return what the owner says of the operation, the API's word and then its own."""
        known = self._rules.get(operation.id)
        if known is None:
            known = self._rules[operation.id] = self._compile_rules(operation)
        return known

    def _compile_rules(self, operation: Operation) -> Rules:
        api = self.configuration.settings.apis[operation.api]
        own = api.operations.get(operation.described_as, OperationSettings())
        where = self.configuration.where
        at = ("apis", operation.api)
        below = (*at, "operations", operation.described_as)
        asked = own.require_approval or api.require_approval
        idempotency = own.idempotency or api.idempotency
        return Rules(
            **_approval(asked),
            approval_seconds=(
                (None if isinstance(asked, str) else asked.expire)
                or self.configuration.settings.approvals.expire
            ),
            owner=_owner(operation, own.owner),
            reconcile=_owner(operation, own.reconcile),
            hide=(*api.hide, *own.hide),
            idempotency_header=(idempotency and idempotency.header) or "",
            idempotency_member=(idempotency and idempotency.body) or "",
            idempotency_seconds=idempotency.keep if idempotency else 0.0,
            fill={**api.fill, **own.fill},
            select=own.select,
            rates=_rates(operation, api, own),
            timeout=own.limits.timeout or api.limits.timeout or DEFAULT_TIMEOUT,
            first_byte=own.limits.first_byte or api.limits.first_byte,
            max_bytes=own.limits.max_bytes or api.limits.max_bytes or DEFAULT_MAX_BYTES,
            retries=_first(own.limits.retries, api.limits.retries, DEFAULT_RETRIES),
            concurrency=api.limits.concurrency or DEFAULT_CONCURRENCY,
            queue=_first(api.limits.queue, DEFAULT_QUEUE),
            repeatable=own.repeatable,
            pages=own.pages,
            cache=api.cache if own.cache is None else own.cache,
            rule_of={
                "require_approval": where(
                    *(below if own.require_approval else at), "require_approval"
                ),
                "limits": where(*at, "limits"),
                operation.id: where(*below, "limits"),
                "fill": where(*(below if own.fill else at), "fill"),
                "select": where(*below, "select"),
                "owner": where(*below, "owner"),
                "reconcile": where(*below, "reconcile"),
                "pages": where(*below, "pages"),
            },
        )


def _approval(written: str | ApprovalSettings) -> dict[str, Any]:
    """Return the three members of `Rules` that say when a person is asked, and which."""
    if isinstance(written, str):
        return {"require_approval": written}
    whenever = "writes" if written.when is None else "always"
    return {
        "require_approval": whenever,
        "approval_when": written.when,
        "approval_by": tuple(written.by),
    }


def _first(*given: int | None) -> int:
    """Return the first that was given; zero is a value."""
    return next(one for one in given if one is not None)


def _owner(operation: Operation, written: str | OwnerSettings | None) -> Owner | None:
    if written is None:
        return None
    if isinstance(written, str):
        return Owner(written)
    return Owner(written.where, f"{operation.api}.{written.read}", written.args)


def _rates(
    operation: Operation, api: ApiSettings, own: OperationSettings
) -> tuple[tuple[str, str], ...]:
    """Return the rates that count, each with the name of what it is counted for."""
    rates = ((operation.api, api.limits.rate), (operation.id, own.limits.rate))
    return tuple((subject, rate) for subject, rate in rates if rate is not None)


def _caller(
    name: str, settings: CallerSettings, configuration: Configuration, faults: list[str]
) -> Caller:
    acts_for, where = settings.acts_for, configuration.where
    return Caller(
        name=name,
        scopes=tuple(_scopes(name, settings.scopes, configuration, faults)),
        toolset=settings.toolset,
        acts_for=acts_for if isinstance(acts_for, str) else tuple(acts_for),
        rate=settings.rate,
        concurrency=settings.concurrency,
        quota=settings.quota,
        accounts=settings.accounts,
        rule=where("callers", name),
        rule_of={key: where("callers", name, key) for key in ("rate", "concurrency", "quota")},
    )


def _scopes(
    caller: str, written: Sequence[str], configuration: Configuration, faults: list[str]
) -> Iterator[Scope]:
    """Yield the scopes; what is none goes to the faults, each as one line."""
    apis = configuration.settings.apis
    for place, text in enumerate(written):
        if text == APPROVE:
            continue
        at = configuration.where("callers", caller, "scopes", place)
        try:
            scope = parse_scope(text)
        except ValueError as error:
            faults.append(f"{at}: '{text}' of {caller} is no scope: {error}")
            continue
        if scope.api not in apis:
            near = did_you_mean(scope.api, apis, 1)
            faults.append(f"{at}: the scope '{text}' of {caller} names no API. {near}".rstrip())
        yield scope
