"""From references to values: resolved at first use, known to redaction from then on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from dragoman.clock import Clock, SystemClock
from dragoman.errors import CredentialError
from dragoman.secrets.live import LiveValues
from dragoman.secrets.local import EnvironmentStore, FileStore
from dragoman.secrets.reference import Reference, Template
from dragoman.secrets.remote import Held, RemoteStore

__all__ = ["STORES", "Secrets", "Store"]

STORES = ("env", "file", "vault", "aws", "gcp")
"""The prefixes that this version knows."""

_ABSENT = {
    "env": "Set it in the shell or in .env.",
    "file": "Create the file, or correct its path.",
    "vault": "Write the path as for `vault kv get`, without data/.",
    "aws": "See that the name and the region (AWS_REGION) are right.",
    "gcp": "Write projects/PROJECT/secrets/NAME.",
}
"""By store, what to do about a name that it does not have."""


class Store(Protocol):
    """Where secrets are kept: a prefix in references."""

    async def read(self, name: str) -> str | None:
        """Return the value of that name, or None where there is none."""
        ...


class Secrets:
    """Resolves references. Values are returned and registered with `live`, and kept nowhere."""

    def __init__(
        self,
        environment: Mapping[str, str],
        live: LiveValues,
        base: Path,
        clock: Clock | None = None,
    ) -> None:
        self._environment = environment
        self._live = live
        self._clock = clock or SystemClock()
        self._stores: dict[str, Store] = {
            "env": EnvironmentStore(environment),
            "file": FileStore(base),
        }

    def __repr__(self) -> str:
        return f"Secrets({', '.join(self._stores)})"

    @property
    def live(self) -> LiveValues:
        """The values that were resolved so far."""
        return self._live

    async def resolve(self, template: Template, *, where: str = "") -> str:
        """Return the text of a template; `where` is the `file:line` that an error names.

        Raises `CredentialError` naming the reference, never the value.
        """
        parts = [
            part if isinstance(part, str) else await self._value(part, where)
            for part in template.parts
        ]
        return "".join(parts)

    def forget(self, template: Template) -> None:
        """Ask the stores on the network anew at the next use."""
        for reference in template.references:
            store = self._stores.get(reference.store)
            if isinstance(store, RemoteStore):
                store.forget(reference.name)

    def missing(self, template: Template) -> tuple[Reference, ...]:
        """Return the references to variables that are not set; other stores are not asked."""
        return tuple(
            reference
            for reference in template.references
            if reference.store == "env"
            and reference.default is None
            and not self._environment.get(reference.name)
        )

    async def _value(self, reference: Reference, where: str) -> str:
        store = self._store(reference, where)
        try:
            value = await store.read(reference.name)
        except CredentialError as error:
            if where and where not in error.detail:
                raise CredentialError(
                    f"{error.detail.removesuffix('.')} ({where}).", hint=error.hint
                ) from None
            raise
        if value is None or value == "":
            value = reference.default
        if value is None:
            raise CredentialError(
                f"{reference.name} is not set{_at(where)}.", hint=_ABSENT[reference.store]
            )
        self._live.add(value, reference.name)
        return value

    def _store(self, reference: Reference, where: str) -> Store:
        """Return the store of a reference; one on the network is opened when first named."""
        store = self._stores.get(reference.store)
        if store is None:
            if reference.store not in STORES:
                raise CredentialError(
                    f"{reference} names the secret store '{reference.store}'{_at(where)}.",
                    hint=f"This version knows: {', '.join(STORES)}.",
                )
            store = self._stores[reference.store] = self._open(reference.store)
        return store

    def _open(self, prefix: str) -> Store:
        """Open a store on the network; what it is entered with is a secret like any other."""
        fetch: Callable[[str], Held | None]
        entered_with: tuple[str, ...] = ()
        match prefix:
            case "vault":
                from dragoman.secrets import vault  # noqa: PLC0415 - only where it is named

                fetch = vault.Vault(self._environment, self._live.add, self._clock)
                entered_with = vault.SECRET_VARIABLES
            case "aws":
                from dragoman.secrets import aws  # noqa: PLC0415 - only where it is named

                fetch = aws.AwsSecretsManager(self._environment)
                entered_with = aws.SECRET_VARIABLES
            case _:
                from dragoman.secrets import gcp  # noqa: PLC0415 - only where it is named

                fetch = gcp.GcpSecretManager(self._environment)
        for name in entered_with:
            if value := self._environment.get(name):
                self._live.add(value, name)
        return RemoteStore(prefix, fetch, self._clock)


def _at(where: str) -> str:
    return f" ({where})" if where else ""
