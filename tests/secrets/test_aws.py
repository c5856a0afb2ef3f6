"""AWS Secrets Manager through boto3, against an emulator of others on loopback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ministack import KEYS, endpoint, owner_at
from moved_seconds import MovedSeconds

from dragoman.errors import CredentialError
from dragoman.secrets.live import LiveValues
from dragoman.secrets.reference import parse_template
from dragoman.secrets.secrets import Secrets

pytest.importorskip("boto3", reason="dragoman[aws] is not installed")

__all__ = ["endpoint"]


@pytest.fixture
def aws(endpoint: str) -> Any:
    return owner_at(endpoint)


def secrets_at(endpoint: str, clock: MovedSeconds | None = None, **variables: str) -> Secrets:
    environment = {**KEYS, "AWS_ENDPOINT_URL_SECRETS_MANAGER": endpoint, **variables}
    return Secrets(environment, LiveValues(), Path(), clock)


async def resolve(secrets: Secrets, text: str) -> str:
    return await secrets.resolve(parse_template(text), where="dragoman.yaml:9")


async def test_a_secret_is_read_whole_by_key_by_arn_and_as_bytes(endpoint: str, aws: Any) -> None:
    created = aws.create_secret(Name="prod/shop", SecretString='{"token": "shop-token-1"}')
    aws.create_secret(Name="prod/plain", SecretString="plain-token-1")
    aws.create_secret(Name="prod/bytes", SecretBinary=b"bytes-token-1")
    secrets = secrets_at(endpoint)
    assert await resolve(secrets, "${aws:prod/shop#token}") == "shop-token-1"
    assert await resolve(secrets, f"${{aws:{created['ARN']}#token}}") == "shop-token-1"
    assert await resolve(secrets, "Token ${aws:prod/plain}") == "Token plain-token-1"
    assert await resolve(secrets, "${aws:prod/bytes}") == "bytes-token-1"
    assert secrets.live.redact("plain-token-1 canary-of-aws-01") == (
        "[prod/plain] [AWS_SECRET_ACCESS_KEY]"
    )


async def test_a_rotation_is_seen_without_a_restart_and_the_old_value_stays_redacted(
    endpoint: str, aws: Any
) -> None:
    aws.create_secret(Name="rotated", SecretString="rotated-token-1")
    clock = MovedSeconds()
    secrets = secrets_at(endpoint, clock)
    assert await resolve(secrets, "${aws:rotated}") == "rotated-token-1"
    aws.put_secret_value(SecretId="rotated", SecretString="rotated-token-2")
    clock.passed += 61
    assert await resolve(secrets, "${aws:rotated}") == "rotated-token-2"
    assert "token-1" not in secrets.live.redact("rotated-token-1")


async def test_a_name_that_is_not_there_is_told(endpoint: str) -> None:
    with pytest.raises(CredentialError, match=r"nothing#x is not set \(dragoman.yaml:9\)\. See"):
        await resolve(secrets_at(endpoint), "${aws:nothing#x}")
    assert await resolve(secrets_at(endpoint), "${aws:nothing:-stand-in}") == "stand-in"


async def test_aws_that_is_not_there_is_told_by_its_kind(
    endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    away = secrets_at("http://127.0.0.1:9")
    with pytest.raises(CredentialError, match="EndpointConnectionError"):
        await resolve(away, "${aws:shop}")
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    nowhere = Secrets({}, LiveValues(), Path())
    with pytest.raises(CredentialError, match="aws:shop cannot be read: NoRegionError"):
        await resolve(nowhere, "${aws:shop}")
