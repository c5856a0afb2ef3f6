"""HashiCorp Vault and OpenBao: `${vault:PATH#key}`, through hvac.

The path is that of `vault kv get`: the mount and the name, without `data/`. `VAULT_ADDR`,
`VAULT_NAMESPACE`, `VAULT_CACERT` and `VAULT_TOKEN` are Vault's own variables; with `VAULT_ROLE_ID`
and `VAULT_SECRET_ID` we log in by AppRole instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Any, cast

from dragoman.clock import Clock
from dragoman.secrets.extra import imported
from dragoman.secrets.remote import Held, StoreFaultError, as_text

__all__ = ["SECRET_VARIABLES", "Vault"]

SECRET_VARIABLES = ("VAULT_TOKEN", "VAULT_SECRET_ID")

_SECONDS = 10
_DAY = 86_400.0
_USED = 2 / 3
"""Of the time of a lease, after which it is renewed."""

Answer = Mapping[str, Any]
"""JSON of Vault: its envelope has an engine's own members in it."""


@dataclass(frozen=True, slots=True)
class _Lease:
    """A dynamic secret that is lent to us (Vault, "Lease, renew, and revoke")."""

    id: str
    seconds: float
    data: Mapping[str, str] = field(repr=False)


class Vault:
    """Reads KV version 1 and 2 and secrets on a lease; keeps its own token alive.

    `hold` learns of a token that we were given, so that it is redacted like any secret. Threads
    may call it: one request goes out at a time.
    """

    def __init__(
        self, environment: Mapping[str, str], hold: Callable[[str, str], None], clock: Clock
    ) -> None:
        self._environment = environment
        self._clock = clock
        self._hold = hold
        self._versions: dict[str, str] = {}
        self._leases: dict[str, _Lease] = {}
        self._renew_at: float | None = None
        self._one_at_a_time = Lock()

    def __call__(self, name: str) -> Held | None:
        """Return the members of a secret; raises `StoreFaultError`."""
        faults = imported("hvac.exceptions", extra="vault")
        requests = imported("requests.exceptions", extra="vault")
        with self._one_at_a_time:
            try:
                self._sign_in()
                return self._renewed(name) or self._read_again(name)
            except faults.InvalidPath:
                return None
            except faults.VaultError as error:
                raise StoreFaultError(f"Vault says {type(error).__name__}") from None
            except requests.RequestException as error:
                raise StoreFaultError(f"Vault does not answer ({type(error).__name__})") from None

    def _read_again(self, name: str) -> Held | None:
        """Read a secret; where our token was revoked, AppRole gives another one."""
        try:
            return self._read(name)
        except imported("hvac.exceptions", extra="vault").Forbidden:
            if not self._environment.get("VAULT_ROLE_ID"):
                raise
            self._log_in()
            return self._read(name)

    def _read(self, name: str) -> Held | None:
        mount, version = self._mount(name)
        path = f"{mount}data/{name.removeprefix(mount)}" if version == "2" else name
        answer = self._get(path)
        data = answer.get("data") or {}
        if version == "2":
            data = data.get("data") or {}
        members = {str(key): as_text(value) for key, value in data.items()}
        if not members:
            return None
        seconds = float(answer.get("lease_duration") or 0)
        if not answer.get("lease_id") or not seconds:
            return Held(members)
        if answer.get("renewable"):
            self._leases[name] = _Lease(str(answer["lease_id"]), seconds, members)
        return Held(members, seconds * _USED)

    def _renewed(self, name: str) -> Held | None:
        """Return what is lent to us for longer, or None where it has to be read anew."""
        lease = self._leases.pop(name, None)
        if lease is None:
            return None
        try:
            answer = self._client.sys.renew_lease(lease.id)
        except imported("hvac.exceptions", extra="vault").VaultError:
            return None  # It has ended, or was revoked: another one is read.
        seconds = float(answer.get("lease_duration") or 0)
        if seconds < lease.seconds / 2:  # Near the longest time that Vault lends it for.
            return None
        self._leases[name] = lease
        return Held(lease.data, seconds * _USED)

    def _mount(self, name: str) -> tuple[str, str]:
        """Return the mount of a path and its version of KV, as the command line asks for them."""
        for mount, version in self._versions.items():
            if name.startswith(mount):
                return mount, version
        answer = self._get(f"sys/internal/ui/mounts/{name}")
        data = answer.get("data") or {}
        mount = str(data.get("path", ""))
        version = str((data.get("options") or {}).get("version", "")) if data else ""
        if mount:
            self._versions[mount] = version
        return mount, version

    def _sign_in(self) -> None:
        """Have a token that lives: renewed in time, or fetched anew by AppRole."""
        if self._renew_at is None:
            self._log_in()
        elif self._clock.monotonic() >= self._renew_at:
            try:
                self._note(self._client.auth.token.renew_self().get("auth") or {})
            except imported("hvac.exceptions", extra="vault").VaultError:
                self._log_in()

    def _log_in(self) -> None:
        client, variable = self._client, self._environment.get
        if role := variable("VAULT_ROLE_ID"):
            client.token = None
            answer = client.auth.approle.login(
                role,
                secret_id=variable("VAULT_SECRET_ID"),
                mount_point=variable("VAULT_APPROLE_PATH") or "approle",
            )
            self._hold(str(client.token), "the token of Vault")
            self._note(answer.get("auth") or {})
        elif token := variable("VAULT_TOKEN"):
            client.token = token
            data = client.auth.token.lookup_self().get("data") or {}
            self._note({"lease_duration": data.get("ttl"), "renewable": data.get("renewable")})
        else:
            raise StoreFaultError("neither VAULT_TOKEN nor VAULT_ROLE_ID is set")

    def _note(self, auth: Answer) -> None:
        """Remember when to renew; a token without an end is looked at again after a day."""
        seconds = float(auth.get("lease_duration") or 0) * _USED
        is_renewable = bool(auth.get("renewable")) or bool(self._environment.get("VAULT_ROLE_ID"))
        self._renew_at = self._clock.monotonic() + (seconds if seconds and is_renewable else _DAY)

    def _get(self, path: str) -> Answer:
        return cast("Answer", self._client.adapter.get(url=f"/v1/{path}"))

    @cached_property
    def _client(self) -> Any:
        variable = self._environment.get
        address = variable("VAULT_ADDR") or variable("BAO_ADDR")
        if not address:
            raise StoreFaultError("VAULT_ADDR is not set")
        return imported("hvac", extra="vault").Client(
            url=address,
            namespace=variable("VAULT_NAMESPACE"),
            verify=variable("VAULT_CACERT") or True,
            timeout=_SECONDS,
            # Its token is a header that would travel on to wherever a redirect points.
            allow_redirects=False,
        )
