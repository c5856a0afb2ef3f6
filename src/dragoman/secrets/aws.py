"""AWS Secrets Manager: `${aws:NAME}` and `${aws:NAME#key}`, through boto3.

Who we are there is found by the usual chain (boto3's guide, "Credentials"): variables, the shared
files, the role of a container or machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Protocol, cast

from dragoman.network.unlogged import unlogged
from dragoman.secrets.extra import imported
from dragoman.secrets.remote import Held, StoreFaultError

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["SECRET_VARIABLES", "AwsSecretsManager"]

SECRET_VARIABLES = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")

_CONNECT_SECONDS, _READ_SECONDS = 5, 10


class _Client(Protocol):
    def get_secret_value(self, **names: str) -> Mapping[str, object]: ...


class AwsSecretsManager:
    """Fetches the current version of a secret (API reference, `GetSecretValue`)."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._opening = Lock()

    def __call__(self, name: str) -> Held | None:
        """Return the secret of that name or ARN; raises `StoreFaultError`."""
        botocore = imported("botocore.exceptions", extra="aws")
        try:
            client = self._opened()
            with unlogged("botocore"):
                answer = client.get_secret_value(SecretId=name)
        except botocore.ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", "it was refused"))
            if code == "ResourceNotFoundException":
                return None
            raise StoreFaultError(f"AWS says {code}") from None
        except botocore.BotoCoreError as error:
            # Its text may hold an address with a password in it; its kind says enough.
            raise StoreFaultError(type(error).__name__) from None
        text = answer.get("SecretString")
        if isinstance(text, str):
            return Held(text)
        try:
            return Held(cast("bytes", answer["SecretBinary"]).decode("utf-8"))
        except (KeyError, UnicodeDecodeError):
            raise StoreFaultError("it is not text in UTF-8") from None

    def _opened(self) -> _Client:
        """Return the client; making one is not for two threads at once, using it is."""
        with self._opening:
            return self._client

    @cached_property
    def _client(self) -> _Client:
        boto3: ModuleType = imported("boto3", extra="aws")
        config: ModuleType = imported("botocore.config", extra="aws")
        variable = self._environment.get
        session = boto3.session.Session(
            aws_access_key_id=variable("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=variable("AWS_SECRET_ACCESS_KEY"),
            aws_session_token=variable("AWS_SESSION_TOKEN"),
            region_name=variable("AWS_REGION") or variable("AWS_DEFAULT_REGION"),
            profile_name=variable("AWS_PROFILE"),
        )
        return cast(
            "_Client",
            session.client(
                "secretsmanager",
                endpoint_url=variable("AWS_ENDPOINT_URL_SECRETS_MANAGER")
                or variable("AWS_ENDPOINT_URL"),
                config=config.Config(
                    connect_timeout=_CONNECT_SECONDS,
                    read_timeout=_READ_SECONDS,
                    retries={"mode": "standard", "max_attempts": 2},
                ),
            ),
        )
