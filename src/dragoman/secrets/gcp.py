"""GCP Secret Manager: `${gcp:projects/P/secrets/S}`, with `/versions/N` for one that is pinned.

Who we are there is found by Application Default Credentials, as Google's clients do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from threading import Lock
from typing import Protocol, cast

from dragoman.network.unlogged import unlogged
from dragoman.secrets.extra import imported
from dragoman.secrets.remote import Held, StoreFaultError

__all__ = ["GcpSecretManager"]

_SECONDS = 10.0


class _Payload(Protocol):
    data: bytes


class _Answer(Protocol):
    payload: _Payload


class _Client(Protocol):
    def access_secret_version(self, *, name: str, timeout: float) -> _Answer: ...


class GcpSecretManager:
    """Fetches a version of a secret (`projects.secrets.versions.access`).

    `connect` makes the client; the default one asks Google.
    """

    def __init__(
        self, environment: Mapping[str, str], connect: Callable[[], _Client] | None = None
    ) -> None:
        self._environment = environment
        self._opening = Lock()
        self._connect = connect or self._default

    def __call__(self, name: str) -> Held | None:
        """Return the secret of that resource name; raises `StoreFaultError`."""
        faults = imported("google.api_core.exceptions", extra="gcp")
        auth = imported("google.auth.exceptions", extra="gcp")
        version = name if "/versions/" in name else f"{name}/versions/latest"
        try:
            client = self._opened()
            with unlogged("google"):
                answer = client.access_secret_version(name=version, timeout=_SECONDS)
        except faults.NotFound:
            return None
        except (faults.GoogleAPIError, auth.GoogleAuthError) as error:
            raise StoreFaultError(f"Google says {type(error).__name__}") from None
        try:
            return Held(answer.payload.data.decode("utf-8"))
        except UnicodeDecodeError:
            raise StoreFaultError("it is not text in UTF-8") from None

    def _opened(self) -> _Client:
        """Return the client; making one is not for two threads at once, using it is."""
        with self._opening:
            return self._client

    @cached_property
    def _client(self) -> _Client:
        return self._connect()

    def _default(self) -> _Client:
        manager = imported("google.cloud.secretmanager", extra="gcp")
        file = self._environment.get("GOOGLE_APPLICATION_CREDENTIALS")
        if not file:
            return cast("_Client", manager.SecretManagerServiceClient())
        auth = imported("google.auth", extra="gcp")
        scopes = ["https://www.googleapis.com/auth/cloud-platform"]
        credentials, _ = auth.load_credentials_from_file(file, scopes=scopes)
        return cast("_Client", manager.SecretManagerServiceClient(credentials=credentials))
