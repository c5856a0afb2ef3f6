"""The owner's rules, compiled once: who is who, who may call what, and how an operation is called.

Every rule remembers the line of the file it stands on, so that a refusal can name it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dragoman.access.scopes import Scope, parse_scope, permits
from dragoman.config.load import Configuration
from dragoman.config.settings import ApiSettings, CallerSettings, OperationSettings
from dragoman.errors import ConfigurationError, NotFoundError, PolicyError
from dragoman.nearest import did_you_mean
from dragoman.operation import OWNER, Effect, JsonValue, Operation

__all__ = ["APPROVE", "Caller", "Policy", "Rules"]

APPROVE = "approve"
"""The scope that lets a caller answer approvals; the others are for operations."""

DEFAULT_TIMEOUT = 30.0
"""Seconds an API has for one answer where the owner says nothing."""

DEFAULT_MAX_BYTES = 16 * 1024 * 1024
"""The largest answer that is read where the owner says nothing."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose key or token it is. The owner has no scopes because nothing is kept from it."""

    name: str
    scopes: tuple[Scope, ...] = ()
    toolset: str | None = None
    acts_for: str | tuple[str, ...] = "none"
    rate: str | None = None
    rule: str = ""

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
class Rules:
    """What the owner says of one operation; `rule_of` gives the line of each setting."""

    require_approval: str = "writes"
    fill: Mapping[str, JsonValue] = field(default_factory=dict)
    select: str | None = None
    rates: tuple[tuple[str, str], ...] = ()
    timeout: float = DEFAULT_TIMEOUT
    max_bytes: int = DEFAULT_MAX_BYTES
    repeatable: bool = False
    rule_of: Mapping[str, str] = field(default_factory=dict)

    def needs_approval(self, effect: Effect) -> bool:
        """Whether a person has to say yes to an operation of this effect."""
        if self.require_approval == "always":
            return True
        return self.require_approval == "writes" and effect is not Effect.READ


@dataclass(frozen=True, slots=True)
class Policy:
    """All rules of one configuration."""

    configuration: Configuration
    callers: Mapping[str, Caller]
    read_only: bool
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
            return Caller(OWNER, acts_for="any")
        if name not in self.callers:
            known = ", ".join(self.callers) or "none"
            raise NotFoundError(
                f"There is no caller '{name}' in the configuration.", hint=f"It has: {known}."
            )
        return self.callers[name]

    def may(self, caller: Caller, operation: Operation) -> bool:
        """Whether the caller may see and use the operation; the same answer as `authorize`."""
        if self.read_only and operation.effect is not Effect.READ:
            return False
        return caller.may(operation)

    def authorize(self, caller: Caller, operation: Operation) -> None:
        """Let the caller use the operation, or raise `PolicyError` with the line that decided."""
        if self.read_only and operation.effect is not Effect.READ:
            raise PolicyError(
                f"{operation.id} is a {operation.effect.value} operation, and this is read-only.",
                hint="Take away read_only, --read-only or DRAGOMAN_READ_ONLY to allow writes.",
                rule=self._read_only_rule,
            )
        if not caller.may(operation):
            raise PolicyError(
                f"{caller.name} has no scope for {operation.id}.",
                hint=f"One that would do: {operation.id} or {operation.api}:{operation.effect}.",
                rule=self.configuration.where("callers", caller.name, "scopes"),
            )

    @property
    def _read_only_rule(self) -> str:
        """The line of the file, unless a flag or a variable has decided."""
        is_written = self.configuration.settings.read_only
        return self.configuration.where("read_only") if is_written else ""

    def rules(self, operation: Operation) -> Rules:
        """Return what the owner says of the operation, the API's word and then its own."""
        known = self._rules.get(operation.id)
        if known is None:
            known = self._rules[operation.id] = self._compile_rules(operation)
        return known

    def _compile_rules(self, operation: Operation) -> Rules:
        api = self.configuration.settings.apis[operation.api]
        own = api.operations.get(operation.name, OperationSettings())
        where = self.configuration.where
        at = ("apis", operation.api)
        below = (*at, "operations", operation.name)
        return Rules(
            require_approval=own.require_approval or api.require_approval,
            fill={**api.fill, **own.fill},
            select=own.select,
            rates=_rates(operation, api, own),
            timeout=own.limits.timeout or api.limits.timeout or DEFAULT_TIMEOUT,
            max_bytes=own.limits.max_bytes or api.limits.max_bytes or DEFAULT_MAX_BYTES,
            repeatable=own.repeatable,
            rule_of={
                "require_approval": where(
                    *(below if own.require_approval else at), "require_approval"
                ),
                "limits": where(*(below if own.limits.rate else at), "limits"),
                "fill": where(*(below if own.fill else at), "fill"),
                "select": where(*below, "select"),
            },
        )


def _rates(
    operation: Operation, api: ApiSettings, own: OperationSettings
) -> tuple[tuple[str, str], ...]:
    """Return the rates that count, each with the name of what it is counted for."""
    rates = ((operation.api, api.limits.rate), (operation.id, own.limits.rate))
    return tuple((subject, rate) for subject, rate in rates if rate is not None)


def _caller(
    name: str, settings: CallerSettings, configuration: Configuration, faults: list[str]
) -> Caller:
    acts_for = settings.acts_for
    return Caller(
        name=name,
        scopes=tuple(_scopes(name, settings.scopes, configuration, faults)),
        toolset=settings.toolset,
        acts_for=acts_for if isinstance(acts_for, str) else tuple(acts_for),
        rate=settings.rate,
        rule=configuration.where("callers", name),
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
